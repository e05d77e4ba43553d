import { describe, expect, it } from "vitest";
import { parsePing } from "../../../electron/cli/demo/measure.ts";
import { roundTripsInWords, summarize } from "../../../electron/cli/round-trips.ts";

describe("round trips", () => {
  it("come to their least, mean and greatest, to the microsecond", () => {
    const figures = summarize(4, [1.00049, 3, 2]);
    expect(figures).toEqual({ sent: 4, received: 3, minMs: 1, avgMs: 2, maxMs: 3 });
    expect(roundTripsInWords(figures)).toBe("3 of 4 answered, min/avg/max 1.00/2.00/3.00 ms");
  });

  it("have no figures when nothing came back", () => {
    expect(summarize(4, [])).toEqual({ sent: 4, received: 0 });
    expect(roundTripsInWords(summarize(4, []))).toBe("0 of 4 answered");
  });
});

describe("what ping prints", () => {
  it("is read as iputils writes it", () => {
    const printed = `PING 100.64.1.2 (100.64.1.2) 56(84) bytes of data.

--- 100.64.1.2 ping statistics ---
10 packets transmitted, 9 received, 10% packet loss, time 904ms
rtt min/avg/max/mdev = 1.045/1.774/4.189/0.913 ms
`;
    expect(parsePing(printed)).toEqual({ sent: 10, received: 9, minMs: 1.045, avgMs: 1.774, maxMs: 4.189 });
  });

  it("is read as BusyBox writes it", () => {
    const printed = `--- fd67::1 ping statistics ---
4 packets transmitted, 4 packets received, 0% packet loss
round-trip min/avg/max = 0.070/0.085/0.100 ms
`;
    expect(parsePing(printed)).toEqual({ sent: 4, received: 4, minMs: 0.07, avgMs: 0.085, maxMs: 0.1 });
  });

  it.each(["", "ping: unknown host", "3 packets transmitted, 0 received, 100% packet loss"])(
    "is nothing: %j",
    (text) => {
      expect(parsePing(text)).toBeUndefined();
    },
  );
});
