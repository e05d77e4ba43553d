import { describe, expect, it } from "vitest";
import { highestRate } from "../../bench/tunnel/measure/highest-rate.ts";
import {
  bidirFigures,
  senderCongestion,
  tcpFigures,
  type UdpFigures,
  udpFigures,
} from "../../bench/tunnel/measure/iperf.ts";
import { pingFigures } from "../../bench/tunnel/measure/ping-times.ts";
import { busySeconds } from "../../bench/tunnel/usage.ts";

describe("iperf3's report", () => {
  const report = {
    end: {
      sum_sent: { bytes: 130, bits_per_second: 1.1e9, retransmits: 7 },
      sum_received: { bytes: 125, bits_per_second: 1e9 },
      sum_received_bidir_reverse: { bytes: 50, bits_per_second: 4e8 },
      sender_tcp_congestion: "bbr",
    },
  };

  it("tells what arrived, not what was sent", () => {
    expect(tcpFigures(report)).toEqual({ mbit: 1000, bytes: 125, retransmits: 7 });
  });

  it("tells both directions of a transfer both ways", () => {
    expect(bidirFigures(report)).toEqual([1000, 400]);
  });

  it("tells which congestion control was used", () => {
    expect(senderCongestion(report)).toBe("bbr");
  });

  it("tells of UDP how many packets a second came, and what share was lost", () => {
    const sum = { packets: 1000, lost_packets: 10, seconds: 2 };
    expect(udpFigures({ end: { sum } })).toEqual({ sent: 500, received: 495, loss: 0.01 });
  });

  it("counts a packet that came twice as no gain", () => {
    const sum = { packets: 1000, lost_packets: -3, seconds: 1 };
    expect(udpFigures({ end: { sum } })).toMatchObject({ received: 1000, loss: 0 });
  });

  it("is no figure when nothing was sent or it has no end", () => {
    expect(() => udpFigures({ end: { sum: { packets: 0, seconds: 1 } } })).toThrow("no packets");
    expect(() => tcpFigures({ error: "refused" })).toThrow("no end");
  });
});

describe("ping's replies", () => {
  const reply = (time: number, more = "") => `64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=${time} ms${more}`;

  it("give the average and the 99th percentile", () => {
    const times = Array.from({ length: 200 }, (_, index) => (index < 197 ? 1 : 50));
    const { average, p99, loss } = pingFigures(times.map((time) => reply(time)).join("\n"), 200);
    expect(average).toBeCloseTo((197 + 150) / 200);
    expect([p99, loss]).toEqual([50, 0]);
  });

  it("leave out duplicates and count what is missing", () => {
    const output = [reply(1), reply(9, " (DUP!)"), reply(3)].join("\n");
    expect(pingFigures(output, 4)).toEqual({ average: 2, p99: 3, loss: 50 });
  });

  it("are an error when there is none", () => {
    expect(() => pingFigures("4 packets transmitted, 0 received", 4)).toThrow("no reply");
  });
});

describe("/proc/stat", () => {
  it("counts kernel and interrupts as busy, idle, waiting and stolen time as not", () => {
    const stat = "cpu  100 10 200 9000 500 30 60 700 0 0\ncpu0 50 5 100 4500 250 15 30 350 0 0\nctxt 1\n";
    expect(busySeconds(stat)).toBe(4);
  });
});

describe("the search for the highest UDP rate", () => {
  /** A tunnel that carries so many packets a second, from a sender that makes at most `most`. */
  function tunnel({ carries, most = 1e6, overload = carries }: { carries: number; most?: number; overload?: number }) {
    const rates: (number | "full")[] = [];
    const probe = async (rate: number | "full"): Promise<UdpFigures> => {
      rates.push(rate);
      const sent = Math.min(rate === "full" ? most : rate, most);
      const received = sent <= carries ? sent : overload;
      return { sent, received, loss: 1 - received / sent };
    };
    return { probe, rates };
  }

  it("comes within a step below what the tunnel carries", async () => {
    for (const carries of [3000, 41_000, 250_000]) {
      const { packets } = await highestRate(tunnel({ carries }).probe);
      expect(packets).toBeLessThanOrEqual(carries);
      expect(packets).toBeGreaterThanOrEqual(carries / 1.25);
    }
  });

  it("climbs past what arrived at full blast, where overload costs the tunnel a part of what it could carry", async () => {
    const { packets, full } = await highestRate(tunnel({ carries: 100_000, overload: 30_000 }).probe);
    expect(full.received).toBe(30_000);
    expect(packets).toBeGreaterThan(80_000);
  });

  it("asks no further when full blast is carried", async () => {
    const fast = tunnel({ carries: 1e9, most: 200_000 });
    expect(await highestRate(fast.probe)).toMatchObject({ packets: 200_000 });
    expect(fast.rates).toEqual(["full"]);
  });

  it("is not put off by one hiccup", async () => {
    const { probe } = tunnel({ carries: 50_000 });
    let calls = 0;
    const hiccuping = async (rate: number | "full") => {
      const figures = await probe(rate);
      return ++calls === 3 ? { ...figures, loss: 0.5 } : figures;
    };
    expect((await highestRate(hiccuping)).packets).toBeGreaterThan(40_000);
  });

  it("goes down where even the first rate is too much, and says 0 where every rate is", async () => {
    const low = tunnel({ carries: 4000, overload: 40_000 });
    expect((await highestRate(low.probe)).packets).toBeGreaterThan(2500);
    const leaky = async (): Promise<UdpFigures> => ({ sent: 1000, received: 900, loss: 0.1 });
    expect((await highestRate(leaky)).packets).toBe(0);
  });
});
