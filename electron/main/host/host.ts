import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { SecretStore, Vault } from "../../../shared/identity/ports.ts";
import type { SpeedTest } from "../../../shared/ipc/app.ts";
import type { HostSnapshot, Params, Replies, RuntimeView } from "../../../shared/ipc/contract.ts";
import { RoomSessions } from "../../../shared/room/session.ts";
import { SignalingClient } from "../../../shared/signaling/client.ts";
import type { DialSignaling } from "../../../shared/signaling/ports.ts";
import { Engine, type EngineOptions } from "../../engine/engine.ts";
import type { CreateEngine, EnginePort } from "../../engine/engine-port.ts";
import { TrustDesk } from "../trust/desk.ts";
import type { InvitationSecrets } from "../trust/invitation-secrets.ts";
import type { HostEvents } from "./events.ts";
import { measureSpeed, roundTrips } from "./measure.ts";
import { MemberNames } from "./names.ts";
import { HostPicture } from "./picture.ts";
import { RoomMemory } from "./room-memory.ts";
import { type Handlers, type RoomMethod, RoomRequests } from "./room-requests.ts";
import { HostWiring } from "./wiring.ts";

/** What is asked of a host by the name of a request. */
export type HostMethod = RoomMethod | "ping";

export interface HostOptions
  extends Pick<
    EngineOptions,
    "verify" | "mtu" | "tun" | "openTun" | "createTransport" | "localTunnelAddresses" | "username"
  > {
  readonly version: string;
  readonly serverUrl: string;
  /** By what the server's rooms are kept. Default: its URL. */
  readonly serverName?: string;
  /** What other machines dial, where they can reach the server. It changes with this machine's addresses. */
  readonly publicServerUrl?: () => string | undefined;
  readonly signer: Signer;
  readonly secrets: SecretStore;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly dial: DialSignaling;
  /** The process's memory and event loop. */
  readonly runtime: () => RuntimeView;
  /** Where the engine runs. Without it: in this process. */
  readonly createEngine?: CreateEngine;
}

/**
 * One machine's GoVPN: its identity's signer, the signaling connection, the rooms and the engine, put together. The
 * headless host and the desktop app are both this, with other surfaces around it.
 */
