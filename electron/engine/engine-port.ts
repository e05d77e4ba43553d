import type { Engine, EngineOptions } from "./engine.ts";

/** What an engine is told and need not answer. */
export type Order =
  | "peerSeen"
  | "peerAbsent"
  | "peerLeft"
  | "leaveRoom"
  | "deliver"
  | "say"
  | "setAdmitted"
  | "setInbound"
  | "setUsername"
  | "retryNow"
  | "pathChanged";
/** What it is asked. */
export type Question = "start" | "retryDevice" | "roundTrip" | "speedTest" | "stop";
/** What can be read of it at any time. */
type Reading = "events" | "address" | "tunnel" | "peers" | "counters" | "totals";

/**
 * The engine as the host uses it, wherever it runs: in this process (`Engine`), or in one of its own (`RemoteEngine`),
 * where what is read is the newest that was heard of it. One contract suite runs on both.
 */
export interface EnginePort extends Pick<Engine, Reading | Order | Question> {}

/** What the host gives to its engine. Whatever else one needs of the machine, its maker knows. */
export type EngineNeeds = Pick<
  EngineOptions,
  "signer" | "clock" | "random" | "logger" | "username" | "mtu" | "tun" | "sendSignal"
>;

export type CreateEngine = (needs: EngineNeeds) => EnginePort;
