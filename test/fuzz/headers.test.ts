import { describe, it } from "vitest";
import { markCongestion } from "../../shared/packet/ecn.ts";
import { fragmentIpv4 } from "../../shared/packet/fragment.ts";
import { parseIcmp } from "../../shared/packet/icmp.ts";
import { icmpError } from "../../shared/packet/icmp-error.ts";
import { ipv4Transport, parseIpv4 } from "../../shared/packet/ipv4.ts";
import { ipv6Transport, parseIpv6 } from "../../shared/packet/ipv6.ts";
import { TransportLayout } from "../../shared/packet/layout.ts";
import { clampMss } from "../../shared/packet/mss.ts";
import { PROTOCOL, type Transport } from "../../shared/packet/protocol.ts";
import { summarizePacket } from "../../shared/packet/summary.ts";
import { parseTcp } from "../../shared/packet/tcp.ts";
import { parseUdp } from "../../shared/packet/udp.ts";
import { u8 } from "../../shared/packet/words.ts";
import { flowHash } from "../../shared/tunnel/flow-hash.ts";
import { digest, digestBytes, fuzzBytes, must } from "./mutation/drive.ts";
import { packets } from "./mutation/samples.ts";

// The headers of IP and of what is in it, as any program of this machine or any member may send them.

const FLOW_BITS = 10;
/** RFC 8200, section 5; and what RFC 1812 asks of errors. */
const MOST_ERROR_BYTES = { 4: 576, 6: 1280 } as const;

function transportOf(input: Uint8Array): Transport | undefined {
  const ipv4 = parseIpv4(input);
  if (ipv4) return ipv4Transport(ipv4);
  const ipv6 = parseIpv6(input);
  return ipv6 && ipv6Transport(input, ipv6);
}

function isWithin({ offset, end }: Transport, input: Uint8Array): boolean {
  return offset <= end && end <= input.length;
}

describe("headers that anybody may have made up", () => {
  it("IPv4: lengths within the bytes at hand, and fragments that are packets", () => {
    fuzzBytes("ipv4-header", packets, (input) => {
      const header = parseIpv4(input);
      if (!header) return 0;
      must(header.headerBytes >= 20 && header.headerBytes <= header.totalBytes, "a header is part of its packet");
      must(header.totalBytes <= input.length, "a packet is no longer than its bytes");
      const transport = ipv4Transport(header);
      must(!transport || isWithin(transport, input), "the transport lies within the packet");
      let sum = digest(header.source, header.protocol);
      for (const fragment of fragmentIpv4(input, header, 88) ?? []) {
        must(fragment.length <= 88, "a fragment keeps to its limit");
        sum = digestBytes(sum, fragment);
      }
      return sum;
    });
  });

  it("IPv6: lengths within the bytes at hand, and no endless chain of headers", () => {
    fuzzBytes("ipv6-headers", packets, (input) => {
      const header = parseIpv6(input);
      if (!header) return 0;
      must(header.totalBytes <= input.length, "a packet is no longer than its bytes");
      const transport = ipv6Transport(input, header);
      must(!transport || isWithin(transport, input), "the transport lies within the packet");
      return digest(header.totalBytes, transport?.offset ?? -1);
    });
  });

  it("TCP: a header within the packet, and an MSS that only ever gets less", () => {
    fuzzBytes("tcp-header", packets, (input) => {
      const transport = transportOf(input);
      const tcp = transport && parseTcp(input, transport);
      if (!transport || !tcp) return 0;
      must(transport.offset + tcp.headerBytes <= transport.end, "a header is part of its packet");
      const changed = clampMss(input, transport, 1280, (tcp.flags & 1) === 0);
      return digestBytes(digest(tcp.sequence, changed ? 1 : 0), input);
    });
  });

  it("UDP: a header within the packet", () => {
    fuzzBytes("udp-header", packets, (input) => {
      const transport = transportOf(input);
      const udp = transport && parseUdp(input, transport);
      if (!transport || !udp) return 0;
      must(udp.length >= 8 && transport.offset + 8 <= transport.end, "a header is part of its packet");
      return digest(udp.sourcePort, udp.length);
    });
  });

  it("ICMP: a header within the packet; an error about anything is a short packet or none", () => {
    fuzzBytes("icmp", packets, (input) => {
      const transport = transportOf(input);
      const icmp = transport && parseIcmp(input, transport);
      const error = icmpError(input, { kind: "too_big", mtu: 1280 });
      const isOwn = transport?.protocol === (u8(input, 0) >> 4 === 4 ? PROTOCOL.icmp : PROTOCOL.icmpv6);
      must(!(error && isOwn && icmp?.isError), "no error is sent about an error");
      if (!error) return icmp ? digest(icmp.type, icmp.code) : 0;
      const version = u8(error, 0) >> 4;
      must(version === 4 || version === 6, "an error is an IP packet");
      must(error.length <= MOST_ERROR_BYTES[version === 4 ? 4 : 6], "an error is short");
      must((version === 4 ? parseIpv4(error) : parseIpv6(error))?.totalBytes === error.length, "an error is whole");
      return digestBytes(0, error);
    });
  });

  it("the layout for offloads: the same places as the parsers say, within the packet", () => {
    const layout = new TransportLayout();
    fuzzBytes("transport-layout", packets, (input) => {
      const kind = layout.read(input);
      if (kind !== "tcp" && kind !== "udp") return digest(0, kind.length);
      must(layout.transport <= layout.payload && layout.payload <= layout.end, "the parts are in order");
      must(layout.end <= input.length, "a packet is no longer than its bytes");
      must(layout.transport + layout.checksumOffset + 2 <= layout.payload, "the checksum is part of the header");
      must(transportOf(input)?.offset === layout.transport, "the transport is where the parsers find it");
      return digest(layout.transport, layout.payload);
    });
  });

  it("the flow's number and the congestion mark: any bytes at all", () => {
    fuzzBytes("flow-hash", packets, (input) => {
      const hash = flowHash(input, FLOW_BITS);
      must(hash >= 0 && hash < 2 ** FLOW_BITS, "a flow's number is one of the queues'");
      const length = parseIpv4(input)?.totalBytes ?? parseIpv6(input)?.totalBytes;
      // The queue holds only what has a whole header.
      if (length !== undefined && markCongestion(input))
        must(flowHash(input, FLOW_BITS) === hash, "a mark keeps the flow");
      return digestBytes(hash, input);
    });
  });

  it("the line for a log: short, and of printable characters", () => {
    fuzzBytes("packet-summary", packets, (input) => {
      const line = summarizePacket(input);
      must(line.length < 200 && !line.includes("undefined"), "a line is short, and all of it is known");
      return line.length;
    });
  });
});
