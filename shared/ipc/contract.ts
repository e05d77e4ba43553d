import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Failure } from "../base/result.ts";
import { DOORS, type Doors, type Role, type Standing } from "../trust/standing.ts";
import { InboundRule } from "../tunnel/inbound-rule.ts";

export { DOORS, type Doors, type Role, type Standing } from "../trust/standing.ts";
export { formatInboundRule, InboundRule, parseInboundRule } from "../tunnel/inbound-rule.ts";

/**
 * What a running GoVPN can be asked, whoever asks: the command line over the profile's control socket, later the
 * window. One table: both ends, and the tests, derive their types from it.
 */

/** The state of the machine's rooms, as plain data. */
export interface HostSnapshot {
  readonly version: string;
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly server: ServerView;
  readonly tunnel: TunnelView;
  readonly secrets: string;
  /**
   * The room that is being created waits for its turn until then, in milliseconds since 1970: a server lets a key create
   * and join three rooms a minute. Absent when none waits.
   */
  readonly creationQueuedUntil?: number;
  readonly rooms: readonly RoomView[];
  readonly traffic: TrafficView;
  readonly runtime: RuntimeView;
}

/** The program's own health. */
export interface RuntimeView {
  /** Memory in RAM, all of it. */
  readonly rssBytes: number;
  /** Of that, JavaScript objects in use, and some that are waiting to be collected. */
  readonly heapBytes: number;
  /**
   * How long what was due had to wait for its turn, sampled every 10 ms, only in seconds in which the program is busy:
   * `lastSecond` is absent when it is not, `sinceStart` (of all busy seconds) as long as it never was.
   */
  readonly eventLoopDelayMs: { readonly lastSecond?: DelayView; readonly sinceStart?: DelayView };
}

