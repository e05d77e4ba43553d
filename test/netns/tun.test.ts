import { describe, expect, it } from "vitest";
import { iperf3, ping } from "./lab/traffic.ts";
import { MEMBER_2, useTunnelMembers } from "./tunnel-members.ts";

// Two members joined by a lane of UDP, with ping and iperf3 through their tunnels.
const { ipv4, ipv6 } = MEMBER_2;
const useMembers = (...options: readonly string[]) => useTunnelMembers(options, options);

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
    expect((await iperf3(host(1), host(2), ipv4, { seconds: 2 })).mbitPerSecond).toBeGreaterThan(20);
    expect((await iperf3(host(1), host(2), ipv6, { seconds: 2, reverse: true })).mbitPerSecond).toBeGreaterThan(20);
    const udp = await iperf3(host(1), host(2), ipv4, { seconds: 2, udp: true, rateMbit: 20 });
    expect(udp.mbitPerSecond).toBeGreaterThan(15);
    expect(udp.loss).toBeLessThan(0.05);
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
    expect((await iperf3(host(1), host(2), ipv4, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
    expect((await iperf3(host(1), host(2), ipv6, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
    expect((await counters(1)).dropped).toMatchObject({ too_big: (before as { too_big: number }).too_big });
  });
});

describe.each([
  ["with offloads and one without", [], ["--no-offloads"]],
  ["without offloads", ["--no-offloads"], ["--no-offloads"]],
] as const)("two members, %s", (_, first, second) => {
  const { host, counters } = useTunnelMembers(first, second);

  it("carry TCP both ways by IPv4 and IPv6", async () => {
    for (const address of [ipv4, ipv6]) {
      expect((await iperf3(host(1), host(2), address, { seconds: 1 })).mbitPerSecond).toBeGreaterThan(20);
      expect((await iperf3(host(1), host(2), address, { seconds: 1, reverse: true })).mbitPerSecond).toBeGreaterThan(
        20,
      );
    }
    for (const number of [1, 2]) {
      expect((await counters(number)).dropped).toMatchObject({ malformed: 0, too_big: 0, device_full: 0 });
    }
  });

  it("carry UDP", async () => {
    const udp = await iperf3(host(1), host(2), ipv4, { seconds: 1, udp: true, rateMbit: 20 });
    expect(udp.loss).toBeLessThan(0.05);
  });
});