export class Host implements Disposable {
  readonly events: Emitter<HostEvents>;
  readonly engine: EnginePort;
  readonly #options: HostOptions;
  readonly #signaling: SignalingClient;
  readonly #rooms: RoomSessions;
  readonly #memory: RoomMemory;
  readonly #names: MemberNames;
  readonly #trust: TrustDesk;
  readonly #picture: HostPicture;
  readonly #requests: RoomRequests;
  readonly #handlers: Handlers<HostMethod>;
  readonly #wiring: HostWiring;
  #username: string;
  #isLoaded = false;
  #stopping: Promise<void> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#username = options.username;
    const logger = options.logger.child("host");
    this.events = new Emitter((error) => logger.error("a listener failed", { error: messageOf(error) }));
    const { signer, clock, random, serverUrl, serverName = serverUrl, dial } = options;
    const self = signer.publicKey;
    this.#signaling = new SignalingClient({ url: serverUrl, dial, signer, clock, random, logger: options.logger });
    this.#rooms = new RoomSessions({ client: this.#signaling, self, clock, random, logger: options.logger });
    this.#memory = new RoomMemory(options.vault, serverName, options.logger, serverUrl);
    this.#names = new MemberNames(this.#rooms);
    const createEngine = options.createEngine ?? ((needs) => new Engine({ ...options, ...needs }));
    this.engine = createEngine({
      ...options,
      sendSignal: (room, to, kind, content) => this.#rooms.sendSignal(room, to, kind, content),
    });
    this.#trust = new TrustDesk({ ...options, engine: this.engine, nameOf: (member) => this.#names.of(member) });
    const parts = { signaling: this.#signaling, rooms: this.#rooms, engine: this.engine, trust: this.#trust };
    const username = () => this.#username;
    const picture = new HostPicture({ ...options, ...parts, username });
    this.#picture = picture;
    this.#requests = new RoomRequests({
      rooms: this.#rooms,
      trust: this.#trust,
      logger,
      peers: () => this.engine.peers,
      snapshots: () => this.#rooms.snapshots.map((room) => picture.named(room)),
      view: (room) => picture.room(room),
      username,
    });
    this.#handlers = { ...this.#requests.handlers, ping: (params) => this.#ping(params) };
    this.#wiring = new HostWiring({
      ...parts,
      self,
      events: this.events,
      memory: this.#memory,
      names: this.#names,
      picture,
      requests: this.#requests,
    });
  }

  /** Takes up the rooms of the last run, to be seen and left; nothing is opened or dialled. */
  async load(): Promise<Result<void>> {
    if (this.#isLoaded) return ok(undefined);
    const saved = await this.#memory.load();
    if (!saved.ok) return saved;
    const trusted = await this.#trust.load(saved.value.filter(({ leaving }) => !leaving));
    if (!trusted.ok) return trusted;
    this.#isLoaded = true;
    this.#rooms.restore(saved.value);
    return ok(undefined);
  }

  /**
   * Takes up the rooms of the last run, opens the device, and connects. May be tried again where it failed: nothing runs
   * before the rooms could be read.
   */
  async start(): Promise<Result<void>> {
    const loaded = await this.load();
    if (!loaded.ok) return loaded;
    const started = await this.engine.start();
    if (!started.ok) return started;
    this.#signaling.start();
    return ok(undefined);
  }

  /** Ends everything but the memberships: the next start is back in the same rooms. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  dispose(): void {
    void this.stop();
  }

  /** The network changed or the machine woke up: ask everything for a sign of life, and wait for nothing. */
  wake(addresses?: ReadonlySet<string>): void {
    this.#signaling.retryNow();
    if (addresses) this.engine.pathChanged(addresses);
    else this.engine.retryNow();
  }

  get publicKey(): PublicKey {
    return this.#options.signer.publicKey;
  }

  /** What a room's invitation holds beside its id and PIN. A secret. */
  invitationTo(roomId: RoomId): InvitationSecrets {
    return this.#trust.room(roomId)?.invitation ?? {};
  }

  /** A member's name as shown; empty for somebody who is in no room of this machine. */
  nameOf(publicKey: PublicKey): string {
    return this.#names.of(publicKey);
  }

  snapshot(): HostSnapshot {
    return this.#picture.snapshot();
  }

  /** What this machine is called from now on. */
  setUsername(username: string): void {
    this.#username = username;
    this.#rooms.setUsername(username);
    this.engine.setUsername(username);
  }

  async call<M extends HostMethod>(method: M, params: Params<M>): Promise<Result<Replies[M]>> {
    // The table's type follows from the method's name, which the compiler cannot see through the index.
    const handler = this.#handlers[method] as (params: Params<M>) => Promise<Result<Replies[M]>>;
    return handler(params);
  }

  /**
   * Measures the way to a member, by key, address or name, so many seconds each way. Fails as `measureSpeed` does, and
   * with "unknown_member" or "which_member".
   */
  async speedTest(member: string, seconds: number): Promise<Result<SpeedTest>> {
    const found = this.#requests.findMember(member);
    return found.ok ? measureSpeed(this.engine, found.value.publicKey, seconds) : found;
  }

  async #ping({ member, count }: Params<"ping">): Promise<Result<Replies["ping"]>> {
    const found = this.#requests.findMember(member);
    if (!found.ok) return found;
    const rttMs = await roundTrips(this.engine, this.#options.clock, found.value.publicKey, count);
    return ok({ ...found.value, sent: count, rttMs });
  }

  async #stop(): Promise<void> {
    this.#wiring.dispose();
    await this.engine.stop();
    this.#rooms.dispose();
    this.#signaling.stop();
    await this.#memory.settled();
    await this.#trust.settled();
    this.#trust.dispose();
  }
}
