import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventProgram } from "./lab/events.ts";
import { iperf3, iperf3Server, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/*
 * Two members on two hosts of a lab, their tunnels joined by one UDP socket each:
 *
 *   ping, iperf3                                           iperf3 --server
 *   govpn0 100.64.0.1, fd67:6f76:706e::1                   govpn0 100.64.0.2, fd67:6f76:706e::2
 *   Tunnel ── UdpLane ── eth0 10.66.0.1 ════════ 10.66.0.2 eth0 ── UdpLane ── Tunnel
 */
const [ipv4, ipv6] = ["100.64.0.2", "fd67:6f76:706e::2"];
const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("./tunnel-host.ts", import.meta.url));

let folder = "";
beforeAll(() => {
  // Bundled apart from the product's own build; native packages are found where they are installed.
  folder = mkdtempSync(join(tmpdir(), "govpn-tunnel-host-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const rolldown = join(root, "node_modules/rolldown/bin/cli.mjs");
  const options = ["--platform", "node", "--format", "esm", "--external", "koffi", "-o", join(folder, "host.mjs")];
  execFileSync(process.execPath, [rolldown, program, ...options], { cwd: root, stdio: "pipe" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two members of a lab of their own, up while the tests of a `describe` run. */
function useMembers(...options: readonly string[]) {
  return useUnlikeMembers(options, options);
}

/** The same, each with options of its own. */
function useUnlikeMembers(...options: readonly [readonly string[], readonly string[]]) {
  const lab = useLab({ hosts: 2 });
  const members: EventProgram[] = [];
  beforeAll(async () => {
    for (const [self, peer] of [["1", "2"] as const, ["2", "1"] as const]) {
      const args = [join(folder, "host.mjs"), self, peer, ...(options[Number(self) - 1] ?? [])];
      members.push(lab().host(Number(self)).spawnEvents(process.execPath, args));
    }
    for (const member of members) await member.waitFor(({ event }) => event === "ready");
  });
  return {
    host: (number: number) => lab().host(number),
    member: (number: number) => members[number - 1]!,
    async counters(number: number) {
      const member = members[number - 1]!;
      const from = member.events.length;
      member.program.signal("SIGUSR2");
      return member.waitFor(({ event }) => event === "counters", 5000, from);
    },
  };
}

describe("two members joined by a lane", () => {
  const { host, member, counters } = useMembers();

  it("ping each other by IPv4 and IPv6 and lose nothing", async () => {
    const burst = { count: 100, intervalMs: 5 };
    expect(await ping(host(1), ipv4, burst)).toMatchObject({ sent: 100, received: 100 });
    expect(await ping(host(1), ipv6, burst)).toMatchObject({ sent: 100, received: 100 });
    expect(await ping(host(2), "100.64.0.1")).toMatchObject({ loss: 0 });
  });

  it("ping with packets larger than the interface, which the system cuts and puts together", async () => {
    expect(await ping(host(1), ipv4, { size: 8000 })).toMatchObject({ loss: 0 });
    expect(await ping(host(1), ipv6, { size: 8000 })).toMatchObject({ loss: 0 });
  });

  it("carry TCP both ways, and UDP", async () => {
    const server = await iperf3Server(host(2));
    expect((await iperf3(host(1), ipv4, { seconds: 2 })).mbitPerSecond).toBeGreaterThan(20);
    expect((await iperf3(host(1), ipv6, { seconds: 2, reverse: true })).mbitPerSecond).toBeGreaterThan(20);
    const udp = await iperf3(host(1), ipv4, { seconds: 2, udp: true, rateMbit: 20 });
    expect(udp.mbitPerSecond).toBeGreaterThan(15);
    expect(udp.loss).toBeLessThan(0.05);
    await server.kill();
  });

  it("refuse at once an address that nobody has", async () => {
    const { output, received } = await ping(host(1), "100.64.0.99", { count: 1 });
    expect(received).toBe(0);
    expect(output).toMatch(/From 100\.64\.0\.99 .*Destination Host Unreachable/);
    expect((await ping(host(1), "fd67:6f76:706e::99", { count: 1 })).output).toMatch(/Address unreachable/);
  });

  it("let in nothing from a foreign source, and count it", async () => {
    const inbound = (await counters(2)).packetsIn;
    member(1).program.signal("SIGHUP");
    await member(1).waitFor(({ event }) => event === "spoofed");
    expect(await ping(host(1), ipv4, { count: 1 })).toMatchObject({ received: 1 });
    const after = await counters(2);
    expect(after.dropped).toMatchObject({ spoofed: 3, wrong_destination: 0, malformed: 0 });
    expect(after.packetsIn).toBe((inbound as number) + 1);
  });

  it("end by themselves when they close, and take their interface with them", async () => {
    expect(await member(1).stop()).toBe(0);
    expect((await host(1).run("ip", ["-o", "link"])).stdout).not.toContain("govpn");
  });
});

describe("two members with a wide interface and a narrow lane", () => {
  const { host, counters } = useMembers("--mtu", "4000", "--lane-bytes", "1400");

  it("tell the sender of a packet that may not be cut what size fits", async () => {
    const { output, received } = await ping(host(1), ipv4, { count: 1, size: 3000, dontFragment: true });
    expect(received).toBe(0);
    expect(output).toMatch(/Frag needed.*mtu = 1400/);
    expect(await ping(host(1), ipv4, { count: 1, size: 1372, dontFragment: true })).toMatchObject({ received: 1 });
    const tooLong = await ping(host(1), ipv4, { count: 1, size: 1373, dontFragment: true });
    expect(tooLong.output).toMatch(/message too long, mtu=1400/i);
  });

  it("tell IPv6 senders too, who then cut their packets themselves", async () => {
    const first = await ping(host(1), ipv6, { count: 2, size: 3000 });
    expect(first.output).toMatch(/Packet too big: mtu=1400/);
    expect(await ping(host(1), ipv6, { size: 3000 })).toMatchObject({ loss: 0 });
  });

  it("cut what may be cut, so that nothing is lost", async () => {
    const before = await counters(2);
    // "-M dont" clears "don't fragment"; the system itself would send 3028 bytes whole.
    const { stdout } = await host(2).run("ping", [
      "-n",
      "-c",
      "3",
      "-i",
      "0.2",
      "-M",
      "dont",
      "-s",
      "3000",
      "100.64.0.1",
    ]);
    expect(stdout).toContain("3 received");
    const after = await counters(2);
    expect(after.dropped).toEqual(before.dropped);
    expect(Number(after.packetsOut) - Number(before.packetsOut)).toBe(9); // three pings of 3028 bytes, in three each
  });

  it("carry TCP without ever sending a segment that does not fit", async () => {
    const before = (await counters(1)).dropped;
    const server = await iperf3Server(host(2));
    expect((await iperf3(host(1), ipv4, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
    expect((await iperf3(host(1), ipv6, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
    await server.kill();
    expect((await counters(1)).dropped).toMatchObject({ too_big: (before as { too_big: number }).too_big });
  });
});

describe.each([
  ["with offloads and one without", [], ["--no-offloads"]],
  ["without offloads", ["--no-offloads"], ["--no-offloads"]],
] as const)("two members, %s", (_, first, second) => {
  const { host, counters } = useUnlikeMembers(first, second);

  it("carry TCP both ways by IPv4 and IPv6", async () => {
    const server = await iperf3Server(host(2));
    for (const address of [ipv4, ipv6]) {
      expect((await iperf3(host(1), address, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
      expect((await iperf3(host(1), address, { seconds: 1, reverse: true })).mbitPerSecond).toBeGreaterThan(20);
    }
    await server.kill();
    for (const number of [1, 2]) {
      expect((await counters(number)).dropped).toMatchObject({ malformed: 0, too_big: 0, device_full: 0 });
    }
  });

  it("carry UDP", async () => {
    const server = await iperf3Server(host(2));
    const udp = await iperf3(host(1), ipv4, { seconds: 1, udp: true, rateMbit: 20 });
    expect(udp.loss).toBeLessThan(0.05);
    await server.kill();
  });
});
