/** What a run looks for beside broken promises: inputs that take long, and memory that is not given back. */

/** No input may take longer than this: milliseconds of processor time, so that a busy machine fails nothing. */
export const LONGEST_INPUT_MS = 100;
/** How often an input that seems slow is tried again: a pause for the collector or the compiler does not come back. */
const TRIES = 3;

/** Milliseconds of the processor's time that this process has had so far. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Keeps the slowest input. Time on the clock is what is looked at first, because asking for it costs next to nothing. */
export class Meter {
  slowestMs = 0;

  /**
   * One input. @param run gives it to the parser, and may be called again
   * @throws when it is too slow every time
   */
  time(run: () => void): void {
    const startedAt = performance.now();
    run();
    const took = performance.now() - startedAt;
    // The clock ran on while others had the processor: it can only show too much.
    if (took <= this.slowestMs) return;
    let least = took;
    for (let tries = 0; tries < TRIES && least > this.slowestMs; tries++) {
      const before = cpuMs();
      run();
      least = Math.min(least, cpuMs() - before);
    }
    this.#keep(least);
  }

  async timeAsync(run: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    await run();
    const took = performance.now() - startedAt;
    if (took <= this.slowestMs) return;
    let least = took;
    for (let tries = 0; tries < TRIES && least > this.slowestMs; tries++) {
      const before = cpuMs();
      await run();
      least = Math.min(least, cpuMs() - before);
    }
    this.#keep(least);
  }

  #keep(ms: number): void {
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (ms > LONGEST_INPUT_MS)
      throw new Error(`not so: it takes less than ${LONGEST_INPUT_MS} ms (${ms.toFixed(0)} ms)`);
  }
}
