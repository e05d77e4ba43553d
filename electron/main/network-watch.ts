import { networkInterfaces } from "node:os";
import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";

/** How often the machine's addresses are looked at: a roaming laptop is back within seconds, at no cost worth naming. */
const LOOK_EVERY_MS = 3_000;
/** A look that comes this much later than due, by the wall clock, means that the machine slept. */
const SLEPT_MS = 10_000;

export type WhatChanged =
  | { readonly kind: "addresses"; readonly addresses: ReadonlySet<string> }
  | { readonly kind: "woke" };

/** Tells when the machine's addresses changed, or when it woke from sleep. Tunnel devices of ours do not count. */
export function watchNetwork(
  clock: Clock,
  isTunnelDevice: (name: string) => boolean,
  onChange: (change: WhatChanged) => void,
  interfaces = networkInterfaces,
): Disposable {
  let known = signature(interfaces(), isTunnelDevice);
  let lookedAt = clock.wallTime();
  return clock.every(LOOK_EVERY_MS, () => {
    const now = clock.wallTime();
    const slept = now - lookedAt > LOOK_EVERY_MS + SLEPT_MS;
    lookedAt = now;
    const seen = signature(interfaces(), isTunnelDevice);
    if (seen !== known) {
      known = seen;
      onChange({ kind: "addresses", addresses: new Set(seen.split("\n").filter(Boolean)) });
    } else if (slept) onChange({ kind: "woke" });
  });
}

/** Every usable address of the machine, a line each, in a fixed order. */
function signature(all: ReturnType<typeof networkInterfaces>, isTunnelDevice: (name: string) => boolean): string {
  const addresses: string[] = [];
  for (const [name, entries] of Object.entries(all)) {
    if (isTunnelDevice(name)) continue;
    for (const { address, internal, family } of entries ?? []) {
      // Link-local addresses come and go with the interface, and ICE does not use them.
      if (!internal && !(family === "IPv6" && address.startsWith("fe80:"))) addresses.push(address);
    }
  }
  return addresses.sort().join("\n");
}
