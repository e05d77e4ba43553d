import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../../shared/base/disposable.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { SecretStore, Vault } from "../../../shared/identity/ports.ts";
import type { SpeedTest } from "../../../shared/ipc/app.ts";
import type {
  HostApi,
  HostSnapshot,
  Method,
  Params,
  Replies,
  RuntimeView,
  Standing,
} from "../../../shared/ipc/contract.ts";
import { isSignedForm } from "../../../shared/mesh/envelope.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import { RoomSessions } from "../../../shared/room/session.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { LeftReason } from "../../../shared/room/state.ts";
import { cleanUsername } from "../../../shared/room/username.ts";
import { SignalingClient, type SignalingState } from "../../../shared/signaling/client.ts";
import type { DialSignaling } from "../../../shared/signaling/ports.ts";
import { median } from "../../../shared/tunnel/speed-burst.ts";
import { Engine, type EngineOptions, type TunnelState } from "../../engine/engine.ts";
import type { CreateEngine, EnginePort } from "../../engine/engine-port.ts";
import { RoomMemory } from "../room-memory.ts";
import { type InvitationSecrets, TrustDesk, type TrustDeskEvents } from "../trust-desk.ts";
import { type Handlers, type RoomMethod, RoomRequests } from "./room-requests.ts";
import { memberView, roomView, trafficView, tunnelView } from "./views.ts";

/** How many probes one `ping` may have on the way, and how long each may take. */
const PING_WITHIN_MS = 3_000;
const PING_EVERY_MS = 200;
/** Before a speed test: the median of a few, so that a hiccup is not taken for the path. */
const IDLE_ROUND_TRIPS = 5;

export interface HostEvents {
  /** The connection to the signaling server. */
  server: SignalingState;
  tunnel: TunnelState;
  /** A room was entered, lost its server, came back, or was renamed. */
  room: RoomSnapshot;
  closed: { readonly roomId: RoomId; readonly reason: LeftReason; readonly message: string };
  /** What is known of a member's machine. "connected" only where packets pass: `standing` says why they do not. */
  peer: PeerView & { readonly standing: Standing };
  /** What the owner of a room decided, who is at its door, and what else there is to know of trust. */
  trust: TrustDeskEvents["news"];
  key_changed: TrustDeskEvents["key_changed"];
  /** Something of trust that can be seen has changed. */
  trust_changed: Record<string, never>;
  /** "room_left": nothing became of the member; this machine is in no room with it any more. */
  gone: { readonly publicKey: PublicKey; readonly username: string; readonly reason: "left" | "lost" | "room_left" };
  refused: { readonly publicKey: PublicKey; readonly failure: Failure };
  address: { readonly ipv4: string; readonly ipv6: string };
  /** Somebody asked the host to end. */
  down: Record<string, never>;
}

