import { beforeEach, describe, expect, it } from "vitest";
import { type Failure, fail, ok } from "../../../shared/base/result.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { type AppClient, createAppClient } from "../../../shared/ipc/client.ts";
import { encodePush, encodeReply } from "../../../shared/ipc/wire.ts";
import { FakeClock } from "../../fakes/clock.ts";

interface Sent {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

let clock: FakeClock;
let sent: Sent[];
let isBroken: boolean;
let client: AppClient;
const state = (wanted: boolean) =>
  ({ wanted, rooms: { den: { name: "Den" }, hut: { name: "Hut" } } }) as unknown as AppState;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  isBroken = false;
  client = createAppClient({
    send: (text) => {
      if (isBroken) throw new Error("broken pipe");
      sent.push(JSON.parse(text) as Sent);
    },
    clock,
  });
});

const answer = (method: string, value: unknown) =>
  client.receive(encodeReply(sent.findLast((each) => each.method === method)!.id, ok(value)));

async function live(): Promise<void> {
  client.opened();
  answer("watch", state(true));
  await clock.advance(0);
}

describe("the state on a window's side", () => {
  it("is asked for as soon as there is a connection", async () => {
    expect(client.state).toBeUndefined();
    expect(sent).toEqual([]);
    await live();
    expect(sent).toEqual([{ id: 1, method: "watch", params: {} }]);
    expect(client.state).toEqual(state(true));
    expect(client.isLive).toBe(true);
  });

  it("follows the patches, the rooms that they leave alone staying the same", async () => {
    await live();
    const before = client.state!;
    const seen: AppState[] = [];
    client.onState((next) => seen.push(next));
    client.receive(encodePush({ rooms: { hut: { name: "House" } } }));
    const rooms = client.state!.rooms as unknown as Record<string, { name: string }>;
    expect(seen).toEqual([client.state]);
    expect(rooms.hut).toEqual({ name: "House" });
    expect(rooms.den).toBe((before.rooms as unknown as typeof rooms).den);
  });

  it("takes a patch that comes in the same breath as the answer", () => {
    client.opened();
    answer("watch", state(true));
    client.receive(encodePush({ wanted: false }));
    expect(client.state?.wanted).toBe(false);
  });

  it("does not change by a patch of a state that it does not know", () => {
    client.opened();
    client.receive(encodePush({ wanted: false }));
    expect(client.state).toBeUndefined();
  });

  it("does not announce what changes nothing", async () => {
    await live();
    let told = 0;
    client.onState(() => told++);
    client.receive(encodePush({ wanted: true }));
    expect(told).toBe(0);
  });

  it("stays to be seen while the connection is lost, and is asked for anew by the next", async () => {
    await live();
    const news: boolean[] = [];
    client.onLive((isLive) => news.push(isLive));
    client.closed();
    expect(client.state).toEqual(state(true));
    client.receive(encodePush({ wanted: false }));
    expect(client.state).toEqual(state(true));

    const { rooms } = client.state!;
    client.opened();
    expect(client.isLive).toBe(false);
    answer("watch", state(false));
    expect(client.state?.wanted).toBe(false);
    expect(client.state?.rooms).toBe(rooms);
    expect(news).toEqual([false, true]);
  });

  it("is asked for again when the host could not give it", async () => {
    client.opened();
    client.receive(encodeReply(1, fail("internal", "a bug")));
    await clock.advance(1_000);
    expect(sent.map(({ method }) => method)).toEqual(["watch", "watch"]);
    answer("watch", state(true));
    expect(client.isLive).toBe(true);
  });

  it("is not asked for in a loop of a connection that takes nothing", async () => {
    isBroken = true;
    client.opened();
    await clock.advance(60_000);
    expect(client.isLive).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it("does not mind texts that are none of the contract", async () => {
    await live();
    for (const text of ["", "hello", "[]", "null", '{"patch":null}', '{"patch":[1]}', '{"id":"1"}', '{"id":99}']) {
      client.receive(text);
    }
    expect(client.state).toEqual(state(true));
  });
});

describe("a question", () => {
  it("gets the answer that has its number", async () => {
    await live();
    const [first, second] = [client.call("invite", { roomId: "den" }), client.call("doctor", {})];
    answer("doctor", []);
    answer("invite", { pin: "4821" });
    expect(await first).toEqual(ok({ pin: "4821" }));
    expect(await second).toEqual(ok([]));
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  it("gets the host's failure", async () => {
    await live();
    const asked = client.call("leave", { roomId: "den" });
    client.receive(encodeReply(sent.at(-1)!.id, fail("unknown_room", "no")));
    expect(await asked).toEqual(fail("unknown_room", "no"));
  });

  it("fails when no answer comes in time, and does not mind a late one", async () => {
    await live();
    let error: Failure | undefined;
    void client.call("retryNow", {}).then((result) => {
      if (!result.ok) error = result.error;
    });
    await clock.advance(14_999);
    expect(error).toBeUndefined();
    await clock.advance(1);
    expect(error?.code).toBe("timeout");
    answer("retryNow", { retrying: true });
  });

  it("waits longer for what the server's rate limit holds back", async () => {
    await live();
    let isDone = false;
    void client.call("create", { name: "Den", pin: "4821" }).then(() => {
      isDone = true;
    });
    await clock.advance(70_000);
    expect(isDone).toBe(false);
    answer("create", {});
    await clock.advance(0);
    expect(isDone).toBe(true);
  });

  it("fails at once when the connection is lost, and while there is none", async () => {
    expect(await client.call("doctor", {})).toMatchObject({ ok: false, error: { code: "disconnected" } });
    await live();
    const asked = client.call("doctor", {});
    client.closed();
    expect(await asked).toMatchObject({ ok: false, error: { code: "disconnected" } });
    expect(clock.pending).toBe(0);
  });

  it("fails when the connection does not take it", async () => {
    await live();
    isBroken = true;
    expect(await client.call("doctor", {})).toMatchObject({ ok: false, error: { code: "disconnected" } });
  });

  it("of an earlier connection is not answered by the next", async () => {
    await live();
    const asked = client.call("doctor", {});
    client.closed();
    client.opened();
    expect(await asked).toMatchObject({ ok: false, error: { code: "disconnected" } });
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
  });
});
