import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { FailureError } from "../../../shared/base/result.ts";

/** One line of a program that was asked for `--json`. */
export type ProgramEvent = Readonly<Record<string, unknown>>;

/** What `up` and `serve` get to close their links and sockets before they are killed. */
const STOP_WITHIN_MS = 3_000;
/** Enough of a program's complaints to see why it failed. */
const KEPT_STDERR_LENGTH = 4_096;

/** A program that tells what it does in JSON lines, in a process group of its own: Ctrl+C reaches the demo alone. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #events: ProgramEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #closed: Promise<void>;
  #ended = false;
  #stderr = "";

  /** @param name what people are told went wrong with */
  constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#closed = new Promise((resolve) => {
      const ended = () => {
        this.#ended = true;
        this.#wake();
        resolve();
      };
      child.on("close", ended);
      child.on("error", (error) => {
        this.#stderr += error.message;
        ended();
      });
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#read(line));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-KEPT_STDERR_LENGTH);
    });
  }

  /**
   * The first event that fits, whether it came already or comes yet.
   * @throws FailureError when the program reports an error or ends before; what `signal` was aborted with, when it is
   */
  waitFor(fits: (event: ProgramEvent) => boolean, signal: AbortSignal): Promise<ProgramEvent> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#waiting.delete(look);
        signal.removeEventListener("abort", look);
        finish();
      };
      const look = () => {
        const found = this.#events.find(fits);
        if (found) return settle(() => resolve(found));
        const failure = this.#failure();
        if (failure) return settle(() => reject(failure));
        if (signal.aborted) settle(() => reject(signal.reason));
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }

  /** Asks it to end, and ends it if it does not. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.killNow(), STOP_WITHIN_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  /** Ends it at once; also while this process is itself exiting. */
  killNow(): void {
    if (!this.#ended) this.#child.kill("SIGKILL");
  }

  #read(line: string): void {
    try {
      const event: unknown = JSON.parse(line);
      if (typeof event === "object" && event !== null) this.#events.push(event as ProgramEvent);
    } catch {
      this.#stderr = (this.#stderr + line).slice(-KEPT_STDERR_LENGTH);
    }
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #failure(): FailureError | undefined {
    const error = this.#events.find(({ event }) => event === "error");
    if (error) return new FailureError({ code: String(error.code), message: `${this.name}: ${error.message}` });
    if (!this.#ended) return undefined;
    const told = this.#stderr.trim();
    return new FailureError({ code: "program_ended", message: `${this.name} ended early${told && `: ${told}`}` });
  }
}
