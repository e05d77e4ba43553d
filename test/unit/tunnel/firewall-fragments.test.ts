import { describe, expect, it } from "vitest";
import { FRAGMENTED_MS, MAX_FRAGMENTED } from "../../../shared/tunnel/accepted-fragments.ts";
import { udpPacket } from "../../fakes/packets.ts";
import {
  ALL,
  conversation,
  DATA,
  echo,
  echoReply,
  families,
  fragment,
  fragments,
  GAME,
  guarded,
  NONE,
  SYN,
  SYN_ACK,
  transportOf,
  unreachable,
  WEB,
} from "./firewall-fixture.ts";

const [UDP, TCP] = [17, 6];

describe.each(families)("fragments by $name", (family) => {
  const { ann: from, self: to } = family;
  const ports = { source: 50_000, destination: 27_015 };
  const datagram = udpPacket(from, to, Buffer.alloc(200, 7), ports);
  const refusedDatagram = udpPacket(from, to, Buffer.alloc(200, 7), { ...ports, destination: 27_016 });
  const whole = (id = 1) => fragments(datagram, from, to, id);
  const refusedWhole = (id = 1) => fragments(refusedDatagram, from, to, id);

  it("follow the first, which has the ports: all of them or none", () => {
    const { comesIn } = guarded(GAME);
    expect(whole()).toHaveLength(4);
    expect(whole(1).map((each) => comesIn(each))).toEqual([true, true, true, true]);
    expect(refusedWhole(2).map((each) => comesIn(each))).toEqual([false, false, false, false]);
  });

  it("may come in any order after the first, and more than once", () => {
    const { comesIn } = guarded(GAME);
    const [first, second, third, last] = whole();
    for (const each of [first!, last!, second!, third!, second!, first!, last!]) expect(comesIn(each)).toBe(true);
  });

  it("are refused before the first, for nobody knows whose they are", () => {
    const { comesIn } = guarded(GAME);
    const [first, second, third] = whole();
    expect(comesIn(second!)).toBe(false);
    expect(comesIn(first!)).toBe(true);
    expect(comesIn(third!)).toBe(true);
  });

  it("come in under all, in whatever order", () => {
    const { comesIn } = guarded(ALL);
    for (const each of whole().reverse()) expect(comesIn(each)).toBe(true);
    const handshake = transportOf(conversation(family, 80, 50_000).theirTcp(SYN));
    const padded = { offset: 0, hasMore: true, bytes: Buffer.concat([handshake, Buffer.alloc(4)]) };
    expect(comesIn(fragment(from, to, TCP, 2, padded))).toBe(true);
  });

  it("of another datagram do not follow, nor do those of another family", () => {
    const { comesIn } = guarded(GAME);
    comesIn(whole(1)[0]!);
    expect(comesIn(whole(2)[1]!)).toBe(false);
    const other = families.find(({ name }) => name !== family.name)!;
    const foreign = fragments(udpPacket(other.ann, other.self, Buffer.alloc(200), ports), other.ann, other.self, 1);
    expect(comesIn(foreign[1]!)).toBe(false);
  });

  it("do not follow a second first one that is refused", () => {
    const { comesIn } = guarded(GAME);
    // However often the one that was let in came before.
    for (let times = 0; times < 3; times++) expect(comesIn(whole()[0]!)).toBe(true);
    expect(comesIn(refusedWhole()[0]!)).toBe(false);
    expect(comesIn(whole()[1]!)).toBe(false);
  });

  it("may not write over the first, not even over its end", () => {
    const { comesIn } = guarded(GAME);
    expect(comesIn(whole()[0]!)).toBe(true);
    const over = (offset: number, bytes: number, hasMore = true) =>
      comesIn(fragment(from, to, UDP, 1, { offset, hasMore, bytes: Buffer.alloc(bytes) }));
    for (const offset of [8, 16, 56]) expect(over(offset, 64)).toBe(false);
    expect(over(8, 5, false)).toBe(false);
    expect(over(64, 64)).toBe(true);
  });

  it("are refused when the first is too short for its ports or its flags", () => {
    const anyPort = {
      mode: "ports" as const,
      ports: [{ protocol: "tcp" as const, from: 1, to: 65_535 }],
    };
    const tcp = transportOf(conversation(family, 80, 50_000).theirTcp(SYN));
    const { comesIn } = guarded(anyPort);
    const part = (offset: number, end: number) =>
      comesIn(fragment(from, to, TCP, 3, { offset, hasMore: end < tcp.length, bytes: tcp.subarray(offset, end) }));
    // The flags are in the second one.
    expect(part(0, 8)).toBe(false);
    expect(part(8, 20)).toBe(false);
    expect(part(0, 16)).toBe(false);
    const long = Buffer.concat([tcp, Buffer.alloc(12)]);
    const first = { offset: 0, hasMore: true, bytes: long.subarray(0, 24) };
    expect(comesIn(fragment(from, to, TCP, 3, first))).toBe(true);
  });

  it.each([
    ["of no bytes at all", { offset: 64, hasMore: false, bytes: Buffer.alloc(0) }],
    [
      "that ends in the middle of eight bytes, with more to come",
      { offset: 64, hasMore: true, bytes: Buffer.alloc(9) },
    ],
    ["that ends beyond the longest datagram", { offset: 65_528, hasMore: false, bytes: Buffer.alloc(8) }],
  ])("are refused for one %s", (_, part) => {
    const { comesIn, setRule } = guarded(GAME);
    comesIn(whole()[0]!);
    expect(comesIn(fragment(from, to, UDP, 1, part))).toBe(false);
    setRule(ALL);
    expect(comesIn(fragment(from, to, UDP, 1, part))).toBe(true);
  });

  it("of an answer come in under every rule, and are the answer", () => {
    const { comesIn, weSend } = guarded(NONE);
    const answer = udpPacket(from, to, Buffer.alloc(200), { source: 53, destination: 5353 });
    expect(fragments(answer, from, to, 1).map((each) => comesIn(each))).toEqual([false, false, false, false]);
    weSend(conversation(family, 5353, 53).ourUdp());
    expect(fragments(answer, from, to, 2).map((each) => comesIn(each))).toEqual([true, true, true, true]);
  });

  it("of what this machine sends begin it like a whole packet", () => {
    const { comesIn, weSend } = guarded(NONE);
    const ask = udpPacket(to, from, Buffer.alloc(200), { source: 5353, destination: 53 });
    const [first, ...others] = fragments(ask, to, from, 1);
    for (const each of others) weSend(each);
    expect(comesIn(conversation(family, 5353, 53).theirUdp())).toBe(false);
    weSend(first!);
    expect(comesIn(conversation(family, 5353, 53).theirUdp())).toBe(true);
  });

  it("of ping go by its rule, and of an ICMP error are never let in", () => {
    const { comesIn, weSend, setRule } = guarded(WEB);
    expect(fragments(echo(from, to, 1), from, to, 1, 8).map((each) => comesIn(each))).toEqual([true, true]);
    setRule(NONE);
    expect(fragments(echo(from, to, 1), from, to, 2, 8).map((each) => comesIn(each))).toEqual([false, false]);
    weSend(echo(to, from, 5));
    expect(fragments(echoReply(from, to, 5), from, to, 3, 8).map((each) => comesIn(each))).toEqual([true, true]);
    const error = unreachable(from, to, echo(to, from, 5));
    expect(comesIn(error)).toBe(true);
    const cut = fragments(error, from, to, 4, 16);
    expect(cut.length).toBeGreaterThan(1);
    for (const each of cut) expect(comesIn(each)).toBe(false);
  });

  it("are refused when the rule tightened after the first", () => {
    const { comesIn, setRule } = guarded(GAME);
    comesIn(whole()[0]!);
    setRule(NONE);
    expect(comesIn(whole()[1]!)).toBe(false);
  });

  it("do not go on after a while, and the first ones of more datagrams than are kept push out the oldest", async () => {
    const { clock, comesIn } = guarded(GAME);
    comesIn(whole(1)[0]!);
    await clock.advance(FRAGMENTED_MS - 1);
    expect(comesIn(whole(1)[1]!)).toBe(true);
    await clock.advance(1);
    expect(comesIn(whole(1)[1]!)).toBe(false);

    for (let id = 1; id <= MAX_FRAGMENTED + 1; id++) comesIn(whole(id)[0]!);
    expect(comesIn(whole(1)[1]!)).toBe(false);
    expect(comesIn(whole(2)[1]!)).toBe(true);
    expect(comesIn(whole(MAX_FRAGMENTED + 1)[1]!)).toBe(true);
  });

  it("of a connection are its segments", () => {
    const { comesIn, weSend } = guarded(NONE);
    const { ourTcp, theirTcp } = conversation(family, 40_000, 443);
    weSend(ourTcp(SYN));
    comesIn(theirTcp(SYN_ACK));
    const long = Buffer.concat([transportOf(theirTcp(DATA)), Buffer.alloc(100)]);
    const part = (offset: number) =>
      fragment(from, to, TCP, 1, { offset, hasMore: offset === 0, bytes: long.subarray(offset, offset + 64) });
    expect([part(0), part(64)].map((each) => comesIn(each))).toEqual([true, true]);
  });
});

