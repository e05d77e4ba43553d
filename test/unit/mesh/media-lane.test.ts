import { describe, expect, it } from "vitest";
import { LaneSwitch } from "../../../shared/mesh/lane-switch.ts";
import { MediaLane, PROVE_EVERY_MS, QUIET_EVERY_MS, WATCH_EVERY_MS } from "../../../shared/mesh/media-lane.ts";
import { RAISE_LAST_MS } from "../../../shared/mesh/path-mtu.ts";
import type { DatagramPipe } from "../../../shared/mesh/ports.ts";
import { ECHO_WITHIN_MS } from "../../../shared/mesh/probe-round.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeLane } from "../../fakes/lane.ts";

/** Bytes of headroom and header in a frame. */
const AROUND = 14;

/** Two pipes joined; `passes` says which frames get through, by their length with headroom, and `delayMs` when. */
function pipes(clock: FakeClock) {
  const wire = { passes: (_bytes: number, _from: "a" | "b") => true, delayMs: 5, frames: 0 };
  const end = (name: "a" | "b"): DatagramPipe & { other?: DatagramPipe; sent: number } => ({
    headroom: 12,
    sent: 0,
    onFrame: () => {},
    send(frame) {
      wire.frames++;
      const sequence = this.sent++ & 0xffff;
      if (!wire.passes(frame.length, name)) return;
      const copy = frame.slice(12);
      clock.after(wire.delayMs, () => this.other?.onFrame(copy, sequence));
    },
  });
  const [a, b] = [end("a"), end("b")];
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
    expect(wire.frames - before).toBeLessThanOrEqual(66);
  });

  it("finds what the path carries, and tries more again later", async () => {
    const { clock, wire, a, b } = pair();
    wire.passes = (bytes) => bytes <= 1222 + AROUND;
    a.start();
    b.start();
    await clock.advance(3_000);
    expect([a.isGood, a.maxPacketBytes]).toEqual([true, 1222]);
    wire.passes = () => true;
    await clock.advance(2 * RAISE_LAST_MS);
    expect(a.maxPacketBytes).toBe(1420);
  });

  it("leaves a black hole within a second under traffic, and stays good", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(QUIET_EVERY_MS);
    const changes: number[] = [];
    a.onChange = () => changes.push(a.maxPacketBytes);
    wire.passes = (bytes) => bytes <= 1222 + AROUND;
    for (let i = 0; i < 10; i++) {
      a.send(Uint8Array.of(0x45));
      await clock.advance(100);
    }
    expect(a.isGood).toBe(true);
    expect(a.maxPacketBytes).toBeLessThanOrEqual(1222);
    await clock.advance(2_000);
    expect(changes.at(-1)).toBe(1222);
  });

  it("measures each way by itself", async () => {
    const { clock, wire, a, b } = pair();
    wire.passes = (bytes, from) => from === "b" || bytes <= 1222 + AROUND;
    a.start();
    b.start();
    await clock.advance(3_000);
    expect([a.maxPacketBytes, b.maxPacketBytes]).toEqual([1222, 1420]);
  });

  it("looks for no more than the ceiling, and for all of it when that rises", async () => {
    const { clock, wire, a, b } = pair();
    let largest = 0;
    wire.passes = (bytes) => {
      largest = Math.max(largest, bytes - AROUND);
      return true;
    };
    a.setCeiling(1280);
    b.setCeiling(1280);
    a.start();
    b.start();
    await clock.advance(50);
    expect([a.maxPacketBytes, largest]).toEqual([1280, 1280]);
    a.setCeiling(3000);
    await clock.advance(1_000);
    expect(a.maxPacketBytes).toBe(3000);
    const got: number[] = [];
    b.onPacket = (packet) => got.push(packet.length);
    a.send(new Uint8Array(3000));
    await clock.advance(10);
    expect(got).toEqual([3000]);
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

  it("measures what comes: its loss and order, and the round trip of its probes", async () => {
    const { clock, wire, a, b } = pair();
    a.start();
    b.start();
    await clock.advance(1_000);
    expect(b.quality).toBeUndefined();
    for (let n = 0; n < 2_000; n++) {
      // Every tenth packet is lost, and every twentieth is overtaken by the one behind it.
      wire.passes = () => n % 10 !== 3;
      wire.delayMs = n % 20 === 7 ? 18 : 5;
      a.send(Uint8Array.of(0x45, n));
      wire.passes = () => true;
      wire.delayMs = 5;
      await clock.advance(10);
    }
    const { rttMs, lossPercent, reorderedPercent } = b.quality ?? expect.unreachable();
    expect(rttMs).toBe(10);
    expect(lossPercent).toBeGreaterThan(8);
    expect(lossPercent).toBeLessThan(10);
    expect(reorderedPercent).toBeGreaterThan(4);
    expect(reorderedPercent).toBeLessThan(6);
    expect(a.quality).toMatchObject({ lossPercent: 0, reorderedPercent: 0 });
    wire.passes = () => false;
    await clock.advance(10_000);
    expect(b.quality).toBeUndefined();
  });

  it("drops frames that are none of ours without a word", () => {
    const clock = new FakeClock();
    const { a } = pipes(clock);
    const lane = new MediaLane(a, clock);
    lane.onPacket = () => expect.unreachable();
    for (const frame of [[], [0x10], [0x20, 0, 1], [0x11, 0, 1], [0x1f, 0, 0, 0, 0, 0], [0xff, 0xff, 0xff]]) {
      a.onFrame(Uint8Array.from(frame), 0);
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
    const choice = new LaneSwitch(packets, a, clock);
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
    const choice = new LaneSwitch(packets, a, clock);
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

  it("sends what is too large for the media lane by the packets channel, and the rest by the media lane", async () => {
    const { clock, wire, a, b } = pair();
    const packets = new FakeLane({ room: 2 });
    const choice = new LaneSwitch(packets, a, clock);
    wire.passes = (bytes) => bytes <= 1222 + AROUND;
    a.start();
    b.start();
    await clock.advance(3_000);
    const got: number[] = [];
    b.onPacket = (packet) => got.push(packet.length);
    expect([choice.current.kind, choice.current.maxPacketBytes]).toEqual(["media", 1222]);
    for (const bytes of [1222, 1223, 1280, 1279]) expect(choice.current.send(new Uint8Array(bytes))).toBe(true);
    await clock.advance(10);
    expect(got).toEqual([1222]);
    // The third found it full: it is lost rather than waited for, and soon tried again.
    expect(packets.take().map(({ length }) => length)).toEqual([1223, 1280]);
    await clock.advance(20);
    choice.current.send(new Uint8Array(1270));
    expect(packets.take()).toHaveLength(1);
  });

  it("is another one when the path grows or shrinks", async () => {
    const { clock, wire, a, b } = pair();
    const choice = new LaneSwitch(new FakeLane(), a, clock);
    a.start();
    b.start();
    await clock.advance(50);
    const before = choice.current;
    wire.passes = (bytes) => bytes <= 1300;
    await clock.advance(2 * QUIET_EVERY_MS);
    expect(before.maxPacketBytes).toBe(1420);
    expect(choice.current.maxPacketBytes).toBe(1300 - AROUND);
  });
});
