import { describe, expect, it } from "vitest";
import type { PublicKey } from "../../../shared/base/brand.ts";
import type { InboundRule } from "../../../shared/tunnel/inbound-rule.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { ipv4Packet, ipv6Packet, packetBetween, udpPacket } from "../../fakes/packets.ts";
import {
  ACK,
  ALL,
  conversation,
  DATA,
  echo,
  echoReply,
  FIN,
  families,
  GAME,
  guarded,
  icmp,
  NONE,
  RST,
  SYN,
  SYN_ACK,
  unreachable,
  WEB,
} from "./firewall-fixture.ts";
import { ALL_OFFLOADS, ann, ben, self } from "./fixture.ts";
import { packetFields, superPacket } from "./super-packets.ts";

describe.each(families)("what a peer begins by $name", (family) => {
  const { ann: from, self: to } = family;
  const web = conversation(family, 80, 50_000);
  const game = conversation(family, 27_015, 50_000);
  const sctp = packetBetween(from, to, 132, Buffer.alloc(40));

  it('comes in under "all", whatever it is', () => {
    const guard = guarded(ALL);
    for (const packet of [web.theirTcp(SYN), game.theirUdp(), echo(from, to, 1), echoReply(from, to, 1), sctp]) {
      expect(guard.comesIn(packet)).toBe(true);
    }
    expect(guard.refused).toBe(0);
  });

  it('does not come in under "none", whatever it is; each is counted, and nothing answers', () => {
    const guard = guarded(NONE);
    const all = [
      ...[SYN, SYN_ACK, ACK, DATA, FIN, RST, 0, 0xff].map(web.theirTcp),
      game.theirUdp(),
      echo(from, to, 1),
      echoReply(from, to, 1),
      unreachable(from, to, web.ourTcp(SYN)),
      unreachable(from, to, web.ourUdp()),
      sctp,
    ];
    for (const packet of all) expect(guard.comesIn(packet)).toBe(false);
    expect(guard.refused).toBe(all.length);
    expect(guard.tunnel.totals().dropped.refused).toBe(all.length);
    expect(guard.tunnel.counters(ann.key)!.packetsIn).toBe(0);
    expect(guard.lanes.ann.sent).toEqual([]);
  });

  it("comes in under listed ports to those ports alone, of that protocol alone, both ends of a range included", () => {
    const guard = guarded(WEB);
    const tried = [79, 80, 85, 90, 91].map((port) => conversation(family, port, 50_000));
    expect(tried.map(({ theirTcp }) => guard.comesIn(theirTcp(SYN)))).toEqual([false, true, true, true, false]);
    expect(tried.map(({ theirUdp }) => guard.comesIn(theirUdp()))).toEqual([false, false, false, false, false]);
    expect(guard.refused).toBe(7);
    guard.setRule(GAME);
    expect(guard.comesIn(game.theirUdp())).toBe(true);
    expect(guard.comesIn(game.theirTcp(SYN))).toBe(false);
    // The peer's own port opens nothing.
    expect(guard.comesIn(conversation(family, 22, 27_015).theirUdp())).toBe(false);
  });

  it("goes on under listed ports to its end, and this machine's answers are no beginning of its own", () => {
    const guard = guarded(WEB);
    expect(guard.comesIn(web.theirTcp(SYN))).toBe(true);
    guard.weSend(web.ourTcp(SYN_ACK));
    for (const flags of [ACK, DATA, FIN, ACK]) expect(guard.comesIn(web.theirTcp(flags))).toBe(true);
    guard.setRule(NONE);
    guard.weSend(web.ourTcp(DATA));
    expect(guard.comesIn(web.theirTcp(ACK))).toBe(false);
  });

  it("is ping as well under listed ports, and no other ICMP", () => {
    const { comesIn } = guarded(WEB);
    expect(comesIn(echo(from, to, 7))).toBe(true);
    const [timestamp, redirect, quench] = from.includes(":") ? [133, 137, 100] : [13, 5, 4];
    for (const type of [timestamp!, redirect!, quench!]) {
      const quoted = Buffer.concat([Buffer.alloc(4), web.ourTcp(ACK)]);
      expect(comesIn(icmp(from, to, type, 0, quoted))).toBe(false);
    }
    expect(comesIn(echoReply(from, to, 7))).toBe(false);
    expect(comesIn(sctp)).toBe(false);
  });

  it("may be told by ICMP what became of an answer from a listed port", () => {
    const { comesIn } = guarded(GAME);
    expect(comesIn(unreachable(from, to, game.ourUdp()))).toBe(true);
    expect(comesIn(unreachable(from, to, conversation(family, 53, 50_000).ourUdp()))).toBe(false);
  });

  it("as a segment that both begins and ends something comes in under no rule but all", () => {
    const guard = guarded(WEB);
    for (const nonsense of [SYN | FIN, SYN | RST, 0xff]) expect(guard.comesIn(web.theirTcp(nonsense))).toBe(false);
  });

  it("is refused for a transport header that is not all there", () => {
    const { comesIn } = guarded({
      mode: "ports",
      ports: [
        { protocol: "tcp", from: 1, to: 65_535 },
        { protocol: "udp", from: 1, to: 65_535 },
      ],
    });
    const cut = (protocol: number, bytes: number) => packetBetween(from, to, protocol, Buffer.alloc(bytes, 1));
    for (const [protocol, bytes] of [
      [6, 19],
      [17, 7],
      [6, 0],
      [17, 0],
    ] as const) {
      expect(comesIn(cut(protocol, bytes))).toBe(false);
    }
    expect(comesIn(cut(6, 20))).toBe(true);
    expect(comesIn(cut(17, 8))).toBe(true);
  });
});

