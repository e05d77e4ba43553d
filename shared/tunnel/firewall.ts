import { Dissection } from "../packet/dissection.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMPV6 } from "../packet/icmp.ts";
import { IPV4 } from "../packet/ipv4.ts";
import { IPV6 } from "../packet/ipv6.ts";
import { PROTOCOL } from "../packet/protocol.ts";
import { TCP, TCP_FLAG } from "../packet/tcp.ts";
import { u8, u16, u32 } from "../packet/words.ts";
import { AcceptedFragments } from "./accepted-fragments.ts";
import { afterTcp, CONNECTION, type ConnectionState } from "./connection-state.ts";
import { ConnectionTable } from "./connection-table.ts";
import { type InboundRule, isPortOpen, isWithin } from "./inbound-rule.ts";

/** Behind these the kind of a connection has its protocol. */
const IPV4_KIND = 0x400;
const IPV6_KIND = 0x600;

/** The identifier of an echo request or reply, from the start of its ICMP header: one for each program that pings. */
const ECHO_NUMBER = 4;

/** An error quotes at least so much of the transport (RFC 792). */
const QUOTED_BYTES = 8;

/**
 * What one peer may begin with this machine: its rule, and what this machine began with it, whose answers always pass.
 *
 * While the rule is "all" nothing is refused and only TCP's SYN, FIN and RST are looked at, so that a tighter rule does
 * not cut the connections that this machine made before. UDP has no beginning to be seen: what this machine sends under
 * a tighter rule opens the way for its answers, whoever sent the first datagram before.
 *
 * What is refused is not answered, neither with a RST nor by ICMP: an answer would tell a scanner which machine is
 * there and which ports it guards, and cost this machine a packet for each of a flood. It is only counted.
 */
export class Firewall {
  readonly #now: () => number;
  #rule: InboundRule = { mode: "all" };
  #isOpen = true;
  /** Made with the first connection: most members never meet. */
  #connections: ConnectionTable | undefined;
  #fragments: AcceptedFragments | undefined;
  readonly #packet = new Dissection();
  readonly #quoted = new Dissection();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether the peer may begin anything. Then `sent` and `admits` need to hear of TCP's control segments alone. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From the next packet on. TCP connections that this machine made go on; all else must be begun anew. */
  setRule(rule: InboundRule): void {
    const before = this.#rule;
    this.#rule = rule;
    this.#isOpen = rule.mode === "all";
    if (isWithin(before, rule)) return;
    this.#fragments?.clear();
    // Some of these datagrams were answers to what the peer began, and must not be taken for a beginning of ours.
    this.#connections?.removeWhere((kind) => (kind & 0xff) !== PROTOCOL.tcp);
    if (before.mode === "all") this.#connections?.refresh(this.#now());
  }

  /** An IPv4 address, this machine's or the peer's, is another one from now on: nothing goes on from the old one. */
  forgetIpv4(): void {
    this.#connections?.removeWhere((kind) => kind >> 8 === IPV4_KIND >> 8);
    this.#fragments?.clear();
  }

  /** A packet of this machine's, from its own address, is about to go to the peer. */
  sent(packet: Uint8Array): void {
    const head = this.#packet;
    const kind = head.read(packet);
    if (kind === "whole" || kind === "first") this.#note(packet, head);
  }

  /** Whether a packet of the peer's, from its own address to this machine's, may come in. */
  admits(packet: Uint8Array): boolean {
    const head = this.#packet;
    const kind = head.read(packet);
    if (this.#isOpen) {
      if ((kind === "whole" || kind === "first") && head.isTcp) this.#admitsTcp(packet, head);
      return true;
    }
    switch (kind) {
      case "whole":
        return this.#admitsHead(packet, head);
      case "first":
        return this.#admitsFirst(packet, head);
      case "later":
        return this.#fragments?.admits(head, this.#now()) ?? false;
      case "unclear":
        return false;
    }
  }

