import { describe, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import type { PublicKey } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { Dissection } from "../../shared/packet/dissection.ts";
import { ipv4Transport, parseIpv4 } from "../../shared/packet/ipv4.ts";
import { ipv6Transport, parseIpv6 } from "../../shared/packet/ipv6.ts";
import { PROTOCOL, type Transport } from "../../shared/packet/protocol.ts";
import { VIRTIO_HEADER_BYTES } from "../../shared/packet/virtio.ts";
import { u8, u16 } from "../../shared/packet/words.ts";
import type { InboundRule } from "../../shared/tunnel/inbound-rule.ts";
import type { OnPacket } from "../../shared/tunnel/ports.ts";
import { isSpeedFrame } from "../../shared/tunnel/speed-frame.ts";
import { Tunnel } from "../../shared/tunnel/tunnel.ts";
import { FakeLane } from "../fakes/lane.ts";
import { echoRequest, ipv4Packet, ipv6Packet, packetBetween, tcpPacket, udpPacket } from "../fakes/packets.ts";
import { digest, fuzzBytes, must } from "./mutation/drive.ts";
import { ANN, BEN, packets } from "./mutation/samples.ts";
import { SteppedClock } from "./stepped-clock.ts";

// What a member sends to a machine that lets it begin nothing: Ben is the member, Ann's is the machine.

const families = ["ipv4", "ipv6"] as const;
/** What Ann begins with Ben, by her own port and by his. */
const TCP_PORTS = { ours: 443, theirs: 40_000 };
const UDP_PORTS = { ours: 2000, theirs: 1000 };
const SYN = 0x02;

const data = Buffer.from("some data that is carried");
const fragmentHeader = (offset: number, more: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(offset | more, 2);
  bytes[7] = 9;
  return { protocol: PROTOCOL.fragment, bytes };
};

/** What Ben answers, whole and in fragments, and what he says of Ann's own packets. */
const answers = families.flatMap((family): Buffer[] => {
  const [from, to] = [BEN[family], ANN[family]];
  const isIpv4 = family === "ipv4";
  const icmp = (bytes: Uint8Array) =>
    packetBetween(from, to, isIpv4 ? PROTOCOL.icmp : PROTOCOL.icmpv6, bytes, isIpv4 ? undefined : 2);
  const about = (packet: Uint8Array) =>
    icmp(Buffer.concat([Buffer.from([isIpv4 ? 3 : 1, 3, 0, 0, 0, 0, 0, 0]), packet]));
  const udp = udpPacket(from, to, Buffer.alloc(40)).subarray(isIpv4 ? 20 : 40);
  const part = (payload: Uint8Array, offset: number, more: number) =>
    isIpv4
      ? ipv4Packet({
          source: from,
          destination: to,
          protocol: 17,
          payload,
          fragmentOffset: offset,
          moreFragments: more === 1,
          identification: 9,
        })
      : ipv6Packet({
          source: from,
          destination: to,
          protocol: 17,
          payload,
          extensions: [fragmentHeader(offset, more)],
        });
  return [
    ...[0x12, 0x10, 0x18, 0x11, 0x04, SYN].map((flags) => tcpPacket(from, to, { flags, data })),
    udpPacket(from, to, data),
    icmp(Buffer.from([isIpv4 ? 0 : 129, 0, 0, 0, 0, 0, 0, 1, 2, 3])),
    echoRequest(from, to),
    about(ourTcp(family)),
    about(ourUdp(family)),
    about(echoRequest(to, from)),
    part(udp.subarray(0, 24), 0, 1),
    part(udp.subarray(24, 48), 24, 0),
    part(udp.subarray(0, 8), 0, 1),
    part(udp.subarray(8, 48), 8, 0),
  ];
});

function ourTcp(family: "ipv4" | "ipv6"): Buffer {
  const ports = { source: TCP_PORTS.ours, destination: TCP_PORTS.theirs };
  return tcpPacket(ANN[family], BEN[family], { flags: SYN, ports });
}

function ourUdp(family: "ipv4" | "ipv6"): Buffer {
  return udpPacket(ANN[family], BEN[family], data, { source: UDP_PORTS.ours, destination: UDP_PORTS.theirs });
}

/** Ann's machine, with Ben as its only peer. `onWritten` gets whatever reaches her system. */
function machine(rule: InboundRule, onWritten: (packet: Uint8Array) => void) {
  const clock = new SteppedClock();
  const lane = new FakeLane({ maxPacketBytes: 1420 });
  const tunnel = new Tunnel({
    self: { ...ANN, ipv4Salt: 0 },
    clock,
    logger: silentLogger,
    mtu: 1420,
    random: secureRandom,
    defer: (task) => task(),
  });
  let fromSystem: OnPacket = () => {};
  tunnel.attach({
    name: "fuzz0",
    mtu: 1420,
    offloads: { checksum: false, tcp: false, udp: false },
    start: (onPacket) => {
      fromSystem = onPacket;
    },
    write: (frame, bytes) => {
      onWritten(frame.subarray(VIRTIO_HEADER_BYTES, bytes));
      return true;
    },
    close: async () => {},
  });
  const ben = "ben" as PublicKey;
  tunnel.setPeer(ben, BEN);
  tunnel.setLane(ben, lane);
  tunnel.setInbound(ben, rule);
  return {
    clock,
    lane,
    /** What Ben sends. A frame of a speed test is no packet, and by chance one may come of mutation. */
    receive(packet: Uint8Array) {
      if (!isSpeedFrame(packet)) lane.onPacket(packet);
    },
    send(packet: Uint8Array) {
      fromSystem(Uint8Array.from(packet));
      lane.take();
    },
  };
}

function transportOf(packet: Uint8Array): Transport | undefined {
  const ipv4 = parseIpv4(packet);
  if (ipv4) return ipv4Transport(ipv4);
  const ipv6 = parseIpv6(packet);
  return ipv6 && ipv6Transport(packet, ipv6);
}

describe("what a firewall reads of a packet", () => {
  it("lies within it, and is what the other parsers read", () => {
    const dissection = new Dissection();
    fuzzBytes("dissection", [...packets, ...answers], (input) => {
      const kind = dissection.read(input);
      const { transport, end, protocol, fragmentStart, fragmentEnd } = dissection;
      if (kind === "unclear") return 0;
      must(end <= input.length, "a packet ends within its bytes");
      if (kind !== "whole")
        must(fragmentStart < fragmentEnd && fragmentEnd <= 0xffff, "a fragment is part of a datagram");
      if (kind === "later") return digest(fragmentStart, fragmentEnd);
      must(transport <= end, "the transport is part of the packet");
      const known = transportOf(input);
      must(known?.offset === transport && known.protocol === protocol && known.end === end, "all read the same");
      const { isTcp, isUdp, isIcmp } = dissection;
      must(Number(isTcp) + Number(isUdp) + Number(isIcmp) <= 1, "it is one of them, or none");
      must(!isTcp || transport + 20 <= end, "a header of TCP is all there");
      must(!(isUdp || isIcmp) || transport + 8 <= end, "a header of UDP or ICMP is all there");
      return digest(digest(transport, protocol), end);
    });
  });
});

describe("a machine that lets a member begin nothing", () => {
  it("gets nothing of what it sends, whatever that is", () => {
    const { lane, receive, clock } = machine({ mode: "none" }, () =>
      must(false, "nothing comes in that nobody asked for"),
    );
    fuzzBytes("firewall-unasked", [...answers, ...packets], (input) => {
      receive(input);
      clock.step(u8(input, 5) & 3);
      must(lane.sent.length === 0, "what is refused is not answered");
      return 0;
    });
  });

  it("gets answers to what it began, and nothing else, whatever else there is", () => {
    const acceptedFragments = new Set<string>();
    let passed = 0;
    const { lane, receive, send, clock } = machine({ mode: "none" }, (packet) => {
      passed += 1;
      must(isAnswer(packet, acceptedFragments), "what comes in answers what was begun");
    });
    let count = 0;
    fuzzBytes("firewall-answers", answers, (input) => {
      // The member ends what was begun every now and then.
      if (count++ % 32 === 0) {
        for (const family of families) {
          for (const packet of [ourTcp(family), ourUdp(family), echoRequest(ANN[family], BEN[family])]) send(packet);
        }
      }
      clock.step(u8(input, 5) & 3);
      receive(input);
      must(lane.sent.length === 0, "nothing is answered");
      return 0;
    });
    must(passed > 1000, "some do answer");
  });

  it("may itself send anything at all", () => {
    const { receive, send, clock } = machine({ mode: "none" }, () => {});
    fuzzBytes("firewall-ours", [...packets, ...answers.map(reversed)], (input) => {
      send(input);
      clock.step(u8(input, 5));
      receive(reversed(input));
      return 0;
    });
  });
});

/** Written without the firewall's own parser or table: by the ports alone, and by which fragments came before. */
function isAnswer(packet: Uint8Array, accepted: Set<string>): boolean {
  const isIpv4 = u8(packet, 0) >> 4 === 4;
  const transport = transportOf(packet);
  const isLater = !transport;
  const id = isIpv4 ? `4 ${u16(packet, 4)} ${u8(packet, 9)}` : `6 ${fragmentIdOf(packet)}`;
  if (isLater) return accepted.has(id);
  if (!isAnswerWhole(packet, transport, isIpv4)) return false;
  // As the last one, of more than the firewall remembers.
  accepted.delete(id);
  accepted.add(id);
  if (accepted.size > 1000) for (const oldest of [...accepted].slice(0, 500)) accepted.delete(oldest);
  return true;
}

/** Of an IPv6 packet with no more before it than options. */
function fragmentIdOf(packet: Uint8Array): string {
  let [protocol, at] = [u8(packet, 6), 40];
  while (protocol === PROTOCOL.hopByHop || protocol === PROTOCOL.destinationOptions) {
    protocol = u8(packet, at);
    at += (u8(packet, at + 1) + 1) * 8;
  }
  return protocol === PROTOCOL.fragment ? Buffer.from(packet.subarray(at + 4, at + 8)).toString("hex") : "whole";
}

function isAnswerWhole(packet: Uint8Array, { protocol, offset }: Transport, isIpv4: boolean): boolean {
  const arePorts = (at: number, a: number, b: number) => u16(packet, at) === a && u16(packet, at + 2) === b;
  if (protocol === PROTOCOL.tcp) return arePorts(offset, TCP_PORTS.theirs, TCP_PORTS.ours);
  if (protocol === PROTOCOL.udp) return arePorts(offset, UDP_PORTS.theirs, UDP_PORTS.ours);
  if (protocol !== (isIpv4 ? PROTOCOL.icmp : PROTOCOL.icmpv6)) return false;
  const type = u8(packet, offset);
  if (type === (isIpv4 ? 0 : 129)) return u16(packet, offset + 4) === 0;
  if (!(isIpv4 ? [3, 11, 12] : [1, 2, 3, 4]).includes(type)) return false;
  // The packet it quotes, of ours: without options it begins with its addresses where they always are.
  const quoted = offset + 8;
  const [addresses, bytes] = isIpv4 ? [12, 4] : [8, 16];
  const address = (at: number) => Buffer.from(packet.subarray(at, at + bytes)).toString("hex");
  if (address(quoted + addresses) !== address(addresses + bytes)) return false;
  if (address(quoted + addresses + bytes) !== address(addresses)) return false;
  // A few of IPv6's headers may be before its transport.
  for (let at = quoted + (isIpv4 ? 20 : 40); at + 8 <= packet.length; at += 8) {
    if (arePorts(at, TCP_PORTS.ours, TCP_PORTS.theirs) || arePorts(at, UDP_PORTS.ours, UDP_PORTS.theirs)) return true;
    if (u8(packet, at) === (isIpv4 ? 8 : 128) && u16(packet, at + 4) === 0) return true;
    if (isIpv4) return false;
  }
  return false;
}

/** The same bytes with the addresses exchanged, so that they pass for the other's. */
function reversed(packet: Uint8Array): Buffer {
  const copy = Buffer.from(packet);
  const [at, bytes] = u8(packet, 0) >> 4 === 4 ? [12, 4] : [8, 16];
  if (copy.length < at + 2 * bytes) return copy;
  copy.set(packet.subarray(at + bytes, at + 2 * bytes), at);
  copy.set(packet.subarray(at, at + bytes), at + bytes);
  return copy;
}
