import { describe, expect, it } from "vitest";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { ICMP, ICMPV6 } from "../../../shared/packet/icmp.ts";
import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { hasValidChecksums, ipv4Packet, udpPacket } from "../../fakes/packets.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { ann, ben, self, tunnelOfThree } from "./fixture.ts";

const text = (bytes: string) => new TextEncoder().encode(bytes);

describe("a packet from this machine", () => {
  it("goes to the peer that has its destination, by IPv4 and by IPv6, unchanged", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const v4 = udpPacket(self.ipv4, ben.ipv4, text("four"));
    const v6 = udpPacket(self.ipv6, ann.ipv6, text("six"));
    tun.fromSystem(v4);
    tun.fromSystem(v6);
    expect(lanes.ben.take()).toEqual([v4]);
    expect(lanes.ann.take()).toEqual([v6]);
    expect(tunnel.counters(ben.key)).toMatchObject({ packetsOut: 1, bytesOut: v4.length, packetsIn: 0 });
    expect(tunnel.totals()).toMatchObject({ packetsOut: 2, bytesOut: v4.length + v6.length });
    expect(tun.take()).toEqual([]);
  });

  it("is answered with 'host unreachable' when nobody has its destination", () => {
    const { tunnel, tun } = tunnelOfThree();
    tun.fromSystem(udpPacket(self.ipv4, "100.64.9.9"));
    tun.fromSystem(udpPacket(self.ipv6, "fd67:6f76:706e::99"));
    const [v4, v6] = tun.take();
    expect([v4![9], v4![20], v4![21]]).toEqual([PROTOCOL.icmp, ICMP.unreachable, ICMP.code.hostUnreachable]);
    expect([v6![6], v6![40], v6![41]]).toEqual([PROTOCOL.icmpv6, ICMPV6.unreachable, ICMPV6.code.addressUnreachable]);
    expect(hasValidChecksums(v4!)).toBe(true);
    expect(hasValidChecksums(v6!)).toBe(true);
    expect(tunnel.totals().dropped.no_peer).toBe(2);
  });

  it("is answered at most fifty times a second, and again when time has passed", async () => {
    const { tunnel, tun, clock } = tunnelOfThree();
    for (let i = 0; i < 500; i++) tun.fromSystem(udpPacket(self.ipv4, "100.64.9.9"));
    expect(tun.take()).toHaveLength(50);
    expect(tunnel.totals().dropped.no_peer).toBe(500);
    await clock.advance(1000);
    for (let i = 0; i < 500; i++) tun.fromSystem(udpPacket(self.ipv4, "100.64.9.9"));
    expect(tun.take()).toHaveLength(50);
  });

  it("is dropped without a word when it is multicast, broadcast, link-local or for this host alone", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const ipv4 = ["224.0.0.251", "255.255.255.255", "100.127.255.255", "169.254.1.1", "127.0.0.1", "0.0.0.0"];
    const ipv6 = ["ff02::2", "ff05::1:3", "fe80::1", "::1", "::"];
    for (const destination of ipv4) tun.fromSystem(udpPacket(self.ipv4, destination));
    for (const destination of ipv6) tun.fromSystem(udpPacket(self.ipv6, destination));
    expect(tun.take()).toEqual([]);
    expect([...lanes.ann.sent, ...lanes.ben.sent]).toEqual([]);
    expect(tunnel.totals().dropped).toMatchObject({ not_unicast: ipv4.length + ipv6.length, no_peer: 0 });
  });

  it("is refused with 'prohibited' when its source is not this machine's member address", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    tun.fromSystem(udpPacket("192.168.1.5", ann.ipv4));
    tun.fromSystem(udpPacket("2001:db8::5", ann.ipv6));
    const [v4, v6] = tun.take();
    expect([v4![20], v4![21]]).toEqual([ICMP.unreachable, ICMP.code.prohibited]);
    expect([v6![40], v6![41]]).toEqual([ICMPV6.unreachable, ICMPV6.code.sourceRefused]);
    expect(lanes.ann.sent).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.foreign_source).toBe(2);
  });

  it("is dropped and counted when it is no IP packet", () => {
    const { tunnel, tun } = tunnelOfThree();
    for (const bytes of [[], [0x45], [0x60, 0, 0, 0], [0x10, 1, 2, 3]]) tun.fromSystem(Uint8Array.from(bytes));
    expect(tun.take()).toEqual([]);
    expect(tunnel.totals().dropped.malformed).toBe(4);
  });
});

