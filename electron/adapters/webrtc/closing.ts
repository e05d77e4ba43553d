/**
 * How a connection ends without losing what was said last. The native side hands closes to JavaScript before messages,
 * and drops the messages then; so the last words get a head start before the channel closes. And closing channel and
 * connection in one go lost one goodbye in four, so the connection stays until the channel's end has got across.
 */

/** The head start of the last words: more than a busy machine is deaf for. */
export const LAST_WORDS_MS = 250;
/** What the channel's end may take: a round trip around the world and a lost packet. Over as soon as the other end is. */
export const LINGER_MS = 1_000;

const closings = new Set<Promise<void>>();

/** Counts a connection as not gone yet until `gone` resolves. */
export function trackClosing(gone: Promise<void>): void {
  closings.add(gone);
  void gone.then(() => closings.delete(gone));
}

/**
 * Waits until every connection that was closed is really gone, at most a second and a half. A process that ends by
 * itself need not ask; one that calls process.exit() should, or its goodbyes are lost.
 */
export async function releaseWebrtc(): Promise<void> {
  while (closings.size > 0) await Promise.all(closings);
}

/** When everything that the native side has already reported has been heard. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
