import { TCP_FLAG } from "../packet/tcp.ts";

/**
 * How far something that this machine began with a peer has come.
 *
 * TCP, by the flags of its segments (a half-closed connection may wait for its answer as long as it likes):
 *
 *   our SYN ──▶ synSent ──SYN-ACK──▶ established ──FIN──▶ closedByUs, closedByPeer ──the other FIN──▶ timeWait
 *                  │                      │  ▲                       │
 *                  └────────RST───────────┴──┼──RST──▶ reset ◀───────┘
 *                                            └─ our ACK: our system did not believe the RST (RFC 5961, section 3)
 *
 * UDP: our datagram ──▶ unanswered ──the peer's──▶ answered. ICMP: our echo request ──▶ echo.
 */
export const CONNECTION = {
  synSent: 0,
  established: 1,
  closedByUs: 2,
  closedByPeer: 3,
  timeWait: 4,
  reset: 5,
  unanswered: 6,
  answered: 7,
  echo: 8,
} as const;
export type ConnectionState = (typeof CONNECTION)[keyof typeof CONNECTION];

const SECOND = 1000;

/** All as Linux's nf_conntrack has them (nf_conntrack-sysctl): what programs have come to live with. */
export const SYN_SENT_MS = 120 * SECOND;
/** Five days: a shell that somebody left open over the weekend goes on. */
export const ESTABLISHED_MS = 5 * 24 * 3600 * SECOND;
export const TIME_WAIT_MS = 120 * SECOND;
export const RESET_MS = 10 * SECOND;
export const UDP_UNANSWERED_MS = 30 * SECOND;
/** RFC 4787, REQ-5, asks for at least two minutes. */
export const UDP_ANSWERED_MS = 180 * SECOND;
export const ECHO_MS = 30 * SECOND;

/** How long each state lasts without a packet, by its number. */
export const IDLE_MS: readonly number[] = [
  SYN_SENT_MS,
  ESTABLISHED_MS,
  ESTABLISHED_MS,
  ESTABLISHED_MS,
  TIME_WAIT_MS,
  RESET_MS,
  UDP_UNANSWERED_MS,
  UDP_ANSWERED_MS,
  ECHO_MS,
];

/** Whether somebody answered and may answer again: such a connection is the last to be given up for want of room. */
export function isAssured(state: ConnectionState): boolean {
  return (
    state === CONNECTION.established ||
    state === CONNECTION.closedByUs ||
    state === CONNECTION.closedByPeer ||
    state === CONNECTION.answered
  );
}

/** What a TCP segment on ports of ours makes of a connection; SYNs without ACK are for the caller. */
export function afterTcp(state: ConnectionState, flags: number, isOurs: boolean): ConnectionState {
  if ((flags & TCP_FLAG.rst) !== 0) return CONNECTION.reset;
  if ((flags & TCP_FLAG.syn) !== 0) return state === CONNECTION.synSent ? CONNECTION.established : state;
  const before = state === CONNECTION.reset && isOurs ? CONNECTION.established : state;
  return (flags & TCP_FLAG.fin) !== 0 ? afterFin(before, isOurs) : before;
}

function afterFin(state: ConnectionState, isOurs: boolean): ConnectionState {
  switch (state) {
    case CONNECTION.established:
      return isOurs ? CONNECTION.closedByUs : CONNECTION.closedByPeer;
    case CONNECTION.closedByUs:
      return isOurs ? state : CONNECTION.timeWait;
    case CONNECTION.closedByPeer:
      return isOurs ? CONNECTION.timeWait : state;
    default:
      return state;
  }
}