describe("a packet from a peer", () => {
  it("reaches the system when it is from the peer's own address to this machine's", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const packets = [udpPacket(ann.ipv4, self.ipv4, text("hi")), udpPacket(ann.ipv6, self.ipv6, text("hi"))];
    for (const packet of packets) lanes.ann.deliver(packet);
    expect(tun.take()).toEqual(packets);
    expect(tunnel.counters(ann.key)).toMatchObject({ packetsIn: 2, bytesIn: packets[0]!.length + packets[1]!.length });
  });

  it("loses the bytes that are not part of it", () => {
    const { tun, lanes } = tunnelOfThree();
    const packet = udpPacket(ann.ipv4, self.ipv4, text("hi"));
    lanes.ann.deliver(Buffer.concat([packet, Buffer.from("trailing")]));
    expect(tun.take()).toEqual([packet]);
  });

  it("is dropped as spoofed when its source is another peer, this machine, or anyone else, and is logged once a minute", async () => {
    const { tunnel, tun, lanes, log, clock } = tunnelOfThree();
    const v4 = [ben.ipv4, self.ipv4, "8.8.8.8"].map((source) => udpPacket(source, self.ipv4));
    const v6 = [ben.ipv6, self.ipv6, "2001:db8::1", "fe80::1"].map((source) => udpPacket(source, self.ipv6));
    for (const packet of [...v4, ...v6]) lanes.ann.deliver(packet);
    expect(tun.take()).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.spoofed).toBe(7);
    const warnings = () => log.filter(({ level }) => level === "warn");
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]!.fields).toEqual({ peer: "ann", packet: "100.64.0.3 > 100.64.0.1 udp 1000 > 2000 28 bytes" });
    await clock.advance(60_000);
    lanes.ann.deliver(v4[0]!);
    lanes.ann.deliver(v4[0]!);
    expect(warnings()).toHaveLength(2);
  });

  it("is dropped when it is for someone else: this machine is no router", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    lanes.ann.deliver(udpPacket(ann.ipv4, ben.ipv4));
    lanes.ann.deliver(udpPacket(ann.ipv6, ben.ipv6));
    lanes.ann.deliver(udpPacket(ann.ipv4, "224.0.0.251"));
    expect(tun.take()).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.wrong_destination).toBe(3);
  });

  it("is dropped and counted when it is malformed, when the device is full, and when there is no device", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const good = udpPacket(ann.ipv4, self.ipv4);
    lanes.ann.deliver(good.subarray(0, 19));
    lanes.ann.deliver(udpPacket(ann.ipv6, self.ipv6).subarray(0, 41));
    lanes.ann.deliver(Uint8Array.of());
    tun.isFull = true;
    lanes.ann.deliver(good);
    tunnel.detach();
    lanes.ann.deliver(good);
    expect(tun.take()).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped).toMatchObject({ malformed: 3, device_full: 1, no_device: 1 });
    expect(tunnel.counters(ann.key)?.packetsIn).toBe(0);
  });
});

