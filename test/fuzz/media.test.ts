import fc from "fast-check";
import { expect, it } from "vitest";
import { FLOOR_BYTES, MediaLane } from "../../shared/mesh/media-lane.ts";
import type { DatagramPipe } from "../../shared/mesh/ports.ts";
import { DEFAULT_TUNNEL_MTU } from "../../shared/tunnel/mtu.ts";
import { FakeClock } from "../fakes/clock.ts";
import { PROPERTY_RUNS, SEED } from "./runs.ts";

// What the other end of a media lane sends: nothing of it may throw.
const parameters = { numRuns: PROPERTY_RUNS, seed: SEED };

const PROBE = 0x11;
const HEADROOM = 12;
/** Frames of ours, of nobody's, and echoes of probes that were sent, were not, or come twice. */
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.tuple(fc.integer({ min: 0x10, max: 0x13 }), fc.uint8Array({ maxLength: 80 })).map(([type, rest]) => {
    return Uint8Array.of(type, 0x01, ...rest);
  }),
  fc.nat({ max: 40 }).map((id) => Uint8Array.of(0x12, 0, 0, 0, 0, id)),
);

it("a media lane takes whatever frames come, answers a probe at most once, and stays within its sizes", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
      const clock = new FakeClock();
      const sent: number[] = [];
      const pipe: DatagramPipe = {
        headroom: HEADROOM,
        onFrame: () => {},
        send: (bytes) => void sent.push(bytes[HEADROOM] ?? 0),
      };
      const lane = new MediaLane(pipe, clock);
      lane.start();
      for (const bytes of frames) {
        const before = sent.filter((type) => type !== PROBE).length;
        pipe.onFrame(bytes, 0);
        expect(sent.filter((type) => type !== PROBE).length - before).toBeLessThanOrEqual(1);
        expect(lane.maxPacketBytes).toBeGreaterThanOrEqual(FLOOR_BYTES);
        expect(lane.maxPacketBytes).toBeLessThanOrEqual(DEFAULT_TUNNEL_MTU);
      }
      lane.end();
      expect(clock.pending).toBe(0);
    }),
    parameters,
  );
});
