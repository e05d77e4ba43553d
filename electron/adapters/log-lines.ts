import type { LogRecord, LogSink } from "../../shared/base/logger.ts";

/**
 * Writes records as lines: JSON for machines (`{"time","level","scope","message",...fields}`), or words for people.
 * @param write gets whole lines with their line break.
 */
export function lineSink(write: (line: string) => void, format: "json" | "text", wallTime = Date.now): LogSink {
  const line = format === "json" ? jsonLine : textLine;
  return (record) => write(`${line(record, new Date(wallTime()).toISOString())}\n`);
}

function jsonLine({ level, scope, message, fields }: LogRecord, time: string): string {
  return JSON.stringify({ ...fields, time, level, scope, message });
}

function textLine({ level, scope, message, fields }: LogRecord, time: string): string {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${time} ${level.padEnd(5)} ${scope}: ${message}${details.join("")}`;
}