/** In milliseconds: half the samples, 99 % of them and all of them were no later than this. */
export interface DelayView {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface ServerView {
  readonly url: string;
  /** What other machines dial; absent when they cannot, because the server listens on this machine's loopback alone. */
  readonly publicUrl?: string;
  readonly state: "idle" | "connecting" | "online" | "waiting" | "stopped";
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly retryAt?: number;
  readonly reason?: string;
  /** The reason's, where it is this machine's own: "address_in_use" when the server in this process has no port. */
  readonly code?: string;
}

export type TunnelView =
  | { readonly state: "up"; readonly device: string; readonly mtu: number }
  | { readonly state: "closed" | "off" }
  | {
      readonly state: "failed";
      readonly code: string;
      readonly message: string;
      /** A line for a terminal that mends it for good, where there is one. */
      readonly command?: string;
    };

export interface RoomView {
  readonly roomId: RoomId;
  readonly name: string;
  /** "entering", "joined", "reconnecting" or "left". */
  readonly state: string;
  /** While it is to be entered: it waits for its turn until then, as in `HostSnapshot.creationQueuedUntil`. */
  readonly queuedUntil?: number;
  /** This machine made the room: it may rename it and remove members, and its leaving closes it. */
  readonly owner: boolean;
  readonly pin: string | undefined;
  readonly trust: RoomTrustView;
  readonly members: readonly MemberView[];
}

export interface RoomTrustView {
  /**
   * - `sealed`: only who holds the room's key, or is let in, gets a connection that carries anything.
   * - `open`: whoever knows the PIN does.
   * - `unknown`: this machine came with the PIN alone, and has not been let in.
   */
  readonly seal: "sealed" | "open" | "unknown";
  /** This machine waits at the door: members are inside, and none has let it in yet. */
  readonly waiting: boolean;
  /** This machine's own. */
  readonly role: Role;
  /** Whose word counts; absent where nobody's can be checked. */
  readonly ownerKey?: PublicKey;
  readonly doors: Doors;
  /** This machine may let in whoever is at the door. */
  readonly canLetIn: boolean;
  /** The invitation's link lets its reader in without anybody being asked. */
  readonly canInvite: boolean;
  /** Whom the owner removed, by key. */
  readonly removed: Readonly<Record<PublicKey, RemovedView>>;
  /** What members may begin with this computer, unless one has a rule of its own. */
  readonly inbound: InboundRule;
  /** This machine gives the room to that member, who has not taken it yet. */
  readonly handingOver?: PublicKey;
}

export interface RemovedView {
  /** As it was last known here; empty when it never was. */
  readonly username: string;
  readonly kind: "kicked" | "banned";
}

export type LinkView = "self" | "connecting" | "connected" | "reconnecting";

export interface MemberView {
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly state: LinkView;
  readonly lane: "packets" | "media" | undefined;
  /** Of the media lane, once it has been in use for a while. */
  readonly quality: QualityView | undefined;
  readonly path: "direct" | "relay" | undefined;
  readonly rttMs: number | undefined;
  readonly verified: boolean;
  readonly standing: Standing;
  readonly role: Role;
  /** Eight words that stand for its key, to be compared by voice. */
  readonly words: string;
  /** The person compared the words, and they were the same. */
  readonly compared: boolean;
  /** Somebody of this name was known here under another key: this may be somebody else. */
  readonly changedKey?: ChangedKeyView;
  /** What it may begin with this computer. */
  readonly inbound: InboundView;
  readonly traffic: TrafficView | undefined;
}

/** What a lane has been like in the last ten seconds or more. */
export interface QualityView {
  /** Of the lane's own probes. */
  readonly rttMs: number;
  /** Of what the member sent, the share that never came. */
  readonly lossPercent: number;
  /** Of what came, the share that came after something sent later. */
  readonly reorderedPercent: number;
}

export interface ChangedKeyView {
  readonly knownKey: PublicKey;
  /** Since when that one was known, in milliseconds since 1970. */
  readonly since: number;
  /** The words of the known key had been compared. */
  readonly compared: boolean;
}

export interface InboundView {
  /** The rule that counts. */
  readonly rule: InboundRule;
  /** The person gave this member a rule of its own. */
  readonly own: boolean;
  /** Packets that the rule kept out. */
  readonly refused: number;
}

export interface TrafficView {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /** Packets dropped, by reason; reasons without any are left out. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface PingView {
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly sent: number;
  /** Milliseconds of each answered probe, in order. */
  readonly rttMs: readonly number[];
}

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const room = v.optional(text(64));
const member = text(256);
/** 32 bytes in base64url. */
const roomKey = text(43);
/** 16 bytes in base64url. */
const ownerPin = text(22);

/** Method by method: what goes in. What comes out is in `Replies`. Deeper rules are the called part's own. */
export const requests = {
  status: v.object({}),
  create: v.object({
    name: text(256),
    pin: text(16),
    username: v.optional(text(128)),
    /** Default true: whoever has not got the invitation's link waits at the door. */
    sealed: v.optional(v.boolean()),
    inbound: v.optional(InboundRule),
  }),
  join: v.object({
    roomId: text(128),
    pin: text(16),
    username: v.optional(text(128)),
    /** From the invitation's link: the room's key, and by which hash its founder is known. */
    key: v.optional(roomKey),
    owner: v.optional(ownerPin),
    inbound: v.optional(InboundRule),
  }),
  rename: v.object({ roomId: room, name: text(256) }),
  /** Removes a member, who may knock again; with `ban`, may not. */
  kick: v.object({ roomId: room, member, ban: v.optional(v.boolean()) }),
  /** Takes the name of a removed key off the list, so that it may knock again. */
  unban: v.object({ roomId: room, publicKey: text(44) }),
  letIn: v.object({ roomId: room, member }),
  turnAway: v.object({ roomId: room, member }),
  setRole: v.object({ roomId: room, member, role: v.picklist(["trusted", "member"]) }),
  /** Makes a member the room's owner in this machine's place. */
  handOver: v.object({ roomId: room, member }),
  /** The owner's rules. Sealing an open room keeps those who are in it. */
  setRules: v.object({ roomId: room, sealed: v.optional(v.boolean()), doors: v.optional(v.picklist(DOORS)) }),
  /** What members may begin with this computer: one of them, or all of a room. No rule: the default again. */
  setInbound: v.object({ roomId: room, member: v.optional(member), rule: v.optional(InboundRule) }),
  /** The person compared a member's words by voice, or takes that back. */
  setCompared: v.object({ member, compared: v.boolean() }),
  /** The person takes a member's new key for the one that belongs to its name. */
  acceptKey: v.object({ roomId: room, member }),
  leave: v.object({ roomId: room }),
  ping: v.object({ member, count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)) }),
  setUsername: v.object({ username: text(128) }),
  down: v.object({}),
};
export type Method = keyof typeof requests;
export type Params<M extends Method> = v.InferOutput<(typeof requests)[M]>;

export interface InRoom {
  readonly roomId: RoomId;
}
export interface MemberInRoom extends InRoom {
  readonly publicKey: PublicKey;
  readonly username: string;
}

export interface Replies {
  status: HostSnapshot;
  create: RoomView;
  join: RoomView;
  rename: { readonly roomId: RoomId; readonly name: string };
  kick: MemberInRoom;
  leave: { readonly roomId: RoomId; readonly delivered: boolean };
  unban: InRoom;
  letIn: MemberInRoom;
  turnAway: MemberInRoom;
  setRole: MemberInRoom;
  handOver: MemberInRoom;
  setRules: InRoom;
  setInbound: InRoom;
  setCompared: { readonly publicKey: PublicKey; readonly username: string };
  acceptKey: MemberInRoom;
  ping: PingView;
  setUsername: { readonly username: string };
  down: { readonly stopping: true };
}

export type IpcResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure };
