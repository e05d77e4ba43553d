import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import type { Host } from "../../netns/lab/host.ts";

/** Debian's: the tests bring no browser along. */
const CHROMIUM = "/usr/bin/chromium";

/** It asks nobody for anything but the page, and draws without a graphics card. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts a browser on a machine of the lab, with a profile of its own: the host's user interface is on its loopback.
 * @param flags of Chromium's command line, beside those that keep it quiet
 */
export function startBrowser(host: Host, flags: readonly string[] = []): Promise<Browser> {
  const inNamespace = join(host.profile, "..", "chromium");
  writeFileSync(inNamespace, `#!/bin/sh\nexec ip netns exec ${host.namespace} ${CHROMIUM} "$@"\n`);
  chmodSync(inNamespace, 0o755);
  return chromium.launch({ executablePath: inNamespace, args: [...QUIET, ...flags] });
}