  #note(packet: Uint8Array, head: Dissection): void {
    const { transport } = head;
    if (head.isTcp) {
      this.#noteTcp(kindOf(head), portsOfOurs(packet, transport), u8(packet, transport + TCP.flags));
    } else if (head.isUdp) {
      // An answer of a program that the peer may reach anyhow is no beginning.
      if (isPortOpen(this.#rule, "udp", u16(packet, transport))) return;
      this.#noteOther(kindOf(head), portsOfOurs(packet, transport), CONNECTION.unanswered);
    } else if (head.isIcmp) {
      if (u8(packet, transport) !== echoOf(head).echoRequest) return;
      this.#noteOther(kindOf(head), u16(packet, transport + ECHO_NUMBER), CONNECTION.echo);
    }
  }

  /** `ports` with ours in the upper half, as a packet of ours has them. */
  #noteTcp(kind: number, ports: number, flags: number): void {
    const now = this.#now();
    const known = this.#connections?.find(kind, ports, now) ?? -1;
    if (isBeginning(flags)) {
      // On ports that were used before: our system made the old connection's end its own business.
      if (known >= 0) this.#connections?.use(known, CONNECTION.synSent, now);
      else this.#open(kind, ports, CONNECTION.synSent, now);
      return;
    }
    // Without a SYN of ours it is the peer's connection, or one from before this program ran.
    if (known < 0 || !this.#connections) return;
    this.#connections.use(known, afterTcp(this.#connections.stateOf(known), flags, true), now);
  }

  #noteOther(kind: number, ports: number, state: ConnectionState): void {
    const now = this.#now();
    const known = this.#connections?.find(kind, ports, now) ?? -1;
    if (known >= 0) this.#connections?.use(known, this.#connections.stateOf(known), now);
    else this.#open(kind, ports, state, now);
  }

  #open(kind: number, ports: number, state: ConnectionState, now: number): void {
    this.#connections ??= new ConnectionTable();
    this.#connections.open(kind, ports, state, now);
  }

  #admitsFirst(packet: Uint8Array, head: Dissection): boolean {
    const isAdmitted = this.#admitsHead(packet, head);
    this.#fragments ??= new AcceptedFragments();
    if (isAdmitted) return this.#fragments.accept(head, this.#now());
    this.#fragments.refuse(head, this.#now());
    return false;
  }

  /**
   * By the transport header. A fragment that stops short of its ports or flags is refused: nobody cuts as fine as that
   * but to have a filter look at half of them (RFC 1858).
   */
  #admitsHead(packet: Uint8Array, head: Dissection): boolean {
    if (head.isTcp) return this.#admitsTcp(packet, head);
    if (head.isUdp) return this.#admitsUdp(packet, head);
    return head.isIcmp && this.#admitsIcmp(packet, head);
  }

  #admitsTcp(packet: Uint8Array, head: Dissection): boolean {
    const flags = u8(packet, head.transport + TCP.flags);
    // Nobody means it: a scanner that hopes for a filter which looks at one flag and a system that looks at the other.
    if ((flags & TCP_FLAG.syn) !== 0 && (flags & (TCP_FLAG.fin | TCP_FLAG.rst)) !== 0) return false;
    const isOpen = isPortOpen(this.#rule, "tcp", u16(packet, head.transport + 2));
    const now = this.#now();
    const connections = this.#connections;
    const known = connections?.find(kindOf(head), portsOfPeers(packet, head.transport), now) ?? -1;
    if (!connections || known < 0) return isOpen;
    const state = connections.stateOf(known);
    if (isBeginning(flags)) {
      // Both may begin at once (RFC 9293, section 3.5). On ports of a connection that is over, the peer begins its own.
      if (state === CONNECTION.synSent) return true;
      if (isOpen) connections.remove(known);
      return isOpen;
    }
    const after = afterTcp(state, flags, false);
    // What is over is not kept alive by the peer.
    const isOver = after === CONNECTION.timeWait || after === CONNECTION.reset;
    if (after !== state || !(isOver || state === CONNECTION.synSent)) connections.use(known, after, now);
    return true;
  }

  #admitsUdp(packet: Uint8Array, head: Dissection): boolean {
    const now = this.#now();
    const known = this.#connections?.find(kindOf(head), portsOfPeers(packet, head.transport), now) ?? -1;
    if (known >= 0) this.#connections?.use(known, CONNECTION.answered, now);
    return known >= 0 || isPortOpen(this.#rule, "udp", u16(packet, head.transport + 2));
  }

  #admitsIcmp(packet: Uint8Array, head: Dissection): boolean {
    const type = u8(packet, head.transport);
    const { echoRequest, echoReply } = echoOf(head);
    if (type === echoRequest) return this.#rule.mode === "ports";
    if (type === echoReply) return this.#isKnown(kindOf(head), u16(packet, head.transport + ECHO_NUMBER));
    return isHeeded(type, head) && head.kind === "whole" && this.#admitsError(packet, head);
  }

  /** An error passes if it is about a packet of ours: of what we began, or of a port that the peer may reach. */
  #admitsError(packet: Uint8Array, head: Dissection): boolean {
    const quoted = this.#quoted;
    const kind = quoted.readQuoted(packet, head.transport + ICMP_HEADER_BYTES, head.end);
    if ((kind !== "whole" && kind !== "first") || quoted.isIpv4 !== head.isIpv4) return false;
    if (!isSentBack(packet, quoted.start, head.isIpv4)) return false;
    const { transport, end, protocol } = quoted;
    // Enough for ports, and for an echo's number.
    if (transport + QUOTED_BYTES > end) return false;
    if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) {
      const isOpen = isPortOpen(this.#rule, protocol === PROTOCOL.tcp ? "tcp" : "udp", u16(packet, transport));
      return isOpen || this.#isKnown(kindOf(quoted), portsOfOurs(packet, transport));
    }
    const isEcho = quoted.isIcmp && u8(packet, transport) === echoOf(quoted).echoRequest;
    return isEcho && this.#isKnown(kindOf(quoted), u16(packet, transport + ECHO_NUMBER));
  }

  #isKnown(kind: number, ports: number): boolean {
    return (this.#connections?.find(kind, ports, this.#now()) ?? -1) >= 0;
  }
}

