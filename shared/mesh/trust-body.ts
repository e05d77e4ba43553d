/**
 * What rides in a `trust` message: a JSON object whose meaning is not the mesh's business. It came from a member, or out
 * of a process that reads what members send, so whoever gets it may rely on this much: it is plain JSON, small and flat.
 */

/** Characters of strings and keys, and one for every value: all that a control message of 16 KiB can hold. */
const MAX_BODY_SIZE = 16 * 1024;
/** What members have to say nests a handful deep. More is meant for whoever walks it by recursion. */
export const MAX_BODY_DEPTH = 16;

/** Looks at each level in turn, so neither a deep value, nor one that holds itself, takes more than its limits allow. */
export function isTrustBody(value: unknown): value is object {
  if (!isPlainObject(value)) return false;
  let left = MAX_BODY_SIZE;
  let level: readonly unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_BODY_DEPTH + 1) return false;
    const inside: unknown[] = [];
    for (const each of level) {
      left -= 1 + (typeof each === "string" ? each.length : 0);
      if (left < 0) return false;
      if (isScalar(each)) continue;
      if (Array.isArray(each)) {
        if (each.length > left) return false;
        // Not spread: a hole must come out as undefined, which is no JSON.
        for (let n = 0; n < each.length; n++) inside.push(each[n]);
      } else if (isPlainObject(each)) {
        for (const [key, member] of Object.entries(each)) {
          left -= key.length;
          inside.push(member);
        }
      } else return false;
    }
    level = inside;
  }
  return true;
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