describe("a layout that says one thing here and perhaps another to the system", () => {
  const everyPort: InboundRule = {
    mode: "ports",
    ports: [
      { protocol: "tcp", from: 1, to: 65_535 },
      { protocol: "udp", from: 1, to: 65_535 },
    ],
  };
  const udp = udpPacket(ann.ipv6, self.ipv6, Buffer.alloc(8)).subarray(40);
  const addresses = { source: ann.ipv6, destination: self.ipv6, protocol: 17, payload: udp };
  const behind = (...protocols: number[]) =>
    ipv6Packet({ ...addresses, extensions: protocols.map((protocol) => ({ protocol, bytes: Buffer.alloc(8) })) });

  it.each([
    ["a routing header", behind(43)],
    ["an authentication header", behind(51)],
    ["a mobility header", behind(135)],
    ["two fragment headers", behind(44, 44)],
    ["options behind a fragment header", behind(44, 60)],
    ["more headers than anybody sends", behind(...Array<number>(9).fill(60))],
    ["ICMP of the other family", packetBetween(ann.ipv6, self.ipv6, 1, Buffer.from([8, 0, 0, 0, 0, 1, 0, 1]))],
    ["ICMPv6 in IPv4", packetBetween(ann.ipv4, self.ipv4, 58, Buffer.from([128, 0, 0, 0, 0, 1, 0, 1]))],
    [
      "source routing",
      ipv4Packet({
        source: ann.ipv4,
        destination: self.ipv4,
        protocol: 17,
        options: Buffer.from([0x83, 7, 4, 10, 0, 0, 1, 0]),
        payload: udp,
      }),
    ],
  ])("is refused unless anything may come in: %s", (_, packet) => {
    const guard = guarded(everyPort);
    expect(guard.comesIn(packet)).toBe(false);
    expect(guard.refused).toBe(1);
    guard.setRule(ALL);
    expect(guard.comesIn(packet)).toBe(true);
  });

  it.each([
    ["hop-by-hop options", behind(0)],
    ["destination options", behind(60)],
    ["both", behind(0, 60)],
    ["a fragment header of a packet that is whole", behind(44)],
  ])("is none, and goes by its ports: %s", (_, packet) => {
    expect(guarded(everyPort).comesIn(packet)).toBe(true);
    expect(guarded(WEB).comesIn(packet)).toBe(false);
  });
});

