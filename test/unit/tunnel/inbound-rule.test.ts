import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
  formatInboundRule,
  InboundRule,
  isPortOpen,
  isWithin,
  MAX_PORT_RANGES,
  type PortRange,
  parseInboundRule,
} from "../../../shared/tunnel/inbound-rule.ts";

const ssh: PortRange = { protocol: "tcp", from: 22, to: 22 };
const game: PortRange = { protocol: "udp", from: 27_015, to: 27_030 };

const port = fc.integer({ min: 1, max: 65_535 });
const range: fc.Arbitrary<PortRange> = fc
  .tuple(fc.constantFrom("tcp" as const, "udp" as const), port, port)
  .map(([protocol, a, b]) => ({ protocol, from: Math.min(a, b), to: Math.max(a, b) }));
const rule: fc.Arbitrary<InboundRule> = fc.oneof(
  fc.constantFrom<InboundRule>({ mode: "all" }, { mode: "none" }),
  fc.array(range, { minLength: 1, maxLength: MAX_PORT_RANGES }).map((ports) => ({ mode: "ports" as const, ports })),
);

describe("a rule as a person types it", () => {
  it.each([
    ["all", { mode: "all" }],
    [" None ", { mode: "none" }],
    ["tcp:22", { mode: "ports", ports: [ssh] }],
    ["TCP:22, udp:27015-27030", { mode: "ports", ports: [ssh, game] }],
    ["tcp:22;udp:27015-27030,", { mode: "ports", ports: [ssh, game] }],
    ["  tcp:22\n\tudp:27015-27030 ", { mode: "ports", ports: [ssh, game] }],
  ])("%j is understood", (text, expected) => {
    expect(parseInboundRule(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    "",
    " , ",
    "some",
    "all none",
    "tcp",
    "tcp:",
    "tcp:0",
    "tcp:65536",
    "tcp:99999",
    "tcp:100000",
    "tcp:-1",
    "tcp:2.5",
    "tcp:1e3",
    "tcp:0x16",
    "tcp:30-20",
    "tcp:20-",
    "tcp:20-30-40",
    "tcp: 22",
    "icmp:8",
    "22",
    "tcp:22,all",
    "tcp:22 none",
    "ｔcp:22",
  ])("%j is refused, with what to say instead", (text) => {
    expect(parseInboundRule(text)).toMatchObject({
      ok: false,
      error: { code: "invalid_rule", message: expect.stringContaining("tcp:22") },
    });
  });

  it("has so many ranges at most", () => {
    const text = (count: number) => Array.from({ length: count }, (_, i) => `tcp:${i + 1}`).join(",");
    expect(parseInboundRule(text(MAX_PORT_RANGES)).ok).toBe(true);
    expect(parseInboundRule(text(MAX_PORT_RANGES + 1)).ok).toBe(false);
  });

  it("is what is shown of it", () => {
    expect(formatInboundRule({ mode: "ports", ports: [ssh, game] })).toBe("tcp:22, udp:27015-27030");
    fc.assert(
      fc.property(rule, (each) => {
        expect(parseInboundRule(formatInboundRule(each))).toEqual({ ok: true, value: each });
      }),
    );
  });

  it("is refused or understood in no time, however long or odd", () => {
    const piece = fc.constantFrom("tcp", "udp", ":", "-", ",", " ", "0", "9", "22", "all", "none", "\n", "٣");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 200 }).map((all) => all.join("")),
        ),
        (text) => {
          const read = parseInboundRule(text);
          if (read.ok) expect(v.is(InboundRule, read.value)).toBe(true);
        },
      ),
    );
    const begun = performance.now();
    expect(parseInboundRule("tcp:1-".repeat(100_000)).ok).toBe(false);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe("a rule from elsewhere", () => {
  it.each([
    {},
    { mode: "some" },
    { mode: "ports" },
    { mode: "ports", ports: [] },
    { mode: "ports", ports: [{ protocol: "tcp", from: 2, to: 1 }] },
    { mode: "ports", ports: [{ protocol: "tcp", from: 0, to: 1 }] },
    { mode: "ports", ports: [{ protocol: "tcp", from: 1, to: 65_536 }] },
    { mode: "ports", ports: [{ protocol: "tcp", from: 1.5, to: 2 }] },
    { mode: "ports", ports: [{ protocol: "sctp", from: 1, to: 2 }] },
    { mode: "ports", ports: [{ protocol: "tcp", from: "1", to: 2 }] },
    { mode: "ports", ports: Array(MAX_PORT_RANGES + 1).fill(ssh) },
  ])("is refused when it is none: %j", (value) => {
    expect(v.is(InboundRule, value)).toBe(false);
  });
});

describe("a rule", () => {
  it("opens every port, none, or those it lists, of their protocol", () => {
    expect(isPortOpen({ mode: "all" }, "tcp", 1)).toBe(true);
    expect(isPortOpen({ mode: "none" }, "tcp", 1)).toBe(false);
    const ports: InboundRule = { mode: "ports", ports: [ssh, game] };
    expect([21, 22, 23].map((each) => isPortOpen(ports, "tcp", each))).toEqual([false, true, false]);
    expect([27_014, 27_015, 27_030, 27_031].map((each) => isPortOpen(ports, "udp", each))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isPortOpen(ports, "udp", 22)).toBe(false);
  });

  it("within another opens nothing that the other does not", () => {
    fc.assert(
      fc.property(rule, rule, fc.constantFrom("tcp" as const, "udp" as const), port, (narrow, wide, protocol, each) => {
        expect(isWithin(narrow, narrow)).toBe(true);
        expect(isWithin(narrow, { mode: "all" })).toBe(true);
        expect(isWithin({ mode: "none" }, wide)).toBe(true);
        if (isWithin(narrow, wide) && isPortOpen(narrow, protocol, each)) {
          expect(isPortOpen(wide, protocol, each)).toBe(true);
        }
        if (narrow.mode !== "ports" || wide.mode !== "ports") return;
        expect(isWithin(narrow, { ...wide, ports: [...wide.ports, ...narrow.ports] })).toBe(true);
      }),
    );
    expect(isWithin({ mode: "all" }, { mode: "ports", ports: [ssh] })).toBe(false);
    expect(isWithin({ mode: "ports", ports: [ssh] }, { mode: "none" })).toBe(false);
    expect(isWithin({ mode: "ports", ports: [ssh, game] }, { mode: "ports", ports: [game] })).toBe(false);
  });
});
