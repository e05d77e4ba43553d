import { describe, expect, it } from "vitest";
import { createApp } from "../../../renderer/store/app-store.ts";
import type { Model } from "../../../renderer/store/model.ts";
import { FakeAppConnection } from "../../fakes/app-connection.ts";
import { FakeAppHost } from "../../fakes/app-host.ts";
import { crowdState } from "../../fakes/app-states.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakePlaces } from "./window.tsx";

/** A window's store whose host begins to speak a while after the window opened. */
async function open(hostBeginsMs: number) {
  const clock = new FakeClock();
  const host = new FakeAppHost(crowdState(clock.wallTime()), clock);
  const connection = new FakeAppConnection(host);
  const app = createApp(connection, new FakePlaces({ screen: "rooms" }), clock);
  const changes: Model[] = [];
  app.store.subscribe((model) => changes.push(model));
  await clock.advance(hostBeginsMs);
  const speaking = host.live();
  return { app, changes, clock, connection, speaking };
}

describe("the window's store", () => {
  it.each([1, 450, 999])(
    "changes once a second, samples with it, when the host speaks %i ms into it",
    async (beginsMs) => {
      const { changes, clock } = await open(beginsMs);
      await clock.advance(2_500);
      changes.length = 0;
      await clock.advance(10_000);
      expect(changes).toHaveLength(10);
      expect(new Set(changes.map(({ host }) => host)).size).toBe(10);
      expect(new Set(changes.map(({ total }) => total)).size).toBe(10);
    },
  );

  it("takes silence for a sample of nothing", async () => {
    const { app, clock, speaking } = await open(100);
    await clock.advance(3_000);
    expect(app.store.getState().total.inBps.at(-1)).toBeGreaterThan(0);
    speaking.dispose();
    await clock.advance(3_000);
    expect(app.store.getState().total.inBps.slice(-2)).toEqual([0, 0]);
  });

  it("samples nothing while the wire is cut, and no burst for it afterwards", async () => {
    const { app, clock, connection } = await open(100);
    await clock.advance(5_000);
    const before = app.store.getState().total;
    connection.turn({ kind: "waiting", retryAt: 0 });
    await clock.advance(30_000);
    expect(app.store.getState().total).toBe(before);
    connection.turn({ kind: "open" });
    await clock.advance(1_000);
    const most = Math.max(...before.inBps);
    expect(app.store.getState().total.inBps.at(before.inBps.length)).toBeLessThan(2 * most);
  });

  it("leaves no timer behind", async () => {
    const { app, clock, speaking } = await open(100);
    await clock.advance(3_000);
    speaking.dispose();
    app.dispose();
    expect(clock.pending).toBe(0);
  });
});
