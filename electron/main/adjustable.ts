import { createLogger, type Logger, type LogLevel, type LogRecord, type LogSink } from "../../shared/base/logger.ts";
import type { CreateTransport } from "../../shared/mesh/ports.ts";
import { widenReceiveBuffers } from "../adapters/tun/index.ts";
import { webrtcTransports } from "../adapters/webrtc/transport.ts";
import type { TransportPlan } from "../engine/messages.ts";

/** Parts of the machine that the settings change while they are in use. */

/** What a report shows of the log: the last minutes of a machine in trouble. */
const LOG_RECORDS_KEPT = 200;

export interface AdjustableLog {
  readonly logger: Logger;
  /** The newest that it wrote, oldest first. */
  records(): readonly LogRecord[];
  setLevel(level: LogLevel): void;
}

/** A logger at the level that was set last. @param forNow for the first level set, which is that of the settings as found */
export function adjustableLog(sink: LogSink, forNow: LogLevel | undefined): AdjustableLog {
  let level: LogLevel = forNow ?? "warn";
  let chosen: LogLevel | undefined;
  const records: LogRecord[] = [];
  const keep: LogSink = (record) => {
    records.push(record);
    if (records.length > LOG_RECORDS_KEPT) records.shift();
    sink(record);
  };
  return {
    logger: createLogger(keep, () => level),
    records: () => records,
    setLevel: (next) => {
      // The first is that of the settings as they were found, which a command line overrules.
      if (chosen === undefined ? forNow === undefined : chosen !== next) level = next;
      chosen = next;
    },
  };
}

export interface AdjustableTransports {
  readonly create: CreateTransport;
  set(plan: TransportPlan): void;
}

/** Connections to members, made as was said last. */
export function adjustableTransports(logger: Logger): AdjustableTransports {
  let create: CreateTransport | undefined;
  return {
    create: (options) => {
      if (!create) throw new Error("it has not been said how connections are made");
      return create(options);
    },
    set: (plan) => {
      create = webrtcTransports({ ...plan, onLocalPorts: widenReceiveBuffers, logger: logger.child("webrtc") });
    },
  };
}