function echoOf({ isIpv4 }: Dissection) {
  return isIpv4 ? ICMP : ICMPV6;
}

/** Neither a redirect nor source quench, which nobody is to heed (RFC 6633). */
function isHeeded(type: number, { isIpv4 }: Dissection): boolean {
  if (!isIpv4) return type >= ICMPV6.unreachable && type <= ICMPV6.parameterProblem;
  return type === ICMP.unreachable || type === ICMP.timeExceeded || type === ICMP.parameterProblem;
}

function isBeginning(flags: number): boolean {
  return (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.syn;
}

function kindOf({ isIpv4, protocol }: Dissection): number {
  return (isIpv4 ? IPV4_KIND : IPV6_KIND) | protocol;
}

/** Both ports, this machine's in the upper half: of a packet of ours, and of one of the peer's. */
function portsOfOurs(packet: Uint8Array, transport: number): number {
  return (u16(packet, transport) << 16) | u16(packet, transport + 2);
}

function portsOfPeers(packet: Uint8Array, transport: number): number {
  return (u16(packet, transport + 2) << 16) | u16(packet, transport);
}

/** Whether the packet quoted at `quoted` went from where its error goes to where that came from. */
function isSentBack(packet: Uint8Array, quoted: number, isIpv4: boolean): boolean {
  return isIpv4
    ? areEqual(packet, quoted + IPV4.source, IPV4.destination, 4) &&
        areEqual(packet, quoted + IPV4.destination, IPV4.source, 4)
    : areEqual(packet, quoted + IPV6.source, IPV6.destination, 16) &&
        areEqual(packet, quoted + IPV6.destination, IPV6.source, 16);
}

function areEqual(packet: Uint8Array, a: number, b: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i += 4) if (u32(packet, a + i) !== u32(packet, b + i)) return false;
  return true;
}
