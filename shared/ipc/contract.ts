import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Failure } from "../base/result.ts";

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
  /** This machine made the room: it may rename it and remove members, and its leaving closes it. */
  readonly owner: boolean;
  readonly pin: string | undefined;
  readonly members: readonly MemberView[];
}

export type LinkView = "self" | "connecting" | "connected" | "reconnecting";

export interface MemberView {
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly state: LinkView;
  readonly lane: "packets" | "media" | undefined;
  readonly path: "direct" | "relay" | undefined;
  readonly rttMs: number | undefined;
  readonly verified: boolean;
  readonly traffic: TrafficView | undefined;
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

/** Method by method: what goes in. What comes out is in `Replies`. Deeper rules are the called part's own. */
export const requests = {
  status: v.object({}),
  create: v.object({ name: text(256), pin: text(16), username: v.optional(text(128)) }),
  join: v.object({ roomId: text(128), pin: text(16), username: v.optional(text(128)) }),
  rename: v.object({ roomId: room, name: text(256) }),
  kick: v.object({ roomId: room, member: text(256) }),
  leave: v.object({ roomId: room }),
  ping: v.object({ member: text(256), count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)) }),
  setUsername: v.object({ username: text(128) }),
  down: v.object({}),
};
export type Method = keyof typeof requests;
export type Params<M extends Method> = v.InferOutput<(typeof requests)[M]>;

export interface Replies {
  status: HostSnapshot;
  create: RoomView;
  join: RoomView;
  rename: { readonly roomId: RoomId; readonly name: string };
  kick: { readonly roomId: RoomId; readonly publicKey: PublicKey; readonly username: string };
  leave: { readonly roomId: RoomId; readonly delivered: boolean };
  ping: PingView;
  setUsername: { readonly username: string };
  down: { readonly stopping: true };
}

/** Who answers: the running host. */
export interface HostApi {
  call<M extends Method>(method: M, params: Params<M>): Promise<IpcResult<Replies[M]>>;
}
export type IpcResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure };
