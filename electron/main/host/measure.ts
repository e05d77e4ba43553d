import type { PublicKey } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { SpeedTest } from "../../../shared/ipc/app.ts";
import { median } from "../../../shared/tunnel/speed-burst.ts";
import type { EnginePort } from "../../engine/engine-port.ts";

/** How many probes one `ping` may have on the way, and how long each may take. */
const PING_WITHIN_MS = 3_000;
const PING_EVERY_MS = 200;
/** Before a speed test: the median of a few, so that a hiccup is not taken for the path. */
const IDLE_ROUND_TRIPS = 5;

/** Milliseconds of each probe to a member that was answered, in order. */
export async function roundTrips(
  engine: Pick<EnginePort, "roundTrip">,
  clock: Clock,
  member: PublicKey,
  count: number,
): Promise<number[]> {
  const rttMs: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0) await new Promise<void>((resolve) => clock.after(PING_EVERY_MS, resolve));
    const rtt = await engine.roundTrip(member, PING_WITHIN_MS);
    if (rtt !== undefined) rttMs.push(rtt);
  }
  return rttMs;
}

/** The way to a member, so many seconds each way. Fails with "no_answer", and as the engine does. */
export async function measureSpeed(
  engine: Pick<EnginePort, "roundTrip" | "speedTest">,
  member: PublicKey,
  seconds: number,
): Promise<Result<SpeedTest>> {
  const idle: number[] = [];
  for (let i = 0; i < IDLE_ROUND_TRIPS; i++) {
    const rtt = await engine.roundTrip(member, PING_WITHIN_MS);
    if (rtt !== undefined) idle.push(rtt);
  }
  const idleRttMs = median(idle);
  if (idleRttMs === undefined) return fail("no_answer", "the member does not answer");
  const measured = await engine.speedTest(member, seconds * 1_000);
  if (!measured.ok) return measured;
  const { upMbps, downMbps, loadedRttMs = idleRttMs } = measured.value;
  return ok({ upMbps, downMbps, idleRttMs: toMicroseconds(idleRttMs), loadedRttMs: toMicroseconds(loadedRttMs) });
}

/** Milliseconds as far as the clock knows them. */
function toMicroseconds(ms: number): number {
  return Number(ms.toFixed(3));
}
