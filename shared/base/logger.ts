export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogRecord {
  readonly level: LogLevel;
  /** Which part speaks: "server", "mesh", "tun". */
  readonly scope: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where records go: a JSON line on stderr, a ring for the diagnostics screen, an array in a test. */
export type LogSink = (record: LogRecord) => void;

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(scope: string): Logger;
}

const severity: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Fields that may hold a secret are never written, whoever logs them. */
const secretField = /pass|^pin$|_pin$|secret|private|signature|token|seed|room_key|credential/i;

/** @param level the least that is written; a function is asked each time, so that it can change while running. */
export function createLogger(sink: LogSink, level: LogLevel | (() => LogLevel) = "info", scope = "govpn"): Logger {
  const write = (at: LogLevel, message: string, fields: Record<string, unknown> = {}) => {
    if (severity[at] < severity[typeof level === "function" ? level() : level]) return;
    sink({ level: at, scope, message, fields: redact(fields) });
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    child: (name) => createLogger(sink, level, `${scope}.${name}`),
  };
}

export const silentLogger: Logger = createLogger(() => {}, "error");

function redact(fields: Record<string, unknown>): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) clean[key] = secretField.test(key) ? "[redacted]" : value;
  return clean;
}
