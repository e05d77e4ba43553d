import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a parser may leave behind after millions of inputs: the engine's own caches and compiled code, and no more. */
export const MOST_GROWTH_BYTES = 16 * 1024 * 1024;

/** The collector, without starting Node with a flag for it. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

const collect = collector();

/** Bytes that are in use once everything that nobody holds is gone: objects, and array buffers beside them. */
export function bytesInUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
