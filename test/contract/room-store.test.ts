import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { IN_MEMORY, openRoomStore } from "../../electron/adapters/store/libsql-room-store.ts";
import type { RoomStore, StoredRoom } from "../../electron/server/room-store.ts";
import { createLogger, type LogRecord, silentLogger } from "../../shared/base/logger.ts";
import { fakeKey } from "../fakes/peer.ts";
import { FakeRoomStore } from "../fakes/room-store.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-store-"));
  file = join(folder, "data", "rooms.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function room(id: string, owner: number, fields: Partial<StoredRoom> = {}): StoredRoom {
  return {
    id,
    name: `Room ${id}`,
    owner: fakeKey(owner),
    pin: { salt: Uint8Array.of(1, 2, 0, 255), hash: Uint8Array.of(9, 8, 7) },
    createdAt: 1_700_000_000_000,
    lastActivity: 1_700_000_000_001,
    knownKeys: [fakeKey(owner)],
    ...fields,
  };
}

const byId = (a: StoredRoom, b: StoredRoom) => a.id.localeCompare(b.id);

describe.each([
  ["the SQLite file", () => openRoomStore(file, silentLogger)],
  ["SQLite in memory", () => openRoomStore(IN_MEMORY, silentLogger)],
  ["the fake", () => new FakeRoomStore()],
])("%s", (_, open: () => RoomStore) => {
  let store: RoomStore;

  beforeEach(() => {
    store = open();
  });
  afterEach(() => store.close());

  it("is empty at first", () => {
    expect(store.load()).toEqual([]);
  });

  it("gives back what was put in, to the byte", () => {
    const rooms = [room("a", 1), room("b", 2, { name: 'Ünïcödé 🎉 "quoted"; DROP TABLE rooms' })];
    for (const each of rooms) expect(store.insert(each)).toBe(true);
    expect(store.load().sort(byId)).toEqual(rooms);
  });

  it("takes an id once, and an owner once", () => {
    store.insert(room("a", 1));
    expect(store.insert(room("a", 2))).toBe(false);
    expect(store.insert(room("b", 1))).toBe(false);
    expect(store.load()).toEqual([room("a", 1)]);
  });

  it("renames, records activity, and deletes one room only", () => {
    store.insert(room("a", 1));
    store.insert(room("b", 2));
    store.rename("a", "Renamed");
    store.touch("a", 1_800_000_000_000);
    store.delete("b");
    expect(store.load()).toEqual([room("a", 1, { name: "Renamed", lastActivity: 1_800_000_000_000 })]);
  });

  it("gives a room to another owner that has none", () => {
    store.insert(room("a", 1));
    store.insert(room("b", 2));
    expect(store.setOwner("a", fakeKey(2))).toBe(false);
    expect(store.setOwner("x", fakeKey(3))).toBe(false);
    expect(store.setOwner("a", fakeKey(3))).toBe(true);
    expect(store.load().sort(byId)).toEqual([room("a", 3, { knownKeys: [fakeKey(1)] }), room("b", 2)]);
    expect(store.insert(room("c", 1, { knownKeys: [] }))).toBe(true);
  });

  it("frees a deleted room's id and owner", () => {
    store.insert(room("a", 1));
    store.delete("a");
    expect(store.insert(room("a", 1, { knownKeys: [] }))).toBe(true);
    expect(store.load()).toEqual([room("a", 1, { knownKeys: [] })]);
  });

  it("keeps the latest known keys, the latest last", () => {
    store.insert(room("a", 1, { createdAt: 0 }));
    for (let i = 2; i <= 5; i++) store.remember("a", fakeKey(i), i * 1000, 3);
    store.remember("a", fakeKey(3), 9_000, 3);
    expect(store.load()[0]?.knownKeys).toEqual([fakeKey(4), fakeKey(5), fakeKey(3)]);
  });

  it("keeps what is left of a room's wrong PINs, and forgets it with the room", () => {
    store.insert(room("a", 1));
    store.insert(room("b", 2));
    const pinAllowance = { left: { owner: 10, member: 39.5, stranger: 0.25 }, at: 1_700_000_000_000 };
    store.saveAllowance("a", { ...pinAllowance, left: { owner: 1, member: 2, stranger: 3 } });
    store.saveAllowance("a", pinAllowance);
    expect(store.load().sort(byId)).toEqual([room("a", 1, { pinAllowance }), room("b", 2)]);
    store.delete("a");
    store.insert(room("a", 1));
    expect(store.load().sort(byId)).toEqual([room("a", 1), room("b", 2)]);
  });

  it("forgets a known key", () => {
    store.insert(room("a", 1, { knownKeys: [fakeKey(1), fakeKey(2)] }));
    store.insert(room("b", 2));
    store.forget("a", fakeKey(2));
    expect(store.load().sort(byId)).toEqual([room("a", 1), room("b", 2)]);
  });

  it("does nothing for a room that is not there", () => {
    store.forget("x", fakeKey(1));
    store.saveAllowance("x", { left: { owner: 1, member: 1, stranger: 1 }, at: 1 });
    store.rename("x", "X");
    store.touch("x", 1);
    store.remember("x", fakeKey(1), 1, 3);
    store.delete("x");
    expect(store.load()).toEqual([]);
  });
});

