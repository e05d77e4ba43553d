import type { PublicKey, RoomId } from "../base/brand.ts";
import { Emitter } from "../base/emitter.ts";
import { TokenBucket } from "../base/rate.ts";
import type { Failure } from "../base/result.ts";
import { deriveAddress, type MemberAddress } from "../identity/address.ts";
import type { Lane, LaneKind } from "../tunnel/ports.ts";
import type { SelfDescription } from "./connection.ts";
import { NonceMemory } from "./envelope.ts";
import type { LaneQuality } from "./lane-quality.ts";
import { Link, type LinkDeps } from "./link.ts";
import type { Fingerprints, TransportPath, TransportSignal } from "./ports.ts";

/** More members than any room has: what a lying server can make this machine hold. */
export const MAX_PEERS = 256;
/** Offers of members that this machine has not been told of: a full room at once, and so many every 10 s. */
export const STRANGER_OFFERS = 256;
const STRANGER_REFILL_MS = 10_000;
/** Offers into the void before a member of whom nothing is heard counts as gone. */
const SILENT_FAILURES = 3;
/** An offer, an answer or a join within this time is a sign of life, whatever the link does. */
const SIGN_OF_LIFE_MS = 60_000;

/** A goodbye this soon after its sender joined anew is of the program that it was before: it was overtaken on its way. */
const OVERTAKEN_BYE_MS = 10_000;

export type PeerState = "connecting" | "connected" | "reconnecting";

/** What is known of one member's machine. */
export interface PeerView {
  readonly publicKey: PublicKey;
  readonly rooms: readonly RoomId[];
  readonly state: PeerState;
  /** As it introduced itself on the proven connection; undefined before. */
  readonly username: string | undefined;
  readonly address: MemberAddress;
  readonly mtu: number | undefined;
  /** What its hello says that it can do beyond version 1. */
  readonly capabilities: readonly string[];
  readonly lane: LaneKind | undefined;
  /** Of the media lane, once it has been in use for a while. */
  readonly quality: LaneQuality | undefined;
  readonly path: TransportPath | undefined;
  readonly rttMs: number | undefined;
  /** Every signal that made the connection was signed by the member. */
  readonly verified: boolean;
}

export interface MeshEvents {
  peer: PeerView;
  lane: { readonly publicKey: PublicKey; readonly lane: Lane | undefined };
  /** The member left (bye), or cannot be found any more. */
  gone: { readonly publicKey: PublicKey; readonly rooms: readonly RoomId[]; readonly reason: "left" | "lost" };
  refused: { readonly publicKey: PublicKey; readonly failure: Failure };
  /** A connection of the member's came into use, proved by its key for these certificates; before anything said by it. */
  linked: { readonly publicKey: PublicKey; readonly fingerprints: Fingerprints };
  /** What the member says of trust, by a connection that was `linked`. A JSON object of up to 16 KiB, not looked at. */
  said: { readonly publicKey: PublicKey; readonly fingerprints: Fingerprints; readonly body: unknown };
  /** No connection of the member's is in use any more. */
  unlinked: { readonly publicKey: PublicKey };
}

export type MeshDeps = Omit<LinkDeps, "seenNonces" | "describeSelf">;

/** More rooms than two machines share. A server that has a member come and go without end costs no signature each time. */
export const SHOWN_UP_BURST = 64;
const SHOWN_UP_REFILL_MS = 60_000;

interface Peer {
  readonly link: Link;
  readonly rooms: Set<RoomId>;
  address: MemberAddress;
  username: string | undefined;
  mtu: number | undefined;
  wasConnected: boolean;
  /** Its signaling dropped: offers cannot reach it. */
  absent: boolean;
  signOfLifeAt: number;
  /** When it last joined anew although its link was up. */
  rejoinedAt: number;
  readonly shownUp: TokenBucket;
  /** Attempts that failed in a row: each goes by another of the rooms. */
  failures: number;
  shown: string;
}

/**
 * The links to every member of every room: one a machine, however many rooms it shares with this one. It is told who
 * is where and what they signal, and makes and keeps the connections; it knows no signaling protocol.
 */
export class Mesh {
  readonly events = new Emitter<MeshEvents>();
  readonly #deps: MeshDeps;
  readonly #seenNonces = new NonceMemory();
  readonly #peers = new Map<PublicKey, Peer>();
  readonly #strangers: TokenBucket;
  #self: SelfDescription;
  #disposed = false;

