import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import type { PublicKey } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { fragmentIpv4 } from "../../shared/packet/fragment.ts";
import { parseIcmp } from "../../shared/packet/icmp.ts";
import { icmpError } from "../../shared/packet/icmp-error.ts";
import { ipv4Transport, parseIpv4 } from "../../shared/packet/ipv4.ts";
import { ipv6Transport, parseIpv6 } from "../../shared/packet/ipv6.ts";
import { clampMss } from "../../shared/packet/mss.ts";
import { summarizePacket } from "../../shared/packet/summary.ts";
import { parseTcp } from "../../shared/packet/tcp.ts";
import { parseUdp } from "../../shared/packet/udp.ts";
import { isSpeedFrame } from "../../shared/tunnel/speed-frame.ts";
import { Tunnel } from "../../shared/tunnel/tunnel.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeLane } from "../fakes/lane.ts";
import { hasValidChecksums, tcpPacket, udpPacket } from "../fakes/packets.ts";
import { FakeTun } from "../fakes/tun.ts";
import { PROPERTY_RUNS } from "./runs.ts";

const [a4, b4] = ["100.64.0.1", "100.64.0.2"];
const [a6, b6] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];
const syn = { flags: 2, options: Buffer.from([1, 2, 4, 0x23, 0, 3, 3, 7, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) };
const extended = Buffer.from([...udpPacket(a6, b6, Buffer.alloc(64))].fill(0, 6, 7));
const seeds = [udpPacket(a4, b4), udpPacket(a6, b6), tcpPacket(a4, b4, syn), tcpPacket(a6, b6, syn), extended];

/** Noise, noise that begins like IP, and real packets with a few bytes changed or the end cut off. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  fc.tuple(fc.constantFrom(0x45, 0x46, 0x4f, 0x60), fc.uint8Array({ maxLength: 120 })).map(([first, rest]) => {
    return Uint8Array.from([first, ...rest]);
  }),
  fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
      fc.oneof(fc.constant(0), fc.nat({ max: 60 })),
    )
    .map(([seed, changes, cut]) => {
      const bytes = Uint8Array.from(seed);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes.subarray(0, Math.max(0, bytes.length - cut));
    }),
);

describe("any bytes at all", () => {
  it("are parsed or refused without a throw, and never point outside themselves", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const ipv4 = parseIpv4(bytes);
        const ipv6 = parseIpv6(bytes);
        expect(ipv4 && ipv6).toBeUndefined();
        const header = ipv4 ?? ipv6;
        if (header) expect(header.totalBytes).toBeLessThanOrEqual(bytes.length);
        const transport = ipv4 ? ipv4Transport(ipv4) : ipv6 && ipv6Transport(bytes, ipv6);
        if (transport) {
          expect(transport.offset).toBeLessThanOrEqual(transport.end);
          expect(transport.end).toBeLessThanOrEqual(bytes.length);
          const tcp = parseTcp(bytes, transport);
          if (tcp) expect(transport.offset + tcp.headerBytes).toBeLessThanOrEqual(transport.end);
          parseUdp(bytes, transport);
          parseIcmp(bytes, transport);
          const length = bytes.length;
          clampMss(bytes, transport, 1280);
          expect(bytes.length).toBe(length);
        }
        expect(summarizePacket(bytes)).not.toContain("undefined");
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("are answered with a valid ICMP error or with none", () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 70_000 }), (bytes, mtu) => {
        const reply = icmpError(bytes, { kind: "too_big", mtu });
        if (reply) expect(hasValidChecksums(reply)).toBe(true);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("are cut into fragments that are packets, or not at all", () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 200 }), (bytes, max) => {
        const header = parseIpv4(bytes);
        if (!header) return;
        for (const fragment of fragmentIpv4(bytes, header, max) ?? []) {
          expect(fragment.length).toBeLessThanOrEqual(max);
          expect(parseIpv4(fragment)?.totalBytes).toBe(fragment.length);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("go through the tunnel from either side without a throw, each carried, answered or counted", () => {
    const key = "peer" as PublicKey;
    const self = { ipv4: a4, ipv6: a6, ipv4Salt: 0 };
    const defer = (task: () => void) => task();
    const tunnel = new Tunnel({
      self,
      clock: new FakeClock(),
      logger: silentLogger,
      mtu: 1280,
      random: secureRandom,
      defer,
    });
    const [tun, lane] = [new FakeTun(), new FakeLane({ maxPacketBytes: 60 })];
    tunnel.attach(tun);
    tunnel.setPeer(key, { ipv4: b4, ipv6: b6 });
    tunnel.setLane(key, lane);
    const dropped = () => Object.values(tunnel.totals().dropped).reduce((sum, count) => sum + count, 0);
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const before = dropped();
        tun.fromSystem(bytes);
        expect(lane.take().length + dropped() - before).toBeGreaterThan(0);
        tun.take();
        const between = dropped();
        lane.deliver(bytes);
        // What is no packet is neither.
        expect(tun.take().length + dropped() - between).toBe(isSpeedFrame(bytes) ? 0 : 1);
      }),
      { numRuns: PROPERTY_RUNS },
    );
    expect(lane.lost).toBe(0);
  });
});
