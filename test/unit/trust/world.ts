import { createHash, createHmac } from "node:crypto";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64, equalBytes } from "../../../shared/base/bytes.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import {
  keyPairFrom,
  type Signer,
  signerOf,
  type VerifySignature,
  verifySignature,
} from "../../../shared/identity/keys.ts";
import type { TrustMessage } from "../../../shared/trust/messages.ts";
import type { RoomNews } from "../../../shared/trust/room-trust.ts";
import type { SavedRoomTrust } from "../../../shared/trust/saved.ts";
import type { Standing } from "../../../shared/trust/standing.ts";
import { Trust } from "../../../shared/trust/trust.ts";
import { FakeClock } from "../../fakes/clock.ts";

export const den = "0123456789abcdef" as RoomId;

/** How machines sign. */
export interface Scheme {
  readonly signerNamed: (name: string) => Signer;
  readonly verify: VerifySignature;
}

export const ed25519: Scheme = {
  signerNamed: (name) =>
    signerOf(keyPairFrom(new Uint8Array(32).fill(name.charCodeAt(0)).fill(name.charCodeAt(1) || 7, 16))),
  verify: verifySignature,
};

/** For thousands of runs: a signature is an HMAC whose key none but the signer and `verify` have. */
export function quickScheme(): Scheme {
  const signed = (key: PublicKey, message: Uint8Array) =>
    new Uint8Array(createHmac("sha512", `secret of ${key}`).update(message).digest());
  return {
    signerNamed: (name) => {
      const publicKey = base64.encode(new Uint8Array(createHash("sha256").update(name).digest())) as PublicKey;
      return { publicKey, sign: async (message) => signed(publicKey, message) };
    },
    verify: (key, message, signature) => equalBytes(signed(key, message), signature),
  };
}

/** One machine: its trust, and what it has heard. */
export class Machine {
  readonly name: string;
  readonly signer: Signer;
  readonly world: World;
  readonly news: (RoomNews & { readonly roomId: RoomId })[] = [];
  readonly refused: string[] = [];
  /** Writing waits for it. */
  disk: Promise<void> = Promise.resolve();
  /** What was written down last, as JSON. */
  written: readonly SavedRoomTrust[] = [];
  trust: Trust;

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    this.signer = world.scheme.signerNamed(name);
    this.trust = this.#newTrust();
  }

  get key(): PublicKey {
    return this.signer.publicKey;
  }

  /** The room as this machine sees it. */
  get room() {
    const room = this.trust.room(den);
    if (!room) throw new Error(`${this.name} is not in the room`);
    return room;
  }

  standing(other: Machine): Standing | undefined {
    return this.trust.room(den)?.standing(other.key);
  }

  kinds(): readonly string[] {
    return this.news.map(({ kind }) => kind);
  }

  /** Ends, and starts again with what was written down. */
  restart(): void {
    for (const other of this.world.machines) this.world.cut(this, other);
    const saved = this.written;
    this.trust.dispose();
    this.trust = this.#newTrust();
    this.trust.restore(JSON.parse(JSON.stringify(saved)));
  }

  #newTrust(): Trust {
    const { world, signer, key } = this;
    const trust: Trust = new Trust({
      self: key,
      signer,
      verify: world.scheme.verify,
      clock: world.clock,
      random: world.random,
      logger: silentLogger,
      say: (to, message) => world.carry(this, to, message),
      admit: () => {},
      persist: async (rooms) => {
        await this.disk;
        this.written = JSON.parse(JSON.stringify(rooms));
      },
    });
    trust.events.on("news", (news) => {
      this.news.push(news);
      if (news.kind === "refused") this.refused.push(news.failure.code);
      // What the host does: whoever is removed is out of the room.
      if (news.kind === "removed" && news.member === key) trust.forget(news.roomId);
    });
    trust.events.on("refused", ({ failure }) => this.refused.push(failure.code));
    return trust;
  }
}

/** Machines, and proven connections between some of them. Messages wait until `settle` carries them, in order. */
export class World {
  readonly clock = new FakeClock();
  readonly scheme: Scheme;
  readonly machines: Machine[] = [];
  /** What a message may become on its way. Undefined: it is lost. */
  tamper: (message: TrustMessage, from: Machine, to: Machine) => TrustMessage | undefined = (message) => message;
  /** Sees all that is said. */
  overhear: (message: TrustMessage, from: Machine, to: Machine) => void = () => {};
  /** What becomes of the next message that is on its way. */
  weather: () => "arrives" | "lost" | "twice" | "later" = () => "arrives";
  readonly #links = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #connections = 0;
  #drawn = 0;

  constructor(scheme: Scheme = ed25519) {
    this.scheme = scheme;
  }

  /** Other bytes each time. */
  readonly random = (length: number) =>
    new Uint8Array(
      createHash("sha512")
        .update(`${++this.#drawn}`)
        .digest()
        .subarray(0, length),
    );

  machine(name: string): Machine {
    const machine = new Machine(name, this);
    this.machines.push(machine);
    return machine;
  }

  isLinked(a: Machine, b: Machine): boolean {
    return this.#links.has(pairOf(a, b));
  }

  /** A new connection between two machines in the room, proven on both ends. */
  link(a: Machine, b: Machine): void {
    const connection = ++this.#connections;
    this.#links.set(pairOf(a, b), connection);
    a.trust.linked(b.key, { local: `${a.name}${connection}`, remote: `${b.name}${connection}` }, [den]);
    b.trust.linked(a.key, { local: `${b.name}${connection}`, remote: `${a.name}${connection}` }, [den]);
  }

  cut(a: Machine, b: Machine): void {
    if (!this.#links.delete(pairOf(a, b))) return;
    a.trust.unlinked(b.key);
    b.trust.unlinked(a.key);
  }

  /** Anything at all, over the connection that there is between two machines. */
  carry(from: Machine, to: PublicKey, message: unknown): void {
    const other = this.machines.find(({ key }) => key === to);
    const connection = other && this.#links.get(pairOf(from, other));
    if (!other || connection === undefined) return;
    this.overhear(message as TrustMessage, from, other);
    const text = JSON.stringify(message);
    this.#waiting.push(() => {
      if (this.#links.get(pairOf(from, other)) !== connection) return;
      const arrived = this.tamper(JSON.parse(text), from, other);
      if (!arrived) return;
      const prints = { local: `${other.name}${connection}`, remote: `${from.name}${connection}` };
      other.trust.said(from.key, prints, arrived);
    });
  }

  /** Lets everything happen that is on its way, and what follows from it. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const next = this.#waiting.shift();
      if (next) {
        const fate = this.weather();
        if (fate === "arrives" || fate === "twice") next();
        if (fate === "twice" || fate === "later") this.#waiting.push(next);
        quiet = 0;
        continue;
      }
      for (const { trust } of this.machines) await trust.settled();
      await new Promise<void>((resolve) => setImmediate(resolve));
      quiet = this.#waiting.length > 0 ? 0 : quiet + 1;
    }
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }
}

function pairOf(a: Machine, b: Machine): string {
  return [a.key, b.key].sort().join(" ");
}

/** A sealed room of Ann's, with whoever comes by her invitation and is connected to everybody who came before. */
export async function sealedRoom(world: World, owner: Machine, ...guests: readonly Machine[]): Promise<void> {
  await owner.trust.found(den, "Den", true);
  const inside = [owner];
  for (const guest of guests) {
    guest.trust.enter(den, owner.room.invitation);
    for (const other of inside) world.link(guest, other);
    inside.push(guest);
  }
  await world.settle();
  await world.pass(2_000);
}
