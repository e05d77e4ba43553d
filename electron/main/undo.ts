import type { Logger } from "../../shared/base/logger.ts";
import { messageOf } from "../../shared/base/result.ts";

type Step = () => unknown;

/** What is to be taken back when a program ends, newest first. A step that fails keeps no other from being taken. */
export class UndoSteps {
  readonly #logger: Logger;
  readonly #steps: { readonly what: string; readonly step: Step }[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param what for the log, where it fails: "the lock". @param step may be asynchronous, and the next one waits for it. */
  add(what: string, step: Step): void {
    this.#steps.push({ what, step });
  }

  /** Each step is taken once, however often this is asked. */
  async run(): Promise<void> {
    for (let next = this.#steps.pop(); next; next = this.#steps.pop()) {
      try {
        await next.step();
      } catch (error) {
        this.#logger.error("something did not end in order", { what: next.what, error: messageOf(error) });
      }
    }
  }
}
