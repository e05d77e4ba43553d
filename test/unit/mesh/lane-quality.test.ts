import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneMeter, STRETCH_DATAGRAMS, STRETCH_MS } from "../../../shared/mesh/lane-quality.ts";

/** A meter that has heard of these arrivals and one round trip, at the end of its first stretch. */
function measured(sequences: readonly number[]) {
  const meter = new LaneMeter(0);
  meter.roundTrip(20);
  for (const sequence of sequences) meter.arrived(sequence & 0xffff);
  meter.look(STRETCH_MS);
  return meter.quality;
}

const counting = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

describe("a lane's quality", () => {
  it("is without fault where all arrives in order, wherever the numbers begin and wrap", () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff }), fc.integer({ min: STRETCH_DATAGRAMS, max: 500 }), (from, count) => {
        expect(measured(counting(from, count))).toEqual({ rttMs: 20, lossPercent: 0, reorderedPercent: 0 });
      }),
    );
  });

  it("counts every number that is left out, but those after the last that came", () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff }), fc.uniqueArray(fc.integer({ min: 1, max: 998 })), (from, lost) => {
        const came = counting(0, 1000).filter((n) => !lost.includes(n));
        const quality = measured(came.map((n) => from + n));
        expect(quality).toMatchObject({ lossPercent: lost.length / 10, reorderedPercent: 0 });
      }),
    );
  });

  it("counts what comes after a later one as reordered, and not as lost", () => {
    const sequences = counting(65_500, 200);
    sequences.splice(100, 2, 65_601, 65_600);
    expect(measured(sequences)).toMatchObject({ lossPercent: 0, reorderedPercent: 0.5 });
  });

  it("is unknown until enough has come for long enough, and until a probe came back", () => {
    const meter = new LaneMeter(0);
    for (const sequence of counting(0, STRETCH_DATAGRAMS - 1)) meter.arrived(sequence);
    meter.look(10 * STRETCH_MS);
    meter.roundTrip(20);
    expect(meter.quality).toBeUndefined();
    meter.arrived(STRETCH_DATAGRAMS - 1);
    meter.look(STRETCH_MS - 1);
    expect(meter.quality).toBeUndefined();
    meter.look(STRETCH_MS);
    expect(meter.quality).toMatchObject({ lossPercent: 0 });
    expect(new LaneMeter(0).quality).toBeUndefined();
  });

  it("is that of the last stretch: what was is forgotten", () => {
    const meter = new LaneMeter(0);
    meter.roundTrip(20);
    for (const n of counting(0, 200)) meter.arrived(2 * n);
    meter.look(STRETCH_MS);
    expect(meter.quality?.lossPercent).toBeCloseTo(50, 0);
    for (const n of counting(399, 200)) meter.arrived(n);
    meter.look(2 * STRETCH_MS);
    expect(meter.quality?.lossPercent).toBe(0);
  });

  it("follows the round trip slowly", () => {
    const meter = new LaneMeter(0);
    meter.roundTrip(20);
    for (const n of counting(0, STRETCH_DATAGRAMS)) meter.arrived(n);
    meter.look(STRETCH_MS);
    meter.roundTrip(100);
    expect(meter.quality?.rttMs).toBe(30);
  });
});
