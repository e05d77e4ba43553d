import { describe, expect, it } from "vitest";
import { ECHO_MS, UDP_ANSWERED_MS, UDP_UNANSWERED_MS } from "../../../shared/tunnel/connection-state.ts";
import { ipv4Packet, ipv6Packet, udpPacket } from "../../fakes/packets.ts";
import {
  ACK,
  ALL,
  conversation,
  echo,
  echoReply,
  families,
  fragment,
  fragments,
  GAME,
  guarded,
  icmp,
  NONE,
  SYN,
  transportOf,
  unreachable,
  WEB,
} from "./firewall-fixture.ts";
import { ben } from "./fixture.ts";

describe.each(families)("UDP by $name", (family) => {
  const { ourUdp, theirUdp } = conversation(family, 5353, 53);

  it("brings answers to what this machine sent, on those ports alone", () => {
    const { comesIn, weSend } = guarded(NONE);
    expect(comesIn(theirUdp())).toBe(false);
    weSend(ourUdp());
    expect(comesIn(theirUdp())).toBe(true);
    expect(comesIn(conversation(family, 5353, 54).theirUdp())).toBe(false);
    expect(comesIn(conversation(family, 5354, 53).theirUdp())).toBe(false);
    expect(comesIn(conversation(family, 53, 5353).theirUdp())).toBe(false);
    expect(comesIn(conversation(family, 5353, 53).theirTcp(ACK))).toBe(false);
  });

  it("waits so long for the first answer, from this machine's last datagram", async () => {
    const { clock, comesIn, weSend } = guarded(NONE);
    weSend(ourUdp());
    await clock.advance(UDP_UNANSWERED_MS - 1);
    weSend(ourUdp());
    await clock.advance(UDP_UNANSWERED_MS);
    expect(comesIn(theirUdp())).toBe(false);
  });

  it("and longer once there was one, from either end's last", async () => {
    const { clock, comesIn, weSend } = guarded(NONE);
    weSend(ourUdp());
    await clock.advance(UDP_UNANSWERED_MS - 1);
    expect(comesIn(theirUdp())).toBe(true);
    await clock.advance(UDP_ANSWERED_MS - 1);
    expect(comesIn(theirUdp())).toBe(true);
    await clock.advance(UDP_ANSWERED_MS - 1);
    weSend(ourUdp());
    await clock.advance(UDP_ANSWERED_MS - 1);
    expect(comesIn(theirUdp())).toBe(true);
    await clock.advance(UDP_ANSWERED_MS);
    expect(comesIn(theirUdp())).toBe(false);
  });

  it("is to be begun anew when the rule tightens, for nobody knows who began it", () => {
    const game = conversation(family, 27_015, 50_000);
    const { comesIn, weSend, setRule } = guarded(GAME);
    expect(comesIn(game.theirUdp())).toBe(true);
    weSend(game.ourUdp());
    weSend(ourUdp());
    setRule(NONE);
    expect(comesIn(game.theirUdp())).toBe(false);
    expect(comesIn(theirUdp())).toBe(false);
    weSend(ourUdp());
    expect(comesIn(theirUdp())).toBe(true);
  });

  it("goes on when the rule widens, or is told again", () => {
    const { comesIn, weSend, setRule } = guarded(NONE);
    weSend(ourUdp());
    for (const rule of [NONE, GAME, GAME]) {
      setRule(rule);
      expect(comesIn(theirUdp())).toBe(true);
    }
  });

  it("leaves nothing behind of what was sent while anything might come in", () => {
    const { comesIn, weSend, setRule } = guarded(ALL);
    weSend(ourUdp());
    expect(comesIn(theirUdp())).toBe(true);
    setRule(NONE);
    expect(comesIn(theirUdp())).toBe(false);
  });

  it("from a listed port is the answer of a program that anybody may reach: it needs no room in the table", () => {
    const { comesIn, weSend } = guarded(GAME);
    weSend(ourUdp());
    for (let port = 1; port < 10_000; port++) weSend(conversation(family, 27_015, port).ourUdp());
    expect(comesIn(theirUdp())).toBe(true);
  });
});

describe.each(families)("ping by $name", (family) => {
  const { self, ann } = family;

  it("brings answers to this machine's requests, by their number, and no requests", async () => {
    const { clock, comesIn, weSend } = guarded(NONE);
    weSend(echo(self, ann, 7));
    expect(comesIn(echoReply(ann, self, 7))).toBe(true);
    expect(comesIn(echoReply(ann, self, 8))).toBe(false);
    expect(comesIn(echo(ann, self, 7))).toBe(false);
    await clock.advance(ECHO_MS - 1);
    expect(comesIn(echoReply(ann, self, 7))).toBe(true);
    weSend(echo(self, ann, 7));
    await clock.advance(ECHO_MS - 1);
    expect(comesIn(echoReply(ann, self, 7))).toBe(true);
    await clock.advance(1);
    expect(comesIn(echoReply(ann, self, 7))).toBe(false);
  });

  it("is not begun by an answer of this machine's", () => {
    const { comesIn, weSend, setRule } = guarded(WEB);
    expect(comesIn(echo(ann, self, 7))).toBe(true);
    weSend(echoReply(self, ann, 7));
    expect(comesIn(echoReply(ann, self, 7))).toBe(false);
    setRule(NONE);
    expect(comesIn(echo(ann, self, 7))).toBe(false);
  });
});

