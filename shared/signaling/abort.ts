import type { AbortSignalLike } from "./ports.ts";

/** What is needed of the platform's AbortController, which every runtime has and the ES library does not declare. */
export interface AbortControllerLike {
  readonly signal: AbortSignalLike;
  abort(): void;
}

declare const AbortController: new () => AbortControllerLike;

export function createAbortController(): AbortControllerLike {
  return new AbortController();
}
