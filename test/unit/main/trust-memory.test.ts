import * as v from "valibot";
import { beforeEach, describe, expect, it } from "vitest";
import { forgetTrust, TrustMemory, type TrustOfRooms } from "../../../electron/main/trust/memory.ts";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import { FailureError, ok } from "../../../shared/base/result.ts";
import { KnownMembers } from "../../../shared/trust/known-members.ts";
import { FakeVault } from "../../fakes/vault.ts";

const ONE = "ws://one.test/ws";
const TWO = "ws://two.test/ws";
const den = { key: "secret of the den", epoch: 3 };
const attic = { key: "secret of the attic", epoch: 1 };
const alice = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" as PublicKey;

const schema: v.GenericSchema<unknown, TrustOfRooms> = v.record(
  v.string(),
  v.object({ key: v.string(), epoch: v.number() }),
);

let vault: FakeVault;
let log: LogRecord[];
beforeEach(() => {
  vault = new FakeVault();
  log = [];
});
const logger = createLogger((record) => log.push(record));
const memory = (server = ONE) => new TrustMemory(vault, server, logger, schema);

async function stored(rooms: TrustOfRooms, server?: string): Promise<void> {
  const one = memory(server);
  await one.load();
  one.storeRooms(rooms);
  await one.settled();
}

async function roomsAt(server: string): Promise<TrustOfRooms> {
  const loaded = await memory(server).load();
  if (!loaded.ok) throw new Error(loaded.error.message);
  return loaded.value.rooms;
}

function someone(): KnownMembers {
  const known = new KnownMembers();
  known.seen("den" as RoomId, alice, "Alice", 1);
  return known;
}

describe("the memory of trust", () => {
  it("is empty at the first run", async () => {
    expect(await memory().load()).toMatchObject(ok({ rooms: {} }));
    expect((await vault.get("trust")) ?? (await vault.get("known-members"))).toBeUndefined();
  });

  it("gives back what it was given", async () => {
    const one = memory();
    await one.load();
    one.storeRooms({ den });
    one.storeKnown(someone().toState());
    await one.settled();
    const again = await memory().load();
    if (!again.ok) throw new Error(again.error.message);
    expect(again.value.rooms).toEqual({ den });
    expect(again.value.known.toState()).toEqual(someone().toState());
  });

  it("keeps the rooms of each server apart, none forgets another's, and all know the same members", async () => {
    await stored({ den });
    await stored({ den: attic }, TWO);
    const two = memory(TWO);
    await two.load();
    two.storeKnown(someone().toState());
    await two.settled();
    await stored({});
    expect(await roomsAt(ONE)).toEqual({});
    expect(await roomsAt(TWO)).toEqual({ den: attic });
    expect(await memory().load()).toMatchObject({ ok: true });
  });

  it("writes the last of many states, and no more of those between than it must", async () => {
    const one = memory();
    await one.load();
    for (let epoch = 0; epoch <= 100; epoch++) one.storeRooms({ den: { ...den, epoch } });
    await one.settled();
    expect(await roomsAt(ONE)).toEqual({ den: { ...den, epoch: 100 } });
    expect(vault.writes).toBe(2);
  });

  it("writes what it was given, whatever becomes of it later", async () => {
    const one = memory();
    await one.load();
    const rooms = { den: { ...den } };
    one.storeRooms(rooms);
    rooms.den.epoch = 99;
    await one.settled();
    expect(await roomsAt(ONE)).toEqual({ den });
  });

  it("writes again after everything was written", async () => {
    const one = memory();
    await one.load();
    for (const epoch of [1, 2]) {
      one.storeRooms({ den: { ...den, epoch } });
      await one.settled();
      expect(await roomsAt(ONE)).toEqual({ den: { ...den, epoch } });
    }
  });

  it.each([
    ["trust", "{half", "trust_corrupt"],
    ["trust", JSON.stringify({ v: 2, servers: {} }), "trust_corrupt"],
    ["trust", JSON.stringify({ v: 1, servers: { [ONE]: [] } }), "trust_corrupt"],
    ["trust", JSON.stringify({ v: 1, servers: { [ONE]: { den: { key: 7 } } } }), "trust_corrupt"],
    ["known-members", "{half", "known_members_damaged"],
    ["known-members", JSON.stringify({ v: 1, members: [{ key: "x" }] }), "known_members_damaged"],
  ])("fails where %s is %s, quotes nothing of it, and leaves it as it is", async (document, text, code) => {
    await vault.set(document, text);
    const loaded = await memory().load();
    expect(loaded).toMatchObject({ ok: false, error: { code } });
    expect(JSON.stringify(loaded)).not.toContain(text.slice(0, 5));
    expect(await vault.get(document)).toBe(text);
  });

  it("tells a vault that cannot be read from a document that is damaged", async () => {
    vault.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    expect(await memory().load()).toMatchObject({ ok: false, error: { code: "unreadable" } });
  });

  it("begins anew with what the vault had to set aside", async () => {
    await stored({ den });
    vault.damage("trust");
    expect(await memory().load()).toMatchObject(ok({ rooms: {} }));
  });

  it("logs a failed write without what it was to write, and writes the next", async () => {
    const one = memory();
    await one.load();
    vault.failWith = new FailureError({ code: "unwritable", message: "the disk is full" });
    one.storeRooms({ den });
    await one.settled();
    expect(log).toMatchObject([{ level: "error", fields: { document: "trust", error: "the disk is full" } }]);
    expect(JSON.stringify(log)).not.toContain(den.key);
    vault.failWith = undefined;
    one.storeRooms({ den, attic });
    await one.settled();
    expect(await roomsAt(ONE)).toEqual({ den, attic });
  });
});

describe("trust in the rooms of a server that goes by another name now", () => {
  it("is that of its former name until some is kept under the new one", async () => {
    await stored({ den, attic });
    const now = () => new TrustMemory(vault, TWO, logger, schema, ONE);
    const memory = now();
    expect(await memory.load()).toMatchObject({ ok: true, value: { rooms: { den, attic } } });
    memory.storeRooms({ attic });
    await memory.settled();
    expect(await now().load()).toMatchObject({ ok: true, value: { rooms: { attic } } });
    expect(await roomsAt(TWO)).toEqual({ attic });
  });
});

describe("another identity", () => {
  it("has no room's key and knows nobody", async () => {
    const one = memory();
    await one.load();
    one.storeRooms({ den });
    one.storeKnown(someone().toState());
    await one.settled();
    expect(await forgetTrust(vault)).toEqual(ok(undefined));
    const loaded = await memory().load();
    if (!loaded.ok) throw new Error(loaded.error.message);
    expect(loaded.value.rooms).toEqual({});
    expect(loaded.value.known.get(alice)).toBeUndefined();
  });

  it("is told when the old one's cannot be forgotten", async () => {
    vault.failWith = new FailureError({ code: "unwritable", message: "read-only" });
    expect(await forgetTrust(vault)).toMatchObject({ ok: false, error: { code: "unwritable" } });
  });
});