export interface HostOptions
  extends Pick<
    EngineOptions,
    "verify" | "mtu" | "tun" | "openTun" | "createTransport" | "localTunnelAddresses" | "username"
  > {
  readonly version: string;
  readonly serverUrl: string;
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
 * One machine's GoVPN: its identity's signer, the signaling connection, the rooms and the engine, wired together.
 * The headless host and the desktop app are both this, with other surfaces around it.
 */
export class Host implements HostApi, Disposable {
  readonly events: Emitter<HostEvents>;
  readonly engine: EnginePort;
  readonly #options: HostOptions;
  readonly #logger: Logger;
  readonly #signaling: SignalingClient;
  readonly #rooms: RoomSessions;
  readonly #memory: RoomMemory;
  readonly #trust: TrustDesk;
  readonly #requests: RoomRequests;
  readonly #handlers: Handlers<Method>;
  readonly #subscriptions = new DisposableStore();
  /** Names from the links that are there, for their end: when this machine leaves a room, the room's list goes first. */
  readonly #introduced = new Map<PublicKey, string>();
  #username: string;
  #isLoaded = false;
  #stopping: Promise<void> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#logger = options.logger.child("host");
    this.#username = options.username;
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    const { signer, clock, random, logger, serverUrl, dial } = options;
    this.#signaling = new SignalingClient({ url: serverUrl, dial, signer, clock, random, logger });
    this.#rooms = new RoomSessions({ client: this.#signaling, self: signer.publicKey, clock, random, logger });
    this.#memory = new RoomMemory(options.vault, serverUrl, logger);
    const createEngine = options.createEngine ?? ((needs) => new Engine({ ...options, ...needs }));
    this.engine = createEngine({
      ...options,
      sendSignal: (room, to, kind, content) => this.#rooms.sendSignal(room, to, kind, content),
    });
    this.#trust = new TrustDesk({ ...options, engine: this.engine, nameOf: (member) => this.nameOf(member) });
    this.#requests = new RoomRequests({
      rooms: this.#rooms,
      trust: this.#trust,
      logger: this.#logger,
      peers: () => this.engine.peers,
      snapshots: () => this.#rooms.snapshots.map((room) => this.#named(room)),
      view: (room) => this.#roomView(room),
      username: () => this.#username,
    });
    this.#handlers = { ...this.#requests.handlers, ...this.#ownHandlers() };
    this.#wireRooms();
    this.#wireEngine();
    this.#wireTrust();
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

  /** Opens the device, takes up the rooms of the last run, and connects. */
  async start(): Promise<Result<void>> {
    const started = await this.engine.start();
    if (!started.ok) return started;
    const loaded = await this.load();
    if (!loaded.ok) return loaded;
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
    return this.#introduced.get(publicKey) ?? this.#listedName(publicKey);
  }

  snapshot(): HostSnapshot {
    const { version, signer, secrets } = this.#options;
    const { ipv4, ipv6 } = this.engine.address;
    const peers = new Map(this.engine.peers.map((peer) => [peer.publicKey, peer]));
    return {
      version,
      publicKey: signer.publicKey,
      username: this.#username,
      ipv4,
      ipv6,
      server: this.#serverView(),
      tunnel: tunnelView(this.engine.tunnel),
      secrets: secrets.kind,
      rooms: this.#rooms.snapshots.map((room) => this.#roomView(room, peers)),
      traffic: trafficView(this.engine.totals()),
      runtime: this.#options.runtime(),
    };
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<Replies[M]>> {
    // The table's type follows from the method's name, which the compiler cannot see through the index.
    const handler = this.#handlers[method] as (params: Params<M>) => Promise<Result<Replies[M]>>;
    return handler(params);
  }

  #ownHandlers(): Handlers<Exclude<Method, RoomMethod>> {
    return {
      status: async () => ok(this.snapshot()),
      ping: (params) => this.#ping(params),
      setUsername: async ({ username }) => {
        this.#username = username;
        this.#rooms.setUsername(username);
        this.engine.setUsername(username);
        return ok({ username });
      },
      down: async () => {
        // After the reply is out.
        this.#options.clock.after(0, () => this.events.emit("down", {}));
        return ok({ stopping: true } as const);
      },
    };
  }

  /**
   * Measures the way to a member, by key, address or name, so many seconds each way. Fails as the engine does, and with
   * "unknown_member" or "which_member".
   */
  async speedTest(member: string, seconds: number): Promise<Result<SpeedTest>> {
    const found = this.#requests.findMember(member);
    if (!found.ok) return found;
    const { publicKey } = found.value;
    const idle: number[] = [];
    for (let i = 0; i < IDLE_ROUND_TRIPS; i++) {
      const rtt = await this.engine.roundTrip(publicKey, PING_WITHIN_MS);
      if (rtt !== undefined) idle.push(rtt);
    }
    const idleRttMs = median(idle);
    if (idleRttMs === undefined) return fail("no_answer", "the member does not answer");
    const measured = await this.engine.speedTest(publicKey, seconds * 1_000);
    if (!measured.ok) return measured;
    const { upMbps, downMbps, loadedRttMs = idleRttMs } = measured.value;
    return ok({ upMbps, downMbps, idleRttMs: toMicroseconds(idleRttMs), loadedRttMs: toMicroseconds(loadedRttMs) });
  }

  async #ping({ member, count }: Params<"ping">): Promise<Result<Replies["ping"]>> {
    const found = this.#requests.findMember(member);
    if (!found.ok) return found;
    const rttMs: number[] = [];
    for (let i = 0; i < count; i++) {
      if (i > 0) await new Promise<void>((resolve) => this.#options.clock.after(PING_EVERY_MS, resolve));
      const rtt = await this.engine.roundTrip(found.value.publicKey, PING_WITHIN_MS);
      if (rtt !== undefined) rttMs.push(rtt);
    }
    return ok({ ...found.value, sent: count, rttMs });
  }

  #serverView(): HostSnapshot["server"] {
    const { kind, since, retryAt, reason } = this.#signaling.state;
    const publicUrl = this.#options.publicServerUrl?.();
    return {
      url: this.#signaling.url,
      ...(publicUrl !== undefined && { publicUrl }),
      state: kind,
      since,
      ...(retryAt !== undefined && { retryAt }),
      ...(reason !== undefined && { reason }),
    };
  }

  #roomView(
    room: RoomSnapshot,
    peers = new Map(this.engine.peers.map((peer) => [peer.publicKey, peer])),
  ): HostSnapshot["rooms"][number] {
    const saved = this.#rooms.saved.find(({ roomId }) => roomId === room.roomId);
    const { roomId } = room;
    const members = room.members.map((member) => {
      const counters = this.engine.counters(member.publicKey);
      const trust = this.#trust.memberView(roomId, member.publicKey, counters?.dropped.refused ?? 0);
      return memberView(member, peers.get(member.publicKey), counters, this.engine.address, trust);
    });
    return roomView(this.#named(room), saved, members, this.#trust.roomView(roomId));
  }

  #wireRooms(): void {
    const { events } = this.#rooms;
    this.#on(this.#signaling.events.on("state", (state) => this.#onServer(state)));
    this.#on(events.on("opened", (room) => this.events.emit("room", this.#named(room))));
    this.#on(
      events.on("delta", ({ roomId, delta }) => {
        const room = this.#rooms.snapshot(roomId);
        if (room && (delta.type === "status" || delta.type === "renamed")) this.events.emit("room", this.#named(room));
      }),
    );
    this.#on(
      events.on("closed", (closed) => {
        this.engine.leaveRoom(closed.roomId);
        this.#trust.forget(closed.roomId);
        this.events.emit("closed", closed);
      }),
    );
    this.#on(events.on("saved", (saved) => void this.#memory.store(saved)));
    this.#on(
      events.on("peerSeen", ({ roomId, publicKey, arrivedAfterUs }) => {
        if (!this.#isBanned(roomId, publicKey)) this.engine.peerSeen(roomId, publicKey, arrivedAfterUs);
      }),
    );
    this.#on(events.on("peerAbsent", ({ publicKey }) => this.engine.peerAbsent(publicKey)));
    this.#on(events.on("peerGone", ({ roomId, publicKey }) => this.engine.peerLeft(roomId, publicKey)));
    this.#on(
      events.on("signal", ({ roomId, from, kind, content }) => {
        if (this.#isBanned(roomId, from)) return;
        // Who belongs in a sealed room signs. Anything else is the server's own making, or a client that cannot come in.
        if (this.#trust.room(roomId)?.seal === "sealed" && !isSignedForm(content)) {
          const failure = { code: "unsigned_signal", message: `the ${kind} is not signed` };
          return this.events.emit("refused", { publicKey: from, failure });
        }
        this.engine.deliver(roomId, from, kind, content);
      }),
    );
  }

  #wireEngine(): void {
    const { events } = this.engine;
    this.#on(
      events.on("peer", (peer) => {
        if (peer.username !== undefined) {
          for (const room of peer.rooms) this.#rooms.hello(room, peer.publicKey, peer.username);
          // As it typed it: control characters and all.
          this.#introduced.set(peer.publicKey, cleanUsername(peer.username, peer.publicKey));
        }
        this.#trust.met(peer.publicKey, peer.rooms);
        this.#tellPeer(peer);
      }),
    );
    this.#on(
      events.on("gone", ({ publicKey, rooms, reason }) => {
        const username = this.nameOf(publicKey);
        this.#introduced.delete(publicKey);
        this.#trust.gone(publicKey);
        const isOurs = rooms.every((room) => this.#rooms.snapshot(room) === undefined);
        for (const room of rooms) this.#rooms.memberGone(room, publicKey);
        this.events.emit("gone", { publicKey, username, reason: isOurs ? "room_left" : reason });
      }),
    );
    this.#on(events.on("linked", ({ publicKey, fingerprints }) => this.#trust.linked(publicKey, fingerprints)));
    this.#on(events.on("unlinked", ({ publicKey }) => this.#trust.unlinked(publicKey)));
    this.#on(events.on("said", (said) => this.#trust.said(said.publicKey, said.fingerprints, said.body)));
    this.#on(events.on("refused", (refused) => this.events.emit("refused", refused)));
    this.#on(events.on("tunnel", (state) => this.events.emit("tunnel", state)));
    this.#on(events.on("address", (address) => this.events.emit("address", address)));
  }

  #wireTrust(): void {
    const { events } = this.#trust;
    this.#on(events.on("news", (news) => this.#onTrustNews(news)));
    this.#on(
      events.on("changed", () => {
        for (const { roomId } of this.#rooms.snapshots) this.#rooms.setSealed(roomId, this.#trust.sealOf(roomId));
        this.events.emit("trust_changed", {});
      }),
    );
    this.#on(events.on("key_changed", (changed) => this.events.emit("key_changed", changed)));
    this.#on(events.on("refused", (refused) => this.events.emit("refused", refused)));
    this.#on(
      events.on("admitted", ({ publicKey }) => {
        const peer = this.engine.peers.find((each) => each.publicKey === publicKey);
        if (peer) this.#tellPeer(peer);
      }),
    );
  }

  #onTrustNews(news: TrustDeskEvents["news"]): void {
    const { roomId } = news;
    const isSelf = "member" in news && news.member === this.#options.signer.publicKey;
    if (news.kind === "refused") return this.events.emit("refused", { publicKey: news.member, failure: news.failure });
    this.events.emit("trust", news);
    if (news.kind === "removed") {
      if (isSelf) this.#rooms.expelled(roomId, "the owner removed this member");
      else this.#drop(roomId, news.member);
    }
    if (
      news.kind === "forgiven" &&
      this.#rooms.snapshot(roomId)?.members.some((one) => one.publicKey === news.member)
    ) {
      this.engine.peerSeen(roomId, news.member, true);
    }
    if (news.kind === "owner") this.#ownerChanged(roomId, news.member, isSelf);
    if (news.kind === "renamed") {
      const room = this.#rooms.snapshot(roomId);
      if (room) this.events.emit("room", this.#named(room));
    }
  }

  /** Cuts the connection to somebody whom the owner removed, whatever the server says. */
  #drop(roomId: RoomId, member: PublicKey): void {
    if (this.#trust.room(roomId)?.isOwner)
      void this.#requests.tellServer("a removal", this.#rooms.kick(roomId, member));
    this.#rooms.memberGone(roomId, member);
    this.engine.peerLeft(roomId, member);
    this.#trust.left(roomId, member);
  }

  #ownerChanged(roomId: RoomId, owner: PublicKey, isSelf: boolean): void {
    const wasOurs = this.#rooms.saved.some((saved) => saved.roomId === roomId && saved.owner);
    if (isSelf) this.#rooms.setOwner(roomId, true);
    else if (wasOurs) void this.#requests.tellServer("the new owner", this.#rooms.handOver(roomId, owner));
  }

  #isBanned(roomId: RoomId, member: PublicKey): boolean {
    return this.#trust.standing(roomId, member) === "banned";
  }

  /** Under the name that its owner gave it, which a server cannot change. */
  #named(room: RoomSnapshot): RoomSnapshot {
    return { ...room, name: this.#trust.nameOfRoom(room.roomId) ?? room.name };
  }

  /** A member is connected when packets pass. */
  #tellPeer(peer: PeerView): void {
    const { publicKey, rooms, state } = peer;
    const isAdmitted = this.#trust.isAdmitted(publicKey);
    const standings = rooms.map((roomId) => this.#trust.standing(roomId, publicKey));
    const standing = isAdmitted ? "member" : (standings.find((each) => each !== "proving") ?? "proving");
    const username = this.#introduced.get(publicKey);
    this.events.emit("peer", { ...peer, username, standing, state: isAdmitted ? state : "connecting" });
  }

  #onServer(state: SignalingState): void {
    this.events.emit("server", state);
    if (state.kind === "online") this.engine.retryNow();
  }

  #listedName(publicKey: PublicKey): string {
    const members = this.#rooms.snapshots.flatMap((room) => room.members);
    return members.find((member) => member.publicKey === publicKey)?.username ?? "";
  }

  #on(subscription: Disposable): void {
    this.#subscriptions.add(subscription);
  }

  async #stop(): Promise<void> {
    this.#subscriptions.dispose();
    await this.engine.stop();
    this.#rooms.dispose();
    this.#signaling.stop();
    await this.#memory.settled();
    await this.#trust.settled();
    this.#trust.dispose();
  }
}

/** Milliseconds as far as the clock knows them. */
function toMicroseconds(ms: number): number {
  return Number(ms.toFixed(3));
}
