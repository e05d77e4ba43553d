/** What is read out of iperf3's reports (`--json`, version 3.12). */

interface Sum {
  readonly bytes?: number;
  readonly bits_per_second?: number;
  readonly seconds?: number;
  readonly retransmits?: number;
  readonly packets?: number;
  readonly lost_packets?: number;
}

interface Report {
  readonly end?: Readonly<Record<string, Sum | undefined>>;
}

export interface TcpFigures {
  /** Payload that arrived, in Mbit/s, one way. */
  readonly mbit: number;
  readonly bytes: number;
  readonly retransmits: number;
}

export function tcpFigures(report: unknown): TcpFigures {
  const { sum_sent, sum_received } = ends(report);
  return {
    mbit: megabits(sum_received),
    bytes: sum_received?.bytes ?? 0,
    retransmits: sum_sent?.retransmits ?? 0,
  };
}

/** Of `--bidir`: what arrived there, and what arrived here, in Mbit/s. */
export function bidirFigures(report: unknown): readonly [number, number] {
  const { sum_received, sum_received_bidir_reverse } = ends(report);
  return [megabits(sum_received), megabits(sum_received_bidir_reverse)];
}

/** The congestion control that the sender's sockets had: "cubic", "bbr". */
export function senderCongestion(report: unknown): unknown {
  return (report as { end?: { sender_tcp_congestion?: unknown } } | undefined)?.end?.sender_tcp_congestion;
}

export interface UdpFigures {
  /** Packets a second that were sent. */
  readonly sent: number;
  /** And of those, how many arrived. */
  readonly received: number;
  /** 0 to 1. */
  readonly loss: number;
}

export function udpFigures(report: unknown): UdpFigures {
  const { sum } = ends(report);
  const { packets = 0, lost_packets = 0, seconds = 0 } = sum ?? {};
  if (packets === 0 || seconds === 0) throw new Error("iperf3 sent no packets");
  // A packet that comes twice is counted as arrived twice: iperf3 may then tell of less than none lost.
  const lost = Math.min(packets, Math.max(0, lost_packets));
  return { sent: packets / seconds, received: (packets - lost) / seconds, loss: lost / packets };
}

function ends(report: unknown): Readonly<Record<string, Sum | undefined>> {
  const end = (report as Report | undefined)?.end;
  if (!end) throw new Error("iperf3's report has no end");
  return end;
}

function megabits(sum: Sum | undefined): number {
  return (sum?.bits_per_second ?? 0) / 1e6;
}
