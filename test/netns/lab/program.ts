import { type ChildProcess, spawn } from "node:child_process";

/** How a finished command ended, with all it printed. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the command's standard input, which is then closed. */
  readonly input?: string;
  /** After this long the command is killed and the promise rejects. */
  readonly timeoutMs?: number;
}

/** A program that is asked to stop gets this long before it counts as one that does not stop. */
const STOP_MS = 10_000;
/** After its end, what a program printed is waited for this long: a child that it left behind may hold its output open. */
const LAST_WORDS_MS = 1000;
/** Enough of a program's words to see why it failed. */
const KEPT_STDERR_CHARS = 64 * 1024;

/**
 * A running program in a session of its own, so that it and what it starts can be ended together.
 * Lines of its standard output arrive as they are printed.
 */
export class Program {
  readonly pid: number;
  readonly description: string;
  /** When it has ended: its exit status, or null after a signal. */
  readonly exited: Promise<number | null>;
  stdout = "";
  stderr = "";
  onStdout: (chunk: Buffer) => void = () => {};
  readonly #child: ChildProcess;
  #running = true;

  /**
   * @param keepStdout false for output that is too large to hold
   * @throws when the command cannot be started
   */
  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    input?: string,
    keepStdout = true,
  ) {
    this.description = [command, ...args].join(" ");
    this.#child = spawn(command, args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    if (this.#child.pid === undefined) {
      this.#child.on("error", () => {});
      throw new Error(`could not start: ${this.description}`);
    }
    this.pid = this.#child.pid;
    this.#child.stdin?.on("error", () => {});
    this.#child.stdin?.end(input ?? "");
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      if (keepStdout) this.stdout += chunk.toString("utf8");
      this.onStdout(chunk);
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString("utf8")).slice(-KEPT_STDERR_CHARS);
    });
    this.exited = endOf(this.#child).then((code) => {
      this.#running = false;
      return code;
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** A signal to this process alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Asks it to end, as a service manager would (SIGTERM).
   * @returns its exit status
   * @throws when it is still there after `timeoutMs`; it is then killed
   */
  async stop(timeoutMs = STOP_MS): Promise<number | null> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.killNow(), timeoutMs);
    const code = await this.exited;
    clearTimeout(timer);
    if (this.#child.signalCode === "SIGKILL") throw new Error(`did not stop on SIGTERM: ${this.#told()}`);
    return code;
  }

  /** Ends it without warning (SIGKILL), as a crash or a power cut would, with all that it started. */
  async kill(): Promise<void> {
    this.killNow();
    await this.exited;
  }

  /** The synchronous half of `kill`, for a process that is itself ending. */
  killNow(): void {
    if (!this.#running) return;
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }

  /** @throws when it does not end in time; it is then killed */
  async finish(timeoutMs: number): Promise<Finished> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.killNow();
    }, timeoutMs);
    const code = await this.exited;
    clearTimeout(timer);
    if (late) throw new Error(`still running after ${timeoutMs} ms: ${this.#told()}`);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** What it is and what it said, for a person who reads a failed test. */
  #told(): string {
    return `${this.description}\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-4000)}`;
  }
}

/** The exit status, once all output has arrived, or could have. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    child.once("exit", (code) => {
      timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(code);
      }, LAST_WORDS_MS);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}