describe("two first fragments of one datagram, of different protocols", () => {
  const rule = {
    mode: "ports" as const,
    ports: [
      { protocol: "tcp" as const, from: 80, to: 80 },
      { protocol: "udp" as const, from: 80, to: 80 },
    ],
  };
  const tcp = (each: (typeof families)[number]) => transportOf(conversation(each, 80, 50_000).theirTcp(SYN));
  const first = (each: (typeof families)[number], protocol: number) => {
    const bytes = protocol === TCP ? Buffer.concat([tcp(each), Buffer.alloc(4)]) : tcp(each).subarray(0, 8);
    return fragment(each.ann, each.self, protocol, 9, { offset: 0, hasMore: true, bytes });
  };
  const later = (each: (typeof families)[number], protocol: number) =>
    fragment(each.ann, each.self, protocol, 9, { offset: 64, hasMore: false, bytes: Buffer.alloc(8) });

  it("are two datagrams by IPv4, where the protocol tells them apart", () => {
    const { comesIn } = guarded(rule);
    const [ipv4] = families;
    for (const protocol of [UDP, TCP]) expect(comesIn(first(ipv4!, protocol))).toBe(true);
    for (const protocol of [UDP, TCP]) expect(comesIn(later(ipv4!, protocol))).toBe(true);
    expect(comesIn(later(ipv4!, 1))).toBe(false);
  });

  it("are refused by IPv6, where a receiver might take the ports of one and the flags of the other", () => {
    const { comesIn } = guarded(rule);
    const ipv6 = families[1]!;
    expect(comesIn(first(ipv6, UDP))).toBe(true);
    expect(comesIn(first(ipv6, TCP))).toBe(false);
    expect(comesIn(later(ipv6, UDP))).toBe(false);
  });
});
