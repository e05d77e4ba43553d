import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { EventProgram } from "./lab/events.ts";
import { useLab } from "./lab/use-lab.ts";

/*
 * Two members on two hosts of a lab, their tunnels joined by one UDP socket each:
 *
 *   govpn0 100.64.0.1, fd67:6f76:706e::1                   govpn0 100.64.0.2, fd67:6f76:706e::2
 *   Tunnel ── UdpLane ── eth0 10.66.0.1 ════════ 10.66.0.2 eth0 ── UdpLane ── Tunnel
 */
export const MEMBER_1 = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1" };
export const MEMBER_2 = { ipv4: "100.64.0.2", ipv6: "fd67:6f76:706e::2" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("./tunnel-host.ts", import.meta.url));

/**
 * Two members of a lab of their own, up while the tests of a `describe` run.
 * @param options of tunnel-host.ts: the first member's, and the second's
 */
export function useTunnelMembers(...options: readonly [readonly string[], readonly string[]]) {
  const lab = useLab({ hosts: 2 });
  const members: EventProgram[] = [];
  let folder = "";
  beforeAll(async () => {
    // Bundled apart from the product's own build; native packages are found where they are installed.
    folder = mkdtempSync(join(tmpdir(), "govpn-tunnel-host-"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const rolldown = join(root, "node_modules/rolldown/bin/cli.mjs");
    const words = ["--platform", "node", "--format", "esm", "--external", "koffi", "-o", join(folder, "host.mjs")];
    execFileSync(process.execPath, [rolldown, program, ...words], { cwd: root, stdio: "pipe" });
    for (const [self, peer] of [["1", "2"] as const, ["2", "1"] as const]) {
      const args = [join(folder, "host.mjs"), self, peer, ...(options[Number(self) - 1] ?? [])];
      members.push(lab().host(Number(self)).spawnEvents(process.execPath, args));
    }
    for (const member of members) await member.waitFor(({ event }) => event === "ready");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const member = (number: number) => members[number - 1]!;
  /** What a member says to a signal. */
  const told = (number: number, signal: NodeJS.Signals, answer: string) => {
    const from = member(number).events.length;
    member(number).program.signal(signal);
    return member(number).waitFor(({ event }) => event === answer, 5000, from);
  };
  return {
    host: (number: number) => lab().host(number),
    member,
    counters: (number: number) => told(number, "SIGUSR2", "counters"),
    /** How many packets the member's rule has kept out. */
    async refused(number: number): Promise<number> {
      const { dropped } = await told(number, "SIGUSR2", "counters");
      return (dropped as { refused: number }).refused;
    },
    /** The next of the rules that the member was given by --inbound. */
    nextRule: (number: number) => told(number, "SIGALRM", "inbound"),
  };
}
