import { describe, expect, it } from "vitest";
import { Busy, Slots } from "../../../electron/server/slots.ts";
import { settle } from "../../fakes/clock.ts";

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("slots", () => {
  it("run so many tasks at a time, queue so many more in order, and refuse the rest", async () => {
    const slots = new Slots(2, 2);
    const gates = [gate(), gate(), gate(), gate()];
    const started: number[] = [];
    const run = (i: number) =>
      slots.run(async () => {
        started.push(i);
        await gates[i]?.opened;
        return i;
      });
    const tasks = [run(0), run(1), run(2), run(3)];
    await expect(run(4)).rejects.toBeInstanceOf(Busy);
    await settle();
    expect(started).toEqual([0, 1]);
    gates[1]?.open();
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const each of gates) each.open();
    expect(await Promise.all(tasks)).toEqual([0, 1, 2, 3]);
  });

  it("are free again after a task that failed", async () => {
    const slots = new Slots(1, 0);
    await expect(slots.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await slots.run(async () => "yes")).toBe("yes");
  });
});
