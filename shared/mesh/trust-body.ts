/**
 * What rides in a `trust` message: a JSON object whose meaning is not the mesh's business. It came from a member, or out
 * of a process that reads what members send, so whoever gets it may rely on this much: it is plain JSON, small and flat.
 */

/** One for every value and key, and the characters of the texts: no control message of 16 KiB holds more. */
const MAX_BODY_SIZE = 16 * 1024;
/** What members have to say nests a handful deep. More is meant for whoever walks it by recursion. */
export const MAX_BODY_DEPTH = 16;

/** Looks at one level after the other, so a value that is too deep or too large, or holds itself, costs no more than the limits. */
export function isTrustBody(value: unknown): value is object {
  if (!isPlainObject(value)) return false;
  let left = MAX_BODY_SIZE;
  let level: readonly unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    const inside: unknown[] = [];
    for (const each of level) {
      left -= 1 + (typeof each === "string" ? each.length : 0);
      if (left < 0) return false;
      if (isScalar(each)) continue;
      const parts = depth <= MAX_BODY_DEPTH ? partsOf(each) : undefined;
      if (!parts || parts.length > left) return false;
      // By index: a hole in an array comes out as undefined, which is no JSON.
      for (let n = 0; n < parts.length; n++) inside.push(parts[n]);
    }
    level = inside;
  }
  return true;
}

/** The values of an array, the keys and values of an object; undefined for what JSON does not have. */
function partsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isPlainObject(value) ? Object.entries(value).flat() : undefined;
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