describe("the SQLite file", () => {
  it("has the rooms after it was closed and opened again", () => {
    const store = openRoomStore(file, silentLogger);
    store.insert(room("a", 1));
    store.close();
    const again = openRoomStore(file, silentLogger);
    expect(again.load()).toEqual([room("a", 1)]);
    again.close();
  });

  it("has the rooms after a crash, when it was never closed", () => {
    const crashed = openRoomStore(file, silentLogger);
    crashed.insert(room("a", 1));
    const again = openRoomStore(file, silentLogger);
    expect(again.load()).toEqual([room("a", 1)]);
    again.close();
    crashed.close();
  });

  it.skipIf(process.platform === "win32")("is readable by its owner alone", () => {
    openRoomStore(file, silentLogger).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["text", () => Buffer.from("this is no database, and it is longer than a header. ".repeat(100))],
    ["a database with its middle overwritten", () => damage(soundDatabase())],
  ])("that is %s is set aside, reported, and replaced by an empty one", (_, content) => {
    const bytes = content();
    openRoomStore(file, silentLogger).close();
    writeFileSync(file, bytes);
    const records: LogRecord[] = [];
    const store = openRoomStore(
      file,
      createLogger((record) => records.push(record)),
      () => Date.UTC(2026, 0, 2),
    );
    expect(store.load()).toEqual([]);
    store.close();
    const aside = `${file}.corrupt-2026-01-02T00-00-00-000Z`;
    expect(readFileSync(aside)).toEqual(bytes);
    expect(records).toMatchObject([{ level: "error", fields: { file, set_aside_as: aside } }]);
  });

  it("of a newer version is refused and left as it is", () => {
    const store = openRoomStore(file, silentLogger);
    store.insert(room("a", 1));
    store.close();
    const newer = readFileSync(file);
    // The user version lies at byte 60 of an SQLite file.
    newer.writeUInt32BE(99, 60);
    writeFileSync(file, newer);
    expect(() => openRoomStore(file, silentLogger)).toThrow("newer version of govpn (schema 99)");
    expect(readdirSync(join(folder, "data")).filter((name) => name.includes("corrupt"))).toEqual([]);
    expect(readFileSync(file).readUInt32BE(60)).toBe(99);
  });
});

function soundDatabase(): Buffer {
  const other = join(folder, "other.db");
  const store = openRoomStore(other, silentLogger);
  for (let i = 0; i < 200; i++) store.insert(room(`room-${i}`, i));
  store.close();
  return readFileSync(other);
}

function damage(bytes: Buffer): Buffer {
  return Buffer.from(bytes).fill(0xa5, 4096, bytes.length - 4096);
}
