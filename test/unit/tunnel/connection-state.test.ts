import { describe, expect, it } from "vitest";
import {
  afterTcp,
  CONNECTION,
  type ConnectionState,
  IDLE_MS,
  isAssured,
} from "../../../shared/tunnel/connection-state.ts";
import { ACK, DATA, FIN, RST, SYN_ACK } from "./firewall-fixture.ts";

const { synSent, established, closedByUs, closedByPeer, timeWait, reset } = CONNECTION;
const TCP_STATES = [synSent, established, closedByUs, closedByPeer, timeWait, reset];

describe("a TCP connection's state after a segment", () => {
  /** In the order of TCP_STATES. */
  const next = (flags: number, isOurs: boolean) => TCP_STATES.map((state) => afterTcp(state, flags, isOurs));
  const unchanged: readonly ConnectionState[] = TCP_STATES;

  it("is established by a SYN with ACK, of either, and by nothing else", () => {
    for (const isOurs of [true, false]) {
      expect(next(SYN_ACK, isOurs)).toEqual([established, established, closedByUs, closedByPeer, timeWait, reset]);
    }
  });

  it("stays as it is with data and acknowledgements, but that this machine's undo a reset", () => {
    for (const flags of [ACK, DATA, 0]) {
      expect(next(flags, false)).toEqual(unchanged);
      expect(next(flags, true)).toEqual([synSent, established, closedByUs, closedByPeer, timeWait, established]);
    }
  });

  it("is over when both have closed it, each once", () => {
    expect(next(FIN, true)).toEqual([synSent, closedByUs, closedByUs, timeWait, timeWait, closedByUs]);
    expect(next(FIN, false)).toEqual([synSent, closedByPeer, timeWait, closedByPeer, timeWait, reset]);
  });

  it("is over at once with a RST, whatever else is in it", () => {
    for (const isOurs of [true, false]) {
      for (const flags of [RST, RST | ACK, RST | FIN]) expect(next(flags, isOurs)).toEqual(TCP_STATES.map(() => reset));
    }
  });
});

describe("every state", () => {
  it("lasts for a time of its own", () => {
    expect(Object.values(CONNECTION).map((state) => IDLE_MS[state])).toEqual([
      120_000, 432_000_000, 432_000_000, 432_000_000, 120_000, 10_000, 30_000, 180_000, 30_000,
    ]);
  });

  it("is given up before one in which somebody answered and may again", () => {
    const assured = Object.entries(CONNECTION).filter(([, state]) => isAssured(state));
    expect(assured.map(([name]) => name)).toEqual(["established", "closedByUs", "closedByPeer", "answered"]);
  });
});