describe("two peers that claim one IPv4 address", () => {
  const zed = { key: "zed" as PublicKey, ipv4: ann.ipv4, ipv6: "fd67:6f76:706e::26" };
  const abe = { key: "abe" as PublicKey, ipv4: ann.ipv4, ipv6: "fd67:6f76:706e::a" };

  it.each([
    { claimant: zed, winner: "ann" },
    { claimant: abe, winner: "abe" },
  ])("leave it to the smaller public key: $winner", ({ claimant, winner }) => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const lane = new FakeLane();
    tunnel.setPeer(claimant.key, claimant);
    tunnel.setLane(claimant.key, lane);
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    expect([lanes.ann.sent.length, lane.sent.length]).toEqual(winner === "ann" ? [1, 0] : [0, 1]);
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    lane.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(tun.take()).toHaveLength(1);
    const loser = winner === "ann" ? claimant.key : ann.key;
    expect(tunnel.counters(loser)?.dropped.spoofed).toBe(1);
    lane.deliver(udpPacket(claimant.ipv6, self.ipv6));
    expect(tun.take()).toHaveLength(1);
  });

  it("both have one again when the other has taken a new salt, or is gone", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const lane = new FakeLane();
    tunnel.setPeer(abe.key, abe);
    tunnel.setLane(abe.key, lane);
    tunnel.setPeer(ann.key, { ...ann, ipv4: "100.64.7.7" });
    tun.fromSystem(udpPacket(self.ipv4, "100.64.7.7"));
    tun.fromSystem(udpPacket(self.ipv4, abe.ipv4));
    expect([lanes.ann.take().length, lane.take().length]).toEqual([1, 1]);
    tunnel.setPeer(ann.key, ann);
    tunnel.removePeer(abe.key);
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    expect(lanes.ann.take()).toHaveLength(1);
  });
});

describe("the tunnel", () => {
  it("refuses a peer whose addresses are none", () => {
    const { tunnel } = tunnelOfThree();
    expect(tunnel.setPeer(ann.key, { ipv4: "100.64.0.256", ipv6: ann.ipv6 })).toMatchObject({ ok: false });
    expect(tunnel.setPeer("new" as PublicKey, { ipv4: ann.ipv4, ipv6: "fd67::x" })).toMatchObject({ ok: false });
    expect(tunnel.counters("new" as PublicKey)).toBeUndefined();
  });

  it("tells a peer from another whose IPv6 address ends alike", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const twin = { key: "twin" as PublicKey, ipv4: "100.64.0.9", ipv6: "fd67:6f76:706e:1::2" };
    const lane = new FakeLane();
    tunnel.setPeer(twin.key, twin);
    tunnel.setLane(twin.key, lane);
    tun.fromSystem(udpPacket(self.ipv6, twin.ipv6));
    tun.fromSystem(udpPacket(self.ipv6, ann.ipv6));
    expect([lane.sent.length, lanes.ann.sent.length]).toEqual([1, 1]);
    tun.fromSystem(udpPacket(self.ipv6, "fd67:6f76:706e:2::2"));
    expect(tunnel.totals().dropped.no_peer).toBe(1);
  });

  it("takes new addresses of its own, and a new device with them", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const next = new FakeTun();
    tunnel.setSelf({ ...self, ipv4: "100.64.5.5", ipv4Salt: 1 });
    tunnel.attach(next);
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    next.fromSystem(udpPacket("100.64.5.5", ann.ipv4));
    lanes.ann.deliver(udpPacket(ann.ipv4, "100.64.5.5"));
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(lanes.ann.sent).toHaveLength(1);
    expect([tun.take().length, next.take().length]).toEqual([0, 1]);
  });

  it("says when its device is lost, and lives on without", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const lost: string[] = [];
    tunnel.events.on("device_lost", ({ name }) => lost.push(name));
    tun.lose();
    expect(lost).toEqual(["fake0"]);
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(tunnel.counters(ann.key)?.dropped.no_device).toBe(1);
    const next = new FakeTun();
    tunnel.attach(next);
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(next.take()).toHaveLength(1);
  });

  it("keeps a removed peer's counts in its totals and no longer hears its lane", () => {
    const { tunnel, tun, lanes, clock } = tunnelOfThree();
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    tunnel.removePeer(ann.key);
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(tun.take()).toHaveLength(1);
    expect(tunnel.counters(ann.key)).toBeUndefined();
    expect(tunnel.totals()).toMatchObject({ packetsIn: 1 });
    tunnel.dispose();
    expect(clock.pending).toBe(0);
  });

  it("carries a fragment other than the first, which has no ports, like any packet", () => {
    const { tun, lanes } = tunnelOfThree();
    const fields = { protocol: PROTOCOL.tcp, payload: Buffer.alloc(64, 0x02), fragmentOffset: 800 };
    const packet = ipv4Packet({ source: self.ipv4, destination: ann.ipv4, ...fields });
    tun.fromSystem(packet);
    expect(lanes.ann.take()).toEqual([packet]);
  });
});
