import { describe, expect, it } from "vitest";
import { last, noSamples, SAMPLE_COUNT, type Samples, sampleAll, withSample } from "../../../renderer/store/samples.ts";
import type { TrafficView } from "../../../shared/ipc/contract.ts";
import { keyOf, memberOf } from "../../fakes/app-people.ts";
import { emptyState, HOME, roomOf, WORK, withRooms } from "../../fakes/app-states.ts";

const traffic = (bytesIn: number, bytesOut = 0): TrafficView => ({
  packetsIn: 0,
  bytesIn,
  packetsOut: 0,
  bytesOut,
  dropped: {},
});

function sampled(...counters: readonly number[]): Samples {
  return counters.reduce((samples, bytes) => withSample(samples, 10, traffic(bytes), 1_000), noSamples);
}

describe("the samples of a link", () => {
  it("turn counters into bytes a second", () => {
    expect(sampled(1_000, 1_500, 4_500).inBps).toEqual([0, 500, 3_000]);
  });

  it("count by the time that really passed", () => {
    const one = withSample(noSamples, 10, traffic(0, 0), 1_000);
    expect(last(withSample(one, 10, traffic(500, 250), 500).inBps)).toBe(1_000);
    expect(last(withSample(one, 10, traffic(500, 250), 500).outBps)).toBe(500);
  });

  it("show no rate in the second in which a link was remade and its counters began anew", () => {
    expect(sampled(9_000, 100, 300).inBps).toEqual([0, 0, 200]);
  });

  it("keep a minute and forget what is older", () => {
    let samples = noSamples;
    for (let i = 0; i < SAMPLE_COUNT + 5; i++) samples = withSample(samples, i, undefined, 1_000);
    expect(samples.rttMs).toHaveLength(SAMPLE_COUNT);
    expect(samples.rttMs[0]).toBe(5);
    expect(last(samples.rttMs)).toBe(SAMPLE_COUNT + 4);
  });

  it("leave a gap where no answer is known", () => {
    const samples = withSample(sampled(0), undefined, undefined, 1_000);
    expect(samples.rttMs).toEqual([10, null]);
  });

  it("are the same object when a flat line only moves on, so that nothing is drawn again", () => {
    let samples = noSamples;
    for (let i = 0; i < SAMPLE_COUNT; i++) samples = withSample(samples, 10, traffic(7), 1_000);
    expect(withSample(samples, 10, traffic(7), 1_000)).toBe(samples);
    expect(withSample(samples, 11, traffic(7), 1_000)).not.toBe(samples);
    expect(withSample(samples, 10, traffic(8), 1_000)).not.toBe(samples);
  });
});

describe("the samples of all", () => {
  const before = { samples: {}, total: noSamples };
  const ben = memberOf("Ben");

  it("hold each link once, whatever rooms it serves, and not this computer itself", () => {
    const state = withRooms(emptyState(0), roomOf(HOME, "Den", [ben]), roomOf(WORK, "Work", [ben]));
    expect(Object.keys(sampleAll(before, state, 1_000).samples)).toEqual([keyOf("Ben")]);
  });

  it("forget a link that is gone", () => {
    const state = withRooms(emptyState(0), roomOf(HOME, "Den", [ben]));
    expect(sampleAll(sampleAll(before, state, 1_000), emptyState(0), 1_000).samples).toEqual({});
  });
});
