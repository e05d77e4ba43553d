// @ts-check
import { Worker } from "node:worker_threads";

/** By far more than any input may take, and soon enough for somebody who waits. */
export const HANG_CPU_MS = 20_000;
const LOOK_EVERY_MS = 500;

/**
 * Runs in a thread of its own, which goes on when the program's does not: when the program has used so much processor
 * time without another input, it says which input that is, and ends the program. Time that other programs took does not
 * count.
 */
const watch = `
const { parentPort, workerData: { count, limitMs, everyMs } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
let [what, seen, since] = ["", -1, cpuMs()];
parentPort.on("message", (text) => { [what, seen] = [text, -1]; });
setInterval(() => {
  if (what === "" || count[0] !== seen) [seen, since] = [count[0], cpuMs()];
  else if (cpuMs() - since > limitMs) {
    writeSync(2, "\\n" + what + ": input " + seen + " has taken " + Math.round(cpuMs() - since) + " ms of processor time and goes on\\n");
    process.kill(process.pid, "SIGKILL");
  }
}, everyMs);
`;

/** Ends this process when one input takes for ever: a loop that does not end cannot be stopped from inside. */
export class Watchdog {
  #count = new Int32Array(new SharedArrayBuffer(4));
  /** @type {Worker} */
  #worker;

  constructor(limitMs = HANG_CPU_MS, everyMs = LOOK_EVERY_MS) {
    const workerData = { count: this.#count, limitMs, everyMs };
    // Without the flags of whoever runs the tests: one of them could take the text for a module.
    this.#worker = new Worker(watch, { eval: true, execArgv: [], workerData });
    this.#worker.unref();
  }

  /** @param {string} what is being fed from now on, for people */
  begin(what) {
    this.#worker.postMessage(what);
  }

  /** Another input. @param {number} number */
  next(number) {
    this.#count[0] = number;
  }

  /** Nothing is being fed any more. */
  end() {
    this.#worker.postMessage("");
  }
}