  constructor(self: SelfDescription, deps: MeshDeps) {
    this.#self = self;
    this.#deps = deps;
    this.#strangers = new TokenBucket(STRANGER_OFFERS, STRANGER_REFILL_MS, deps.clock.now());
  }

  get peers(): readonly PeerView[] {
    return [...this.#peers].map(([key, peer]) => this.#view(key, peer));
  }

  peer(key: PublicKey): PeerView | undefined {
    const peer = this.#peers.get(key);
    return peer && this.#view(key, peer);
  }

  /** Whether a member has this IPv4 address. Asked for every candidate, so it builds no views. */
  hasAddress(ipv4: string): boolean {
    for (const { address } of this.#peers.values()) if (address.ipv4 === ipv4) return true;
    return false;
  }

  /** This machine's name, address or MTU changed: every member is told. */
  setSelf(self: SelfDescription): void {
    this.#self = self;
    for (const { link } of this.#peers.values()) link.refreshHello();
  }

  /** A member is in a room. @param weOffer it came after us, so the offer is ours. */
  peerSeen(room: RoomId, key: PublicKey, weOffer: boolean): void {
    const peer = this.#peers.get(key) ?? this.#newPeer(key);
    if (!peer) return;
    const rejoined = peer.rooms.has(room);
    const isElsewhere = peer.rooms.size > (rejoined ? 1 : 0);
    if (rejoined && peer.link.isUp) peer.rejoinedAt = this.#deps.clock.now();
    peer.rooms.add(room);
    this.#heardOf(peer);
    peer.link.seen(weOffer, rejoined);
    // An offer goes by one room: whoever came to several would find this machine in that one alone.
    if (weOffer && isElsewhere && peer.shownUp.take(this.#deps.clock.now())) peer.link.showUp(room);
    this.#show(key, peer);
  }

  /** A member's signaling dropped. Its link lives on, if it still answers. */
  peerAbsent(key: PublicKey): void {
    const peer = this.#peers.get(key);
    if (!peer) return;
    peer.absent = true;
    if (peer.link.isUp) peer.link.probe();
    else this.#drop(key, peer, "lost");
  }

  /** A member is out of a room for good: left, or was kicked. */
  peerLeft(room: RoomId, key: PublicKey): void {
    const peer = this.#peers.get(key);
    if (!peer?.rooms.delete(room)) return;
    if (peer.rooms.size === 0) this.#drop(key, peer, "left", [room]);
    else this.#show(key, peer);
  }

  /** This machine left a room. */
  leaveRoom(room: RoomId): void {
    for (const [key, peer] of [...this.#peers]) {
      if (!peer.rooms.has(room)) continue;
      peer.link.bye(room);
      this.peerLeft(room, key);
    }
  }

  /** A signal came. Only an offer that can be opened introduces a member: what trails behind one that left does not. */
  deliver(room: RoomId, from: PublicKey, kind: TransportSignal["kind"], content: string): void {
    const known = this.#peers.get(from);
    const peer = known ?? (kind === "offer" ? this.#stranger(from) : undefined);
    if (!peer) return;
    this.#heardOf(peer);
    if (kind === "offer") peer.rooms.add(room);
    peer.link.deliver(room, kind, content);
    if (!known && peer.link.state === "waiting") this.#forget(from, peer);
  }

  /** Signaling is back, or the machine woke up: nobody waits out a backoff. */
  retryNow(): void {
    for (const { link } of this.#peers.values()) {
      link.retryNow();
      link.probe();
    }
  }

  /**
   * The machine's addresses changed. A link over one that is gone is made anew beside the old one; the others are only
   * asked whether they still live.
   */
  pathChanged(addresses: ReadonlySet<string>): void {
    for (const { link } of this.#peers.values()) {
      const local = link.path && hostOf(link.path.local);
      if (local !== undefined && addresses.has(local)) link.probe();
      else link.pathChanged();
    }
  }

  /** One round trip to a member in milliseconds; undefined without a link, or without an answer in time. */
  async roundTrip(key: PublicKey, withinMs: number): Promise<number | undefined> {
    return this.#peers.get(key)?.link.roundTrip(withinMs);
  }

  /** A JSON object for the member, about trust. Lost when there is no link to it. */
  say(key: PublicKey, body: object): void {
    this.#peers.get(key)?.link.say(body);
  }

  /** Says goodbye to everyone and ends every link. */
  dispose(): void {
    this.#disposed = true;
    for (const { link } of this.#peers.values()) {
      link.bye();
      link.dispose();
    }
    this.#peers.clear();
  }

  /** A stranger is forgotten if it cannot be understood, and a limit of its own with it: so all share one. */
  #stranger(key: PublicKey): Peer | undefined {
    return this.#strangers.take(this.#deps.clock.now()) ? this.#newPeer(key) : undefined;
  }

  #newPeer(key: PublicKey): Peer | undefined {
    if (this.#disposed || key === this.#deps.signer.publicKey || this.#peers.size >= MAX_PEERS) return undefined;
    const rooms = new Set<RoomId>();
    const deps: LinkDeps = { ...this.#deps, seenNonces: this.#seenNonces, describeSelf: () => this.#self };
    const peer: Peer = {
      rooms,
      address: deriveAddress(key),
      username: undefined,
      mtu: undefined,
      wasConnected: false,
      absent: false,
      signOfLifeAt: this.#deps.clock.now(),
      rejoinedAt: Number.NEGATIVE_INFINITY,
      shownUp: new TokenBucket(SHOWN_UP_BURST, SHOWN_UP_REFILL_MS, this.#deps.clock.now()),
      failures: 0,
      shown: "",
      // Rooms may be on different servers: what one cannot carry, the next one tries.
      link: new Link(key, () => [...rooms][peer.failures % rooms.size], deps, {
        onChange: () => this.#show(key, peer),
        onLane: (lane) => this.events.emit("lane", { publicKey: key, lane }),
        onHello: (hello) => {
          peer.username = hello.username;
          peer.mtu = hello.mtu;
          if (hello.ipv4_salt !== peer.address.ipv4Salt) peer.address = deriveAddress(key, hello.ipv4_salt);
        },
        onBye: (room) => this.#onBye(key, peer, room),
        onInUse: (fingerprints) => {
          if (fingerprints) this.events.emit("linked", { publicKey: key, fingerprints });
          else this.events.emit("unlinked", { publicKey: key });
        },
        onTrust: (fingerprints, body) => this.events.emit("said", { publicKey: key, fingerprints, body }),
        onRefused: (failure) => this.events.emit("refused", { publicKey: key, failure }),
        onTrouble: (failures) => this.#onTrouble(key, peer, failures),
      }),
    };
    this.#peers.set(key, peer);
    return peer;
  }

  #heardOf(peer: Peer): void {
    peer.absent = false;
    peer.signOfLifeAt = this.#deps.clock.now();
  }

  #onBye(key: PublicKey, peer: Peer, room: string | undefined): void {
    if (room !== undefined) return this.peerLeft(room as RoomId, key);
    // Its old connection ends with it, and a new one is made.
    if (this.#deps.clock.now() - peer.rejoinedAt < OVERTAKEN_BYE_MS) return;
    this.#drop(key, peer, "left");
  }

  #onTrouble(key: PublicKey, peer: Peer, failures: number): void {
    peer.failures = failures;
    const quiet = this.#deps.clock.now() - peer.signOfLifeAt > SIGN_OF_LIFE_MS;
    if (peer.absent || (quiet && failures >= SILENT_FAILURES)) this.#drop(key, peer, "lost");
  }

  #drop(key: PublicKey, peer: Peer, reason: "left" | "lost", rooms: readonly RoomId[] = [...peer.rooms]): void {
    if (!this.#forget(key, peer)) return;
    this.events.emit("gone", { publicKey: key, rooms, reason });
  }

  #forget(key: PublicKey, peer: Peer): boolean {
    if (this.#peers.get(key) !== peer) return false;
    this.#peers.delete(key);
    peer.link.dispose();
    return true;
  }

  /** Tells what can be seen of the peer, if it differs from what was told last. */
  #show(key: PublicKey, peer: Peer): void {
    if (this.#peers.get(key) !== peer) return;
    const view = this.#view(key, peer);
    if (view.state === "connected") peer.wasConnected = true;
    const shown = JSON.stringify(view);
    if (shown === peer.shown) return;
    peer.shown = shown;
    this.events.emit("peer", view);
  }

  #view(key: PublicKey, peer: Peer): PeerView {
    const { link } = peer;
    const state = link.isConnected ? "connected" : peer.wasConnected ? "reconnecting" : "connecting";
    return {
      publicKey: key,
      rooms: [...peer.rooms],
      state,
      username: peer.username,
      address: peer.address,
      mtu: peer.mtu,
      capabilities: link.hello?.capabilities ?? [],
      lane: link.lane?.kind,
      quality: link.quality,
      path: link.path,
      rttMs: link.rttMs,
      verified: link.verified,
    };
  }
}

/** The address of "address:port"; IPv6 addresses come without brackets. */
function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}
