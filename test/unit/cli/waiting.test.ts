import { beforeEach, describe, expect, it } from "vitest";
import { tellOfWait } from "../../../electron/cli/waiting.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { HostSnapshot } from "../../../shared/ipc/contract.ts";
import { FakeClock } from "../../fakes/clock.ts";

let clock: FakeClock;
let host: Result<HostSnapshot>;
let said: string[];

beforeEach(() => {
  clock = new FakeClock();
  host = hostWith({ server: { url: "ws://server.test/ws", state: "online", since: 0 } });
  said = [];
});

function hostWith(parts: Pick<HostSnapshot, "server"> & Partial<HostSnapshot>): Result<HostSnapshot> {
  return ok({ rooms: [], ...parts } as unknown as HostSnapshot);
}

function asked() {
  return tellOfWait((now) => now.creationQueuedUntil, {
    clock,
    output: { say: (line = "") => said.push(line) },
    status: async () => host,
  });
}

describe("a request that is not answered soon", () => {
  it("says how long it waits for its turn", async () => {
    const server = { url: "ws://server.test/ws", state: "online", since: 0 } as const;
    host = hostWith({ server, creationQueuedUntil: clock.wallTime() + 48_200 });
    asked();
    await clock.advance(499);
    expect(said).toEqual([]);
    await clock.advance(1);
    expect(said).toEqual([
      "The server lets a machine create and join 3 rooms a minute: the turn of this one comes in 48 s.",
    ]);
  });

  it("says that it waits for a server that is away", async () => {
    host = hostWith({
      server: { url: "ws://server.test/ws", state: "waiting", since: 0, reason: "connection refused" },
    });
    asked();
    await clock.advance(500);
    expect(said).toEqual(["The signaling server ws://server.test/ws is away (connection refused); waiting for it."]);
  });

  it("says nothing of a server that takes its time, nor without a host to ask", async () => {
    asked();
    host = fail("not_running", "nobody answers");
    asked();
    await clock.advance(10_000);
    expect(said).toEqual([]);
  });
});

describe("a request that is answered", () => {
  it("at once says nothing", async () => {
    host = hostWith({ server: { url: "ws://server.test/ws", state: "waiting", since: 0 } });
    asked().dispose();
    await clock.advance(10_000);
    expect(said).toEqual([]);
  });

  it("while it is asked what it waits for says nothing any more", async () => {
    host = hostWith({ server: { url: "ws://server.test/ws", state: "waiting", since: 0 } });
    let answer = (_: Result<HostSnapshot>) => {};
    const wait = tellOfWait(() => undefined, {
      clock,
      output: { say: (line = "") => said.push(line) },
      status: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await clock.advance(500);
    wait.dispose();
    answer(host);
    await clock.advance(0);
    expect(said).toEqual([]);
  });
});
