import { describe, expect, it } from "vitest";
import { Heartbeat, type Pulse } from "../../../electron/server/heartbeat.ts";
import { FakeClock } from "../../fakes/clock.ts";

class FakePulse implements Pulse {
  isAlive = true;
  isPaused = false;
  pings = 0;
  isTerminated = false;
  answers = true;

  ping(): void {
    this.pings++;
    if (this.answers) this.isAlive = true;
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

function start() {
  const clock = new FakeClock();
  const dead: FakePulse[] = [];
  const heartbeat = new Heartbeat<FakePulse>(clock, (pulse) => dead.push(pulse));
  return { clock, dead, heartbeat };
}

describe("the heartbeat", () => {
  it("pings every connection once in 25 s, spread over the seconds", async () => {
    const { clock, heartbeat } = start();
    const pulses = Array.from({ length: 100 }, () => new FakePulse());
    for (const pulse of pulses) heartbeat.add(pulse);
    await clock.advance(1_000);
    expect(pulses.filter((pulse) => pulse.pings === 1)).toHaveLength(4);
    await clock.advance(24_000);
    expect(pulses.every((pulse) => pulse.pings === 1)).toBe(true);
    await clock.advance(25_000);
    expect(pulses.every((pulse) => pulse.pings === 2)).toBe(true);
  });

  it("drops a connection silent from one ping to the next", async () => {
    const { clock, dead, heartbeat } = start();
    const pulse = new FakePulse();
    pulse.answers = false;
    heartbeat.add(pulse);
    await clock.advance(25_000);
    expect(pulse.isTerminated).toBe(false);
    await clock.advance(25_000);
    expect(pulse.isTerminated).toBe(true);
    expect(dead).toEqual([pulse]);
  });

  it("is patient with a connection that it does not read", async () => {
    const { clock, heartbeat } = start();
    const pulse = new FakePulse();
    pulse.answers = false;
    pulse.isPaused = true;
    heartbeat.add(pulse);
    await clock.advance(100_000);
    expect(pulse.isTerminated).toBe(false);
  });

  it("forgets a connection that is taken off, and has one timer for all", async () => {
    const { clock, heartbeat } = start();
    const pulse = new FakePulse();
    const beat = heartbeat.add(pulse);
    heartbeat.add(new FakePulse());
    expect(clock.pending).toBe(1);
    beat.dispose();
    await clock.advance(50_000);
    expect(pulse.pings).toBe(0);
    heartbeat.dispose();
    expect(clock.pending).toBe(0);
  });
});
