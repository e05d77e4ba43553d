import { printable } from "./text.ts";

export { table } from "./text.ts";

/** What a command prints: for people in lines, for programs one JSON object a line with snake_case names. */
export interface Output {
  readonly json: boolean;
  /** A line for people; nothing when the output is JSON. */
  say(line?: string): void;
  /** An object for programs; nothing for people. */
  emit(event: object): void;
  /** What went wrong: an error event, or a sentence on standard error. */
  complain(code: string, message: string): void;
}

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function createOutput(json: boolean): Output {
  return {
    json,
    say: (line = "") => {
      if (!json) process.stdout.write(`${printable(line)}\n`);
    },
    emit: (event) => {
      if (json) process.stdout.write(`${JSON.stringify(snakeCase(event))}\n`);
    },
    complain: (code, message) => {
      if (json) process.stdout.write(`${JSON.stringify({ event: "error", code, message })}\n`);
      else process.stderr.write(`govpn: ${printable(message)}\n`);
    },
  };
}

/** Property names as the protocol and the command line write them. Values stay. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(inner),
    ]),
  );
}
