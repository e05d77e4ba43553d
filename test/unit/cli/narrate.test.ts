import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { narrate } from "../../../electron/cli/narrate.ts";
import { PIN, World } from "../main/machines.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const TURN = /^The server lets a machine create and join 3 rooms a minute: the turn of (.+) comes in \d+ s\.$/;

describe("a room that waits for its turn", () => {
  it("is told of once, when it is joined and when it is made, to people and to programs", async () => {
    const ann = await world.started("Ann");
    const said: string[] = [];
    const emitted: object[] = [];
    narrate(
      ann.host,
      { json: false, say: (line = "") => said.push(line), emit: (event) => emitted.push(event), complain: () => {} },
      "govpn",
    );
    for (const roomId of ["a", "b", "c"]) await world.ask(ann, "join", { roomId, pin: PIN });
    const joined = ann.host.call("join", { roomId: "d", pin: PIN });
    const made = ann.host.call("create", { name: "Den", pin: PIN });
    await world.until(() => ann.host.snapshot().creationQueuedUntil !== undefined);
    const { rooms, creationQueuedUntil } = ann.host.snapshot();
    expect(rooms).toMatchObject([{ roomId: "d", state: "entering", queuedUntil: expect.any(Number) }]);

    const queued = [
      { event: "queued", roomId: "d", until: rooms[0]?.queuedUntil },
      { event: "queued", until: creationQueuedUntil },
    ];
    expect(emitted.filter((event) => "event" in event && event.event === "queued")).toEqual(queued);
    expect(said.flatMap((line) => TURN.exec(line)?.[1] ?? [])).toEqual(['"d"', "this one"]);

    await world.clock.advance(62_000);
    await world.until(() => ann.host.snapshot().rooms.some(({ name }) => name === "Den"));
    expect(await joined).toMatchObject({ ok: false, error: { code: "room_missing" } });
    expect(await made).toMatchObject({ ok: true });
    expect(ann.host.snapshot()).not.toHaveProperty("creationQueuedUntil");
    expect(ann.host.snapshot().rooms[0]).not.toHaveProperty("queuedUntil");
    expect(emitted.filter((event) => "event" in event && event.event === "queued")).toEqual(queued);
  });
});
