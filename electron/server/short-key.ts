import type { PublicKey } from "../../shared/base/brand.ts";

/** Enough of a key to find it in a log, too little to be mistaken for the key. */
export function shortKey(key: PublicKey): string {
  return `${key.slice(0, 8)}…`;
}
