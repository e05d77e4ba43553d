import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv4, formatIpv6 } from "../../../shared/identity/address.ts";
import { isSpeedFrame } from "../../../shared/tunnel/speed-frame.ts";
import { udpPacket } from "../../fakes/packets.ts";
import { ann, ben, self, tunnelOfThree } from "./fixture.ts";

const ipv4 = fc.oneof(
  fc.constantFrom(self.ipv4, ann.ipv4, ben.ipv4),
  fc.nat({ max: 0xffffffff }).map((address) => formatIpv4(address)),
);
const ipv6 = fc.oneof(
  fc.constantFrom(self.ipv6, ann.ipv6, ben.ipv6),
  fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 }).map((groups) => formatIpv6(groups)),
);
const packet = fc.oneof(
  fc.tuple(ipv4, ipv4).map(([source, destination]) => udpPacket(source, destination)),
  fc.tuple(ipv6, ipv6).map(([source, destination]) => udpPacket(source, destination)),
);
/** A packet, perhaps with some of its bytes changed, perhaps cut. */
const hostile = fc
  .tuple(packet, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }), fc.nat())
  .map(([bytes, changes, cut]) => {
    for (const [at, value] of changes) bytes[(at % 40) % bytes.length] = value;
    return cut % 4 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
  });

describe("whatever a peer sends", () => {
  it("nothing reaches the system but from that peer's own address to this machine's", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    const admitted4 = udpPacket(ann.ipv4, self.ipv4).subarray(12, 20);
    const admitted6 = udpPacket(ann.ipv6, self.ipv6).subarray(8, 40);
    let delivered = 0;
    fc.assert(
      fc.property(hostile, (bytes) => {
        lanes.ann.deliver(bytes);
        // A frame of a speed test is no packet, and by chance one may come of this.
        if (!isSpeedFrame(bytes)) delivered += 1;
        for (const written of tun.take()) {
          if (written[0]! >> 4 === 4) expect(written.subarray(12, 20)).toEqual(admitted4);
          else expect(written.subarray(8, 40)).toEqual(admitted6);
        }
      }),
      { numRuns: 2000 },
    );
    const counters = tunnel.counters(ann.key)!;
    const dropped = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
    expect(counters.packetsIn + dropped).toBe(delivered);
    // Some of everything was tried, or the property would be empty.
    expect(counters.packetsIn).toBeGreaterThan(0);
    expect(counters.dropped.spoofed).toBeGreaterThan(0);
    expect(counters.dropped.wrong_destination).toBeGreaterThan(0);
    expect(counters.dropped.malformed).toBeGreaterThan(0);
  });
});
