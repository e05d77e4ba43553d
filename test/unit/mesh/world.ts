import { sha512 } from "@noble/hashes/sha2.js";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { concatBytes, equalBytes, utf8 } from "../../../shared/base/bytes.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import type { Signer, VerifySignature } from "../../../shared/identity/keys.ts";
import { Mesh, type MeshEvents, type PeerView } from "../../../shared/mesh/mesh.ts";
import type { Fingerprints, TransportSignal } from "../../../shared/mesh/ports.ts";
import type { Lane } from "../../../shared/tunnel/ports.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { type FakeHost, FakeNetwork } from "../../fakes/transport.ts";
import { keyPair, room, seededRandom } from "./fixtures.ts";

/** Signatures that cost nothing and that anybody could make: real ones have tests of their own. */
const cheapSignature = (key: PublicKey, message: Uint8Array) => sha512(concatBytes(utf8.encode(key), message));
const cheapVerify: VerifySignature = (key, message, signature) => equalBytes(cheapSignature(key, message), signature);
export function cheapSigner(publicKey: PublicKey): Signer {
  return { publicKey, sign: async (message) => cheapSignature(publicKey, message) };
}

interface Sent {
  readonly at: number;
  readonly from: PublicKey;
  readonly to: PublicKey;
  readonly room: RoomId;
  readonly kind: TransportSignal["kind"];
  readonly content: string;
}

/** Machines on a fake network, and a signaling server that relays with a delay. */
export class World {
  readonly clock = new FakeClock();
  readonly network = new FakeNetwork(this.clock);
  readonly sent: Sent[] = [];
  readonly members: Member[] = [];
  signalingDelayMs = 20;
  /** What the server makes of a signal; undefined withholds it. */
  tamper: (signal: Sent) => string | undefined = ({ content }) => content;

  member(seed: number): Member {
    const member = new Member(this, seed);
    this.members.push(member);
    return member;
  }

  /** Two machines, the one with the smaller key first. */
  pair(): [Member, Member] {
    const two = [this.member(1), this.member(2)] as const;
    return two[0].key < two[1].key ? [two[0], two[1]] : [two[1], two[0]];
  }

  relay(signal: Sent): void {
    this.sent.push(signal);
    const content = this.tamper(signal);
    const target = this.members.find(({ key }) => key === signal.to);
    if (!target || content === undefined) return;
    this.clock.after(this.signalingDelayMs, () => {
      if (target.isOnline) target.mesh.deliver(signal.room, signal.from, signal.kind, content);
    });
  }

  offersBy(member: Member): Sent[] {
    return this.sent.filter(({ from, kind }) => from === member.key && kind === "offer");
  }

  /** Two members that are linked, for longer than a link that counts as brief. */
  async linked(): Promise<[Member, Member]> {
    const [a, b] = this.pair();
    a.sees(b, true);
    b.sees(a, false);
    await this.clock.advance(20_000);
    return [a, b];
  }
}

/** What main gets to hear of one member, in order. */
export type Word =
  | { readonly linked: Fingerprints }
  | { readonly said: unknown; readonly by: Fingerprints }
  | "unlinked"
  | "gone";

export class Member {
  readonly key: PublicKey;
  readonly host: FakeHost;
  readonly mesh: Mesh;
  readonly peers: PeerView[] = [];
  readonly gone: MeshEvents["gone"][] = [];
  readonly refused: string[] = [];
  /** Every lane there was with whom, in order; undefined where there was none. */
  readonly lanes: (Lane | undefined)[] = [];
  readonly packets: number[] = [];
  readonly words: Word[] = [];
  isOnline = true;
  /** What this machine's clock counts of its sleep; no timer ran meanwhile. */
  sleptMs = 0;
  tunnelAddress = "100.64.0.1";
  sign: (message: Uint8Array) => Promise<Uint8Array>;
  readonly #world: World;
  readonly #seed: number;

  constructor(world: World, seed: number, random = seededRandom(seed)) {
    this.#world = world;
    this.#seed = seed;
    this.key = keyPair(seed).publicKey;
    this.host = world.network.host();
    const honest = cheapSigner(this.key);
    this.sign = honest.sign;
    this.mesh = new Mesh(
      { username: `member ${seed}`, ipv4Salt: 0, mtu: 1280 },
      {
        signer: { publicKey: this.key, sign: (message) => this.sign(message) },
        verify: cheapVerify,
        clock: {
          now: () => world.clock.now() + this.sleptMs,
          wallTime: () => world.clock.wallTime() + this.sleptMs,
          after: (ms, task) => world.clock.after(ms, task),
          every: (ms, task) => world.clock.every(ms, task),
        },
        random,
        logger: silentLogger,
        createTransport: this.host.createTransport,
        isTunnelAddress: (address) => address === this.tunnelAddress,
        sendSignal: (inRoom, to, kind, content) => {
          if (!this.isOnline) return false;
          world.relay({ at: world.clock.now(), from: this.key, to, room: inRoom, kind, content });
          return true;
        },
      },
    );
    this.mesh.events.on("peer", (peer) => this.peers.push(peer));
    this.mesh.events.on("gone", (gone) => this.gone.push(gone));
    this.mesh.events.on("linked", ({ fingerprints }) => this.words.push({ linked: fingerprints }));
    this.mesh.events.on("said", ({ fingerprints, body }) => this.words.push({ said: body, by: fingerprints }));
    this.mesh.events.on("unlinked", () => this.words.push("unlinked"));
    this.mesh.events.on("gone", () => this.words.push("gone"));
    this.mesh.events.on("refused", ({ failure }) => this.refused.push(failure.code));
    this.mesh.events.on("lane", ({ lane }) => {
      // As the tunnel does: the old lane is let go of, the new one taken over.
      const old = this.lanes.at(-1);
      if (old) old.onPacket = () => {};
      this.lanes.push(lane);
      if (lane) lane.onPacket = (packet) => this.packets.push(packet[0] ?? -1);
    });
  }

  get lane(): Lane | undefined {
    return this.lanes.at(-1);
  }

  /** What was said to it. */
  get said(): readonly unknown[] {
    return this.words.flatMap((word) => (typeof word === "object" && "said" in word ? [word.said] : []));
  }

  /** What is known of the only peer, or of `other`. */
  view(other?: Member): PeerView | undefined {
    return this.mesh.peers.find(({ publicKey }) => !other || publicKey === other.key);
  }

  sees(other: Member, weOffer: boolean, inRoom: RoomId = room): void {
    this.mesh.peerSeen(inRoom, other.key, weOffer);
  }

  /** A signal that claims to be from `other` arrives. */
  hears(other: Member, kind: TransportSignal["kind"], content: string, inRoom: RoomId = room): void {
    this.mesh.deliver(inRoom, other.key, kind, content);
  }

  /** The same key, started anew. */
  restarted(): Member {
    const again = new Member(this.#world, this.#seed, seededRandom(this.#seed + 1_000));
    this.#world.members[this.#world.members.indexOf(this)] = again;
    return again;
  }
}
