import * as v from "valibot";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { LogLevel, LogRecord } from "../../shared/base/logger.ts";
import type { Result } from "../../shared/base/result.ts";
import type { MemberAddress } from "../../shared/identity/address.ts";
import type { PeerView } from "../../shared/mesh/mesh.ts";
import type { TransportSignal } from "../../shared/mesh/ports.ts";
import { isTrustBody } from "../../shared/mesh/trust-body.ts";
import { DROP_REASONS, type TunnelCounters } from "../../shared/tunnel/counters.ts";
import type { SpeedFigures } from "../../shared/tunnel/speed-test.ts";
import type { IceServerConfig } from "../adapters/webrtc/ice-servers.ts";
import type { EngineEvents } from "./engine.ts";
import type { EnginePort, Order, Question } from "./engine-port.ts";
import type { TunMode, TunnelState } from "./network-device.ts";

/**
 * What main and an engine in a process of its own say to each other. Messages are structured clones, in order, each
 * way. The private key stays in main: the engine asks for signatures, and main looks at what it signs.
 */

/** One end of the way between the two. Handlers are set by the owner at once. */
export interface EngineWire {
  send(message: unknown): void;
  close(): void;
  onMessage: (message: unknown) => void;
  /** The other end is gone. Comes once, and not after `close`. */
  onClose: (reason: string) => void;
}

/** How connections to members are made. */
export interface TransportPlan {
  readonly iceServers: readonly IceServerConfig[];
  /** Through TURN relays only. */
  readonly relayOnly: boolean;
  /** Whether to offer the media lane. */
  readonly media: boolean;
}

export interface EngineSetup {
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly mtu: number;
  readonly tun: TunMode;
  readonly transports: TransportPlan;
}

export type ToEngine =
  | { readonly type: "setup"; readonly setup: EngineSetup }
  | { readonly type: "transports"; readonly transports: TransportPlan }
  | { [O in Order]: { readonly type: "order"; readonly order: O; readonly args: Parameters<EnginePort[O]> } }[Order]
  | {
      [Q in Question]: {
        readonly type: "ask";
        readonly id: number;
        readonly question: Q;
        readonly args: Parameters<EnginePort[Q]>;
      };
    }[Question]
  /** Undefined: main does not sign that. */
  | { readonly type: "signed"; readonly id: number; readonly signature: Uint8Array | undefined }
  | { readonly type: "signalSent"; readonly id: number; readonly sent: boolean };

/** What can be read of an engine at any time. */
export interface EngineView {
  readonly address: MemberAddress;
  readonly tunnel: TunnelState;
  readonly peers: readonly PeerView[];
}

export interface EngineCounts {
  readonly totals: TunnelCounters;
  readonly peers: ReadonlyMap<PublicKey, TunnelCounters>;
}

/** Those that come with what could be read when they happened. */
type SeenEvents = Omit<EngineEvents, "said">;
export type EngineEvent = {
  [E in keyof SeenEvents]: { readonly name: E; readonly payload: SeenEvents[E] };
}[keyof SeenEvents];

export type FromEngine =
  /** An event, with what could be read when it happened. */
  | { readonly type: "event"; readonly event: EngineEvent; readonly view: EngineView }
  | { readonly type: "counts"; readonly counts: EngineCounts; readonly view: EngineView }
  /** Changes nothing that could be read, and a member may say much. */
  | { readonly type: "said"; readonly said: EngineEvents["said"] }
  | {
      readonly type: "answer";
      readonly id: number;
      readonly value: Result<void> | Result<SpeedFigures> | number | undefined;
    }
  | { readonly type: "sign"; readonly id: number; readonly message: Uint8Array }
  | {
      readonly type: "signal";
      readonly id: number;
      readonly room: RoomId;
      readonly to: PublicKey;
      readonly kind: TransportSignal["kind"];
      readonly content: string;
    }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly record: Pick<LogRecord, "scope" | "message" | "fields">;
    };

const Id = v.pipe(v.number(), v.safeInteger());
const Address = v.object({ ipv4: v.string(), ipv6: v.string(), ipv4Salt: v.number() });

const Quality = v.object({ rttMs: v.number(), lossPercent: v.number(), reorderedPercent: v.number() });

