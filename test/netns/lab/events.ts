import type { Program } from "./program.ts";

/** One line of a program that was started with `--json`. */
export interface ProgramEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

interface Waiter {
  readonly wants: (event: ProgramEvent) => boolean;
  readonly resolve: (event: ProgramEvent) => void;
  readonly reject: (error: Error) => void;
}

/** A program that prints one JSON object a line: `govpn up --json`, `govpn serve --json`, the lab's own servers. */
export class EventProgram {
  /** All it has printed so far, in order. */
  readonly events: ProgramEvent[] = [];
  /** Lines that were not JSON objects with an `event`: a well-behaved program has none. */
  readonly strayLines: string[] = [];
  readonly program: Program;
  readonly #waiters = new Set<Waiter>();
  #partial = "";

  constructor(program: Program) {
    this.program = program;
    program.onStdout = (chunk) => this.#take(chunk.toString("utf8"));
    void program.exited.then((code) => this.#rejectAll(`it ended with status ${code}`));
  }

  get pid(): number {
    return this.program.pid;
  }

  /**
   * The first event that satisfies the predicate, whether it was printed already or comes yet.
   * @param from index into `events` to look from: `up.events.length` before an action waits for what the action causes
   * @throws when it does not come in time, or the program ends: with the events and the words of the program
   */
  async waitFor(wants: (event: ProgramEvent) => boolean, timeoutMs = 20_000, from = 0): Promise<ProgramEvent> {
    const already = this.events.slice(from).find(wants);
    if (already) return already;
    if (!this.program.running) throw this.#failure("it has ended");
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiter.reject(this.#failure(`it did not come within ${timeoutMs} ms`)), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        wants,
        resolve: (event) => {
          settle();
          resolve(event);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** Asks it to end (SIGTERM) and gives its exit status. */
  stop(timeoutMs?: number): Promise<number | null> {
    return this.program.stop(timeoutMs);
  }

  /** Ends it without warning (SIGKILL). */
  kill(): Promise<void> {
    return this.program.kill();
  }

  /** What it printed, for a person who reads a failed test. */
  transcript(): string {
    const events = this.events.map((event) => JSON.stringify(event)).join("\n");
    return `$ ${this.program.description}\n${events}\n${this.strayLines.join("\n")}\n${this.program.stderr.slice(-4000)}`;
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      const event = parseEvent(line);
      if (event) this.#deliver(event);
      else if (line.trim()) this.strayLines.push(line);
    }
  }

  #deliver(event: ProgramEvent): void {
    this.events.push(event);
    for (const waiter of [...this.#waiters]) if (waiter.wants(event)) waiter.resolve(event);
  }

  #rejectAll(why: string): void {
    for (const waiter of [...this.#waiters]) waiter.reject(this.#failure(why));
  }

  #failure(why: string): Error {
    return new Error(`waited for an event, but ${why}\n${this.transcript()}`);
  }
}

function parseEvent(line: string): ProgramEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const named = typeof value === "object" && value !== null && "event" in value && typeof value.event === "string";
    return named ? (value as ProgramEvent) : undefined;
  } catch {
    return undefined;
  }
}
