import type { Disposable } from "../../shared/base/disposable.ts";

/** One attempt to reach the host; `dispose` gives it up, or ends what came of it, without a further call. */
export type Dial = (end: WireEnd) => Disposable;

/** What a wire tells: `opened` once at most, then texts, then `closed` exactly once. */
export interface WireEnd {
  opened(send: (text: string) => void): void;
  receive(text: string): void;
  closed(why: WireLoss): void;
}

/** "signed_out": the host is there and does not know this browser (any more); dialling again cannot help. */
export type WireLoss = "lost" | "signed_out";
