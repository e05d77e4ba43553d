import { formatIpv4, formatIpv6 } from "../identity/address.ts";
import { parseIcmp } from "./icmp.ts";
import { ipv4Transport, parseIpv4 } from "./ipv4.ts";
import { IPV6, ipv6Transport, parseIpv6 } from "./ipv6.ts";
import { PROTOCOL, type Transport } from "./protocol.ts";
import { parseTcp } from "./tcp.ts";
import { parseUdp } from "./udp.ts";
import { u8, u16 } from "./words.ts";

/** One line about a packet for a log: who to whom, protocol and ports; never its data. */
export function summarizePacket(packet: Uint8Array): string {
  const ipv4 = parseIpv4(packet);
  if (ipv4) {
    const [source, destination] = [formatIpv4(ipv4.source), formatIpv4(ipv4.destination)];
    return `${source} > ${destination} ${transportText(packet, ipv4Transport(ipv4))} ${ipv4.totalBytes} bytes`;
  }
  const ipv6 = parseIpv6(packet);
  if (ipv6) {
    const [source, destination] = [ipv6Text(packet, IPV6.source), ipv6Text(packet, IPV6.destination)];
    return `${source} > ${destination} ${transportText(packet, ipv6Transport(packet, ipv6))} ${ipv6.totalBytes} bytes`;
  }
  return `malformed, version ${u8(packet, 0) >> 4}, ${packet.length} bytes`;
}

function ipv6Text(packet: Uint8Array, at: number): string {
  return formatIpv6(Array.from({ length: 8 }, (_, i) => u16(packet, at + 2 * i)));
}

function transportText(packet: Uint8Array, transport: Transport | undefined): string {
  if (!transport) return "fragment";
  switch (transport.protocol) {
    case PROTOCOL.tcp:
      return portsText("tcp", parseTcp(packet, transport));
    case PROTOCOL.udp:
      return portsText("udp", parseUdp(packet, transport));
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6: {
      const icmp = parseIcmp(packet, transport);
      return icmp ? `icmp ${icmp.type}/${icmp.code}` : "icmp, cut short";
    }
    default:
      return `protocol ${transport.protocol}`;
  }
}

function portsText(name: string, ports: { sourcePort: number; destinationPort: number } | undefined): string {
  return ports ? `${name} ${ports.sourcePort} > ${ports.destinationPort}` : `${name}, cut short`;
}
