import { describe, expect, it } from "vitest";
import { LaneSwitch } from "../../../shared/mesh/lane-switch.ts";
import {
  ECHO_WITHIN_MS,
  MediaLane,
  PROVE_EVERY_MS,
  QUIET_EVERY_MS,
  WATCH_EVERY_MS,
  WIDEN_EVERY_MS,
} from "../../../shared/mesh/media-lane.ts";
import type { DatagramPipe } from "../../../shared/mesh/ports.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeLane } from "../../fakes/lane.ts";

/** Two pipes joined; `passes` says which frames get through, by their length with headroom. */
function pipes(clock: FakeClock) {
  const wire = { passes: (_bytes: number) => true, delayMs: 5, frames: 0 };
  const end = (): DatagramPipe & { other?: DatagramPipe } => ({
    headroom: 12,
    onFrame: () => {},
    send(frame) {
      wire.frames++;
      if (!wire.passes(frame.length)) return;
      const copy = frame.slice(12);
      clock.after(wire.delayMs, () => this.other?.onFrame(copy));
    },
  });
  const [a, b] = [end(), end()];
  a.other = b;
  b.other = a;
  return { a, b, wire };
}

function pair() {
  const clock = new FakeClock();
  const { a, b, wire } = pipes(clock);
  return { clock, wire, a: new MediaLane(a, clock), b: new MediaLane(b, clock) };
}

describe("the media lane", () => {
  it("is not good before an echo has come back, and good after", async () => {
    const { clock, a, b } = pair();
    a.start();
    b.start();
    expect(a.isGood).toBe(false);
    await clock.advance(20);
    expect([a.isGood, b.isGood]).toEqual([true, true]);
    expect(a.maxPacketBytes).toBe(1420);
  });

  it("sends no probe before it is started, for the other end may not know the lane", async () => {
    const { clock, wire, a } = pair();
    await clock.advance(60_000);
    expect(wire.frames).toBe(0);
    expect(a.isGood).toBe(false);
  });

  it("carries a packet as it is", async () => {
    const { clock, a, b } = pair();
    const got: number[][] = [];
    b.onPacket = (packet) => got.push([...packet]);
    expect(a.send(Uint8Array.of(0x45, 1, 2, 3))).toBe(true);
    await clock.advance(10);
    expect(got).toEqual([[0x45, 1, 2, 3]]);
  });

  it("stays unproven where nothing passes, and asks seldom after a while", async () => {
    const { clock, wire, a, b } = pair();
    wire.passes = () => false;
    a.start();
    b.start();
    await clock.advance(40 * (ECHO_WITHIN_MS + PROVE_EVERY_MS));
    expect(a.isGood).toBe(false);
    const before = wire.frames;
    await clock.advance(10 * (ECHO_WITHIN_MS + QUIET_EVERY_MS));
    expect(wire.frames - before).toBeLessThanOrEqual(22);
  });

  it("takes the small size where large packets do not pass, and tries the large one again later", async () => {
    const { clock, wire, a, b } = pair();
    wire.passes = (bytes) => bytes < 1400;
    a.start();
    b.start();
    await clock.advance(5 * (ECHO_WITHIN_MS + PROVE_EVERY_MS));
    expect([a.isGood, a.maxPacketBytes]).toEqual([true, 1280]);
    wire.passes = () => true;
    await clock.advance(WIDEN_EVERY_MS + 4 * QUIET_EVERY_MS + 10 * ECHO_WITHIN_MS);
    expect(a.maxPacketBytes).toBe(1420);
  });

  it("becomes narrower, and stays good, when the path does", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(50);
    wire.passes = (bytes) => bytes < 1400;
    await clock.advance(QUIET_EVERY_MS + 4 * ECHO_WITHIN_MS);
    expect([a.isGood, a.maxPacketBytes]).toEqual([true, 1280]);
  });

  it("is lost within six seconds when a firewall begins to drop it under traffic", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(50);
    wire.passes = () => false;
    for (let i = 0; i < 60; i++) {
      a.send(Uint8Array.of(0x45));
      await clock.advance(100);
    }
    expect(a.isGood).toBe(false);
  });

  it("is back after three echoes in a row when the firewall lets it through again", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(50);
    wire.passes = () => false;
    await clock.advance(QUIET_EVERY_MS + 6 * ECHO_WITHIN_MS);
    expect(a.isGood).toBe(false);
    wire.passes = () => true;
    await clock.advance(5 * (QUIET_EVERY_MS + ECHO_WITHIN_MS));
    expect(a.isGood).toBe(true);
  });

  it("does not give itself up over single lost probes", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(50);
    let count = 0;
    wire.passes = () => ++count % 4 !== 0;
    for (let i = 0; i < 600; i++) {
      await clock.advance(WATCH_EVERY_MS / 2);
      expect(a.isGood).toBe(true);
    }
  });

  it("drops frames that are none of ours without a word", () => {
    const clock = new FakeClock();
    const { a } = pipes(clock);
    const lane = new MediaLane(a, clock);
    lane.onPacket = () => expect.unreachable();
    for (const frame of [[], [0x10], [0x20, 0, 1], [0x11, 0, 1], [0x1f, 0, 0, 0, 0, 0], [0xff, 0xff, 0xff]]) {
      a.onFrame(Uint8Array.from(frame));
    }
    expect(lane.isGood).toBe(false);
  });

  it("leaves no timer behind when it ends", async () => {
    const { clock, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(50);
    a.end();
    b.end();
    await clock.advance(50);
    expect(clock.pending).toBe(0);
  });
});

describe("the choice between two lanes", () => {
  it("is the packets channel until the media lane is good, and again when it is lost", async () => {
    const { clock, wire, a, b } = pair();
    const packets = new FakeLane();
    const choice = new LaneSwitch(packets, a);
    const kinds: string[] = [];
    choice.onChange = () => kinds.push(choice.current.kind);
    expect(choice.current.kind).toBe("packets");
    a.start();
    b.start();
    await clock.advance(50);
    wire.passes = () => false;
    await clock.advance(QUIET_EVERY_MS + 6 * ECHO_WITHIN_MS);
    expect(kinds[0]).toBe("media");
    expect(kinds.at(-1)).toBe("packets");
  });

  it("receives from both, whichever is in use", async () => {
    const { clock, a, b } = pair();
    const packets = new FakeLane();
    const choice = new LaneSwitch(packets, a);
    const got: number[] = [];
    choice.current.onPacket = (packet) => got.push(packet[0] ?? 0);
    packets.onPacket(Uint8Array.of(1));
    b.send(Uint8Array.of(2));
    await clock.advance(50);
    a.start();
    b.start();
    await clock.advance(50);
    expect(choice.current.kind).toBe("media");
    packets.onPacket(Uint8Array.of(3));
    expect(got).toEqual([1, 2, 3]);
  });
});
