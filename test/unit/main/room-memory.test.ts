import { beforeEach, describe, expect, it } from "vitest";
import { disownRooms, EMBEDDED_SERVER, forgetRooms, RoomMemory } from "../../../electron/main/host/room-memory.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import { FailureError, ok } from "../../../shared/base/result.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import { FakeVault } from "../../fakes/vault.ts";

const den: SavedRoom = { roomId: "den" as RoomId, name: "Den", pin: "4821", owner: true, username: "Ann" };
const attic: SavedRoom = { ...den, roomId: "attic" as RoomId, name: "Attic", owner: false, leaving: true };

let vault: FakeVault;
let log: LogRecord[];
beforeEach(() => {
  vault = new FakeVault();
  log = [];
});

function memory(server = "ws://one.test/ws"): RoomMemory {
  return new RoomMemory(
    vault,
    server,
    createLogger((record) => log.push(record)),
  );
}

async function saved(rooms: readonly SavedRoom[], server?: string): Promise<void> {
  const one = memory(server);
  await one.load();
  one.store(rooms);
  await one.settled();
}

describe("rooms that are another identity's from now on", () => {
  it("are owned by somebody else on every server, and none is half-left", async () => {
    await saved([den, attic]);
    await saved(
      [
        { ...attic, owner: true, leaving: true },
        { ...den, sealed: "pin" },
      ],
      "ws://two.test/ws",
    );
    expect(await disownRooms(vault)).toEqual(ok(undefined));
    expect(await memory().load()).toEqual(ok([{ ...den, owner: false }]));
    expect(await memory("ws://two.test/ws").load()).toEqual(ok([{ ...den, owner: false, sealed: "pin" }]));
  });

  it("may be none, or a list that cannot be read, which is left as it is", async () => {
    expect(await disownRooms(vault)).toEqual(ok(undefined));
    expect(vault.writes).toBe(0);
    await vault.set("rooms", "{half");
    expect(await disownRooms(vault)).toEqual(ok(undefined));
    expect(await vault.get("rooms")).toBe("{half");
  });

  it("fail as the vault does", async () => {
    vault.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    expect(await disownRooms(vault)).toMatchObject({ ok: false, error: { code: "keychain_locked" } });
  });
});

describe("the memory of rooms", () => {
  it("is empty at the first run", async () => {
    expect(await memory().load()).toEqual(ok([]));
  });

  it("gives back what it was given, a half-left room too", async () => {
    await saved([den, attic]);
    expect(await memory().load()).toEqual(ok([den, attic]));
  });

  it("keeps the rooms of each server apart, and none forgets another's", async () => {
    await saved([den]);
    await saved([attic], "ws://two.test/ws");
    await saved([], "ws://one.test/ws");
    expect(await memory("ws://one.test/ws").load()).toEqual(ok([]));
    expect(await memory("ws://two.test/ws").load()).toEqual(ok([attic]));
  });

  it("writes in the order of the calls", async () => {
    const one = memory();
    for (const name of ["a", "b", "c"]) one.store([{ ...den, name }]);
    await one.settled();
    expect(await memory().load()).toMatchObject(ok([{ name: "c" }]));
  });

  it.each([
    ["no JSON", "{half"],
    ["of another shape", JSON.stringify({ v: 1, servers: { a: [{ roomId: 7 }] } })],
    ["of a later version", JSON.stringify({ v: 2, servers: {} })],
  ])("fails on a list that is %s, and leaves it as it is", async (_, text) => {
    await vault.set("rooms", text);
    const result = await memory().load();
    expect(result).toMatchObject({ ok: false, error: { code: "rooms_corrupt" } });
    expect(JSON.stringify(result)).not.toContain("4821");
    expect(await vault.get("rooms")).toBe(text);
  });

  it("tells a vault that cannot be read from a list that is damaged", async () => {
    vault.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    expect(await memory().load()).toMatchObject({ ok: false, error: { code: "unreadable" } });
  });

  it("logs a failed write without the PIN, and writes the next", async () => {
    const one = memory();
    vault.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    one.store([den]);
    await one.settled();
    expect(log).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain(den.pin);
    vault.failWith = undefined;
    one.store([den, attic]);
    await one.settled();
    expect(await memory().load()).toEqual(ok([den, attic]));
  });
});

describe("the rooms of a server that goes by another name now", () => {
  const now = () =>
    new RoomMemory(
      vault,
      EMBEDDED_SERVER,
      createLogger((record) => log.push(record)),
      "ws://one.test/ws",
    );

  it("are those of its former name until some are kept under the new one", async () => {
    await saved([den, attic]);
    const memory = now();
    expect(await memory.load()).toEqual(ok([den, attic]));
    memory.store([attic]);
    await memory.settled();
    expect(await now().load()).toEqual(ok([attic]));
  });

  it("are none where the last one was left since", async () => {
    await saved([den]);
    const memory = now();
    await memory.load();
    memory.store([]);
    await memory.settled();
    expect(await now().load()).toEqual(ok([]));
  });
});

describe("rooms that are forgotten", () => {
  it("are so on every server", async () => {
    await saved([den], "ws://one.test/ws");
    await saved([attic], "ws://two.test/ws");
    expect(await forgetRooms(vault)).toEqual(ok(undefined));
    expect(await vault.get("rooms")).toBeUndefined();
  });

  it("are told of when they cannot be", async () => {
    vault.failWith = new FailureError({ code: "unwritable", message: "read-only" });
    expect(await forgetRooms(vault)).toMatchObject({ ok: false, error: { code: "unwritable" } });
  });
});
