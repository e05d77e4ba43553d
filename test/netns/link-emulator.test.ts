import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { compileEmulator } from "../bench/tunnel/emulator.ts";
import type { Emulation } from "../bench/tunnel/links.ts";
import { createSite, type Site } from "../bench/tunnel/site.ts";
import { median } from "../bench/tunnel/statistics.ts";
import { iperf3, ping } from "./lab/traffic.ts";

/** The benchmark's link emulator does to packets what it is told to: seen from outside, with ping and iperf3. */

const source = fileURLToPath(new URL("../bench/link/link.c", import.meta.url));

describe("the link emulator", () => {
  let emulator: string;
  let site: Site | undefined;

  beforeAll(() => {
    emulator = compileEmulator(source);
  });
  afterEach(async () => {
    await site?.remove();
    site = undefined;
  });

  async function siteWith(emulated: Emulation): Promise<Site> {
    site = await createSite({ name: "test", title: "test", emulated }, emulator, 7);
    return site;
  }

  const pings = ({ a, b }: Site, count: number, intervalMs: number) => ping(a, b.ipv4, { count, intervalMs });

  it("delays each way", async () => {
    const { rtt, loss } = await pings(await siteWith({ delayMs: 15 }), 50, 20);
    expect(loss).toBe(0);
    expect(rtt?.min).toBeGreaterThanOrEqual(30);
    // The rest is the scheduler's, on a machine that has other things to do.
    expect(rtt?.min).toBeLessThan(31);
  });

  it("loses the share that it was told to, each way", async () => {
    const made = await siteWith({ delayMs: 1, lossPercent: 10 });
    const { loss } = await pings(made, 2000, 2);
    // There and back: 19 %; five standard deviations of 2000 trials are 4.4 %.
    expect(Math.abs(loss - 0.19)).toBeLessThan(0.044);
    const counters = await made.remove();
    expect(counters).toMatchObject({ ab: { received: 2000 } });
  });

  it("lets through as much as its bottleneck does, whoever sends faster", async () => {
    const made = await siteWith({ delayMs: 5, rateMbit: 50, queueMs: 50 });
    const udp = await iperf3(made.a, made.b, made.b.ipv4, {
      udp: true,
      rateMbit: 100,
      seconds: 3,
      extra: ["--length", "1172"],
    });
    // iperf3 counts the payload: 1172 of the 1200 bytes of a packet.
    const wire = udp.mbitPerSecond * (1200 / 1172);
    expect(wire).toBeGreaterThan(47);
    expect(wire).toBeLessThan(52);
    expect(udp.loss).toBeGreaterThan(0.4);
  });

  it("makes a packet wait for its bottleneck no longer than the queue is long", async () => {
    const made = await siteWith({ delayMs: 5, rateMbit: 20, queueMs: 50 });
    const load = iperf3(made.a, made.b, made.b.ipv4, {
      udp: true,
      rateMbit: 40,
      seconds: 4,
      extra: ["--length", "1172"],
    });
    const { output } = await ping(made.a, made.b.ipv4, { count: 100, intervalMs: 20 });
    await load;
    // There it waits behind a full queue, back it does not: 50 ms and twice 5. The extremes are the scheduler's.
    const usual = median([...output.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
    expect(usual).toBeGreaterThan(55);
    expect(usual).toBeLessThan(65);
  });

  it("delivers late what it reorders, and nothing twice", async () => {
    const made = await siteWith({ delayMs: 2, reorderPercent: 5, lateMs: 30 });
    const { output, sent, received } = await pings(made, 500, 5);
    expect(received).toBe(sent);
    const order = [...output.matchAll(/icmp_seq=(\d+)/g)].map(([, sequence]) => Number(sequence));
    const overtaken = order.filter((sequence, index) => index > 0 && sequence < (order[index - 1] ?? 0)).length;
    // 5 % each way is 9.75 % of 500; those that are late in a row come in order.
    expect(overtaken).toBeGreaterThan(20);
    expect(overtaken).toBeLessThan(80);
  });

  it("loses the same packets when it is run again with the same seed", async () => {
    const lost = async () => {
      const made = await siteWith({ delayMs: 1, lossPercent: 20 });
      const { output } = await pings(made, 200, 5);
      await made.remove();
      return [...output.matchAll(/icmp_seq=(\d+)/g)].map(([, sequence]) => sequence);
    };
    const first = await lost();
    expect(first.length).toBeLessThan(180);
    expect(await lost()).toEqual(first);
  });
});