const routing = { protocol: 43, bytes: Buffer.alloc(8) };

describe.each(families)("an ICMP error by $name", (family) => {
  const { self, ann } = family;
  const tcp = conversation(family, 40_000, 443);
  const udp = conversation(family, 5353, 53);
  const headerBytes = self.includes(":") ? 40 : 20;

  it.each([
    ["TCP", tcp.ourTcp(SYN)],
    ["UDP", udp.ourUdp()],
    ["ping", echo(self, ann, 9)],
  ])("comes in about %s that this machine began, and about nothing else", (_, packet) => {
    const { comesIn, weSend } = guarded(NONE);
    expect(comesIn(unreachable(ann, self, packet))).toBe(false);
    weSend(packet);
    expect(comesIn(unreachable(ann, self, packet))).toBe(true);
    expect(comesIn(unreachable(ann, self, packet, headerBytes + 8))).toBe(true);
    expect(comesIn(unreachable(ann, self, packet, headerBytes + 7))).toBe(false);
    expect(comesIn(unreachable(ann, self, packet, headerBytes))).toBe(false);
    expect(comesIn(unreachable(ann, self, packet, 5))).toBe(false);
    expect(comesIn(unreachable(ann, self, Buffer.alloc(0)))).toBe(false);
  });

  it("must quote a packet that went from here to where it comes from", () => {
    const { comesIn, weSend } = guarded(NONE);
    weSend(tcp.ourTcp(SYN));
    const isIpv6 = self.includes(":");
    const other = isIpv6 ? ben.ipv6 : ben.ipv4;
    const elsewhere = conversation({ ...family, ann: other }, 40_000, 443);
    const fromElsewhere = conversation({ ...family, self: other }, 40_000, 443);
    expect(comesIn(unreachable(ann, self, elsewhere.ourTcp(SYN)))).toBe(false);
    expect(comesIn(unreachable(ann, self, fromElsewhere.ourTcp(SYN)))).toBe(false);
    expect(comesIn(unreachable(ann, self, tcp.theirTcp(SYN)))).toBe(false);
    const otherFamily = families.find(({ name }) => name !== family.name)!;
    weSend(conversation(otherFamily, 40_000, 443).ourTcp(SYN));
    expect(comesIn(unreachable(ann, self, conversation(otherFamily, 40_000, 443).ourTcp(SYN)))).toBe(false);
  });

  it("may quote the first fragment of what was sent, and no other, nor a packet that nobody here sends", () => {
    const { comesIn, weSend } = guarded(NONE);
    const long = udpPacket(self, ann, Buffer.alloc(200), { source: 5353, destination: 53 });
    const [first] = fragments(long, self, ann, 1);
    weSend(first!);
    expect(comesIn(unreachable(ann, self, first!))).toBe(true);
    expect(comesIn(unreachable(ann, self, first!, first!.length - 3))).toBe(true);
    // The same bytes where the ports would be, but they are data.
    const bytes = first!.subarray(-64);
    const later = fragment(self, ann, 17, 1, { offset: 64, hasMore: true, bytes });
    expect(comesIn(unreachable(ann, self, later))).toBe(false);
    const optioned = self.includes(":")
      ? ipv6Packet({ source: self, destination: ann, protocol: 17, extensions: [routing], payload: bytes })
      : ipv4Packet({ source: self, destination: ann, protocol: 17, options: Buffer.alloc(4, 1), payload: bytes });
    expect(comesIn(unreachable(ann, self, optioned))).toBe(false);
  });

  it("may be of each sort that a system heeds, and of no other", () => {
    const { comesIn, weSend } = guarded(NONE);
    weSend(tcp.ourTcp(SYN));
    const isIpv6 = self.includes(":");
    const quoted = Buffer.concat([Buffer.alloc(4), tcp.ourTcp(SYN)]);
    const passed = Array.from({ length: 256 }, (_, type) => type).filter((type) =>
      comesIn(icmp(ann, self, type, 0, quoted)),
    );
    expect(passed).toEqual(isIpv6 ? [1, 2, 3, 4] : [3, 11, 12]);
  });

  it("does not keep alive what it is about", async () => {
    const { clock, comesIn, weSend } = guarded(NONE);
    weSend(udp.ourUdp());
    await clock.advance(UDP_UNANSWERED_MS - 1);
    expect(comesIn(unreachable(ann, self, udp.ourUdp()))).toBe(true);
    await clock.advance(1);
    expect(comesIn(udp.theirUdp())).toBe(false);
  });

  it("is refused when it is about an answer to ping, or about an error", () => {
    const { comesIn, weSend } = guarded(NONE);
    weSend(echo(self, ann, 0));
    weSend(tcp.ourTcp(SYN));
    expect(comesIn(unreachable(ann, self, echoReply(self, ann, 0)))).toBe(false);
    expect(comesIn(unreachable(ann, self, unreachable(self, ann, tcp.theirTcp(SYN))))).toBe(false);
    expect(transportOf(unreachable(ann, self, Buffer.alloc(0)))).toHaveLength(8);
  });
});