describe.each(families)("what comes with an offload by $name", (family) => {
  const offloads = { takes: "super", capabilities: ["gso"], offloads: ALL_OFFLOADS } as const;
  const open: InboundRule = {
    mode: "ports",
    ports: [
      { protocol: "tcp", from: 443, to: 443 },
      { protocol: "udp", from: 443, to: 443 },
    ],
  };

  it.each(["tcp", "udp"] as const)(
    "as a %s super-packet follows the rule, and counts as what it stands for",
    (protocol) => {
      const { packet, offload, segments } = superPacket(packetFields(family.ann, family.self, { protocol }), 1000);
      expect(guarded(open, offloads).comesIn(packet, offload)).toBe(true);
      const guard = guarded(NONE, offloads);
      expect(guard.comesIn(packet, offload)).toBe(false);
      expect(guard.comesIn(packet, { ...offload, headerBytes: 65_535 })).toBe(false);
      expect(guard.refused).toBe(2 * segments("full").length);
    },
  );

  it.each(["tcp", "udp"] as const)("with a partial checksum, %s, follows the rule", (protocol) => {
    const { packet, offload } = superPacket(
      packetFields(family.ann, family.self, { protocol, payloadBytes: 100 }),
      100,
    );
    const partial = { ...offload, gsoType: 0, gsoSize: 0 };
    expect(guarded(open, offloads).comesIn(packet, partial)).toBe(true);
    const guard = guarded(NONE, offloads);
    expect(guard.comesIn(packet, partial)).toBe(false);
    expect(guard.refused).toBe(1);
  });

  it.each(["tcp", "udp"] as const)("of ours, a %s super-packet, opens and goes on like its packets", (protocol) => {
    const guard = guarded(NONE, offloads);
    const { packet, offload } = superPacket(packetFields(family.self, family.ann, { protocol }), 1000);
    const { ourTcp, theirTcp, theirUdp } = conversation(family, 40_000, 443);
    if (protocol === "tcp") {
      guard.weSend(packet, offload);
      expect(guard.comesIn(theirTcp(ACK))).toBe(false);
      guard.weSend(ourTcp(SYN));
      expect(guard.comesIn(theirTcp(SYN_ACK))).toBe(true);
    }
    guard.weSend(packet, offload);
    expect(guard.comesIn(protocol === "tcp" ? theirTcp(ACK) : theirUdp())).toBe(true);
  });
});

describe("a rule", () => {
  const ssh = conversation(families[0]!, 22, 50_000);

  it("may be told before the peer is there, and is forgotten with it", () => {
    const { tunnel, tun } = guarded(ALL);
    const lane = new FakeLane();
    const eve = { key: "eve" as PublicKey, ipv4: "100.64.0.9", ipv6: "fd67:6f76:706e::9" };
    const arrive = () => {
      tunnel.setPeer(eve.key, eve);
      tunnel.setLane(eve.key, lane);
      lane.deliver(udpPacket(eve.ipv4, self.ipv4));
      return tun.take().length;
    };
    tunnel.setInbound(eve.key, NONE);
    expect(arrive()).toBe(0);
    expect(arrive()).toBe(0);
    tunnel.removePeer(eve.key);
    expect(arrive()).toBe(1);
  });

  it("is one peer's alone, and what was begun with one opens nothing to another", () => {
    const { tun, lanes, weSend, comesIn } = guarded(NONE);
    lanes.ben.deliver(udpPacket(ben.ipv4, self.ipv4));
    expect(tun.take()).toHaveLength(1);
    weSend(udpPacket(self.ipv4, ben.ipv4, Buffer.alloc(0), { source: 5000, destination: 6000 }));
    expect(comesIn(udpPacket(ann.ipv4, self.ipv4, Buffer.alloc(0), { source: 6000, destination: 5000 }))).toBe(false);
  });

  it("holds from the next packet on, both when it tightens and when it opens", () => {
    const { comesIn, setRule } = guarded(ALL);
    expect(comesIn(ssh.theirTcp(SYN))).toBe(true);
    setRule(NONE);
    expect(comesIn(ssh.theirTcp(DATA))).toBe(false);
    setRule(WEB);
    expect(comesIn(ssh.theirTcp(SYN))).toBe(false);
    setRule(ALL);
    expect(comesIn(ssh.theirTcp(SYN))).toBe(true);
  });

  it("does not undo what the rules before it refused: a foreign source stays spoofed", () => {
    const guard = guarded(NONE);
    expect(guard.comesIn(udpPacket(ben.ipv4, self.ipv4))).toBe(false);
    expect(guard.comesIn(udpPacket(ann.ipv4, ben.ipv4))).toBe(false);
    expect(guard.tunnel.counters(ann.key)!.dropped).toMatchObject({ spoofed: 1, wrong_destination: 1, refused: 0 });
  });
});