/** The parts of a member's picture that main goes by, or counts with; the rest of it is shown and no more. */
const Peer = v.looseObject({
  publicKey: v.string(),
  rooms: v.array(v.string()),
  state: v.picklist(["connecting", "connected", "reconnecting"]),
  username: v.optional(v.string()),
  address: Address,
  quality: v.optional(Quality),
  rttMs: v.optional(v.number()),
});
const Problem = v.object({ code: v.string(), message: v.string(), command: v.optional(v.string()) });
const TunnelReading = v.variant("kind", [
  v.object({ kind: v.picklist(["closed", "off"]) }),
  v.object({ kind: v.literal("up"), device: v.string(), mtu: v.number() }),
  v.object({ kind: v.literal("failed"), failure: Problem }),
]);
const View = v.object({ address: Address, tunnel: TunnelReading, peers: v.array(Peer) });
const Counters = v.object({
  packetsIn: v.number(),
  bytesIn: v.number(),
  packetsOut: v.number(),
  bytesOut: v.number(),
  dropped: v.record(v.picklist(DROP_REASONS), v.number()),
});
const Fingerprints = v.object({ local: v.string(), remote: v.string() });
const Event = v.variant("name", [
  v.object({ name: v.literal("peer"), payload: Peer }),
  v.object({
    name: v.literal("linked"),
    payload: v.object({ publicKey: v.string(), fingerprints: Fingerprints }),
  }),
  v.object({ name: v.literal("unlinked"), payload: v.object({ publicKey: v.string() }) }),
  v.object({
    name: v.literal("gone"),
    payload: v.object({ publicKey: v.string(), rooms: v.array(v.string()), reason: v.picklist(["left", "lost"]) }),
  }),
  v.object({ name: v.literal("refused"), payload: v.object({ publicKey: v.string(), failure: Problem }) }),
  v.object({ name: v.literal("tunnel"), payload: TunnelReading }),
  v.object({ name: v.literal("address"), payload: Address }),
]);

/**
 * What an engine says. It parses what strangers send, so main believes it no more than it must: what is to be signed or
 * sent is looked at, and whatever main reads has the shape that it relies on. Figures and texts may be lies all the same.
 */
const FromEngineFrame = v.variant("type", [
  v.object({ type: v.literal("event"), event: Event, view: View }),
  v.object({
    type: v.literal("counts"),
    counts: v.object({ totals: Counters, peers: v.map(v.string(), Counters) }),
    view: View,
  }),
  v.object({
    type: v.literal("said"),
    said: v.object({ publicKey: v.string(), fingerprints: Fingerprints, body: v.custom<object>(isTrustBody) }),
  }),
  v.object({ type: v.literal("answer"), id: Id, value: v.unknown() }),
  v.object({ type: v.literal("sign"), id: Id, message: v.instance(Uint8Array) }),
  v.object({
    type: v.literal("signal"),
    id: Id,
    room: v.string(),
    to: v.string(),
    kind: v.picklist(["offer", "answer", "candidate"]),
    content: v.string(),
  }),
  v.object({
    type: v.literal("log"),
    level: v.picklist(["debug", "info", "warn", "error"]),
    record: v.object({
      scope: v.string(),
      message: v.string(),
      fields: v.record(v.string(), v.pipe(v.unknown(), v.transform(writable))),
    }),
  }),
]);

/** A value as every log can write it: a structured clone may hold itself, a Map or a BigInt. */
function writable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  try {
    return JSON.stringify(value);
  } catch {
    return "[not to be written]";
  }
}

/** Undefined for what is no message of an engine. */
export function readFromEngine(message: unknown): FromEngine | undefined {
  const read = v.safeParse(FromEngineFrame, message);
  return read.success ? (read.output as FromEngine) : undefined;
}

/** How the two texts begin that an engine has signed: of a signal (shared/mesh/envelope.ts) and of a hello (control.ts). */
const SIGNED = ['["govpn-signal-v1",', '["govpn-hello-v1",'];

/**
 * Whether main signs this for its engine. Never a message to the server: an engine that a member had taken over could
 * not join, kick or leave in this machine's name.
 */
export function maySignForEngine(message: Uint8Array): boolean {
  return SIGNED.some((beginning) => {
    const expected = new TextEncoder().encode(beginning);
    return expected.every((byte, n) => message[n] === byte);
  });
}
