/**
 * What changed between two states of plain JSON values, as a JSON Merge Patch (RFC 7396), and its application.
 *
 * The format cannot tell "is null" from "is gone", so the values it is used on hold no null outside of lists; a
 * property that is undefined counts as absent, as it does in JSON. Lists are replaced whole.
 */

type JsonObject = Readonly<Record<string, unknown>>;

/** The patch that makes `after` of `before`; undefined when nothing is to be done. Parts shared by both cost nothing. */
export function diff(before: unknown, after: unknown): unknown {
  if (before === after) return undefined;
  if (!isObject(after)) return isEqual(before, after) ? undefined : after;
  // Whatever was there before, an object patch builds on an empty one.
  if (!isObject(before)) return after;
  const changes: [string, unknown][] = [];
  for (const key of Object.keys(before)) {
    if (valueAt(before, key) !== undefined && valueAt(after, key) === undefined) changes.push([key, null]);
  }
  for (const key of Object.keys(after)) {
    const value = valueAt(after, key);
    if (value === undefined) continue;
    const change = diff(valueAt(before, key), value);
    if (change !== undefined) changes.push([key, change]);
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/**
 * The state after a patch. Nothing is changed in place: what the patch does not touch is the very same object as
 * before, and a patch that changes nothing gives `state` itself, so that a view can compare by identity.
 */
export function applyPatch(state: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return isEqual(state, patch) ? state : patch;
  const target: JsonObject = isObject(state) ? state : {};
  const changed = new Map<string, unknown>();
  for (const key of Object.keys(patch)) {
    const change = valueAt(patch, key);
    const old = valueAt(target, key);
    const value = change === null ? undefined : applyPatch(old, change);
    if (value !== old || (value === undefined && Object.hasOwn(target, key))) changed.set(key, value);
  }
  if (changed.size === 0) return isObject(state) ? state : target;
  const kept = Object.entries(target).filter(([key]) => !changed.has(key));
  const made = [...changed].filter(([, value]) => value !== undefined);
  // fromEntries makes own properties of any name: a room called "__proto__" is a room, not a prototype.
  return Object.fromEntries([...kept, ...made]);
}

/** A property of the object itself: "constructor" is not in an empty one. */
function valueAt(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return Number.isNaN(a) && Number.isNaN(b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isEqual(a[key], valueAt(b, key)));
}
