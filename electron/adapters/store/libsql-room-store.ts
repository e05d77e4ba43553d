import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import type { PublicKey } from "../../../shared/base/brand.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { messageOf } from "../../../shared/base/result.ts";
import type { RoomStore, StoredAllowance, StoredRoom } from "../../server/room-store.ts";

/** Keeps nothing: rooms live as long as the process. */
export const IN_MEMORY = ":memory:";

/** Raised when the tables change shape; a newer file than this program is refused, never rewritten. */
const SCHEMA_VERSION = 1;
/** Another process holding the file for longer than this is one that should not be there. */
const BUSY_TIMEOUT_MS = 2_000;
/** Owner only: the file holds PIN hashes, and a four-digit PIN can be guessed from its hash by whoever has that. */
const PRIVATE_UMASK = 0o077;

const schema = `
  CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL UNIQUE,
    pin_salt BLOB NOT NULL,
    pin_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_activity INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS known_keys (
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    last_joined INTEGER NOT NULL,
    PRIMARY KEY (room_id, public_key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pin_allowances (
    room_id TEXT PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    owner REAL NOT NULL,
    member REAL NOT NULL,
    stranger REAL NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** SQLite result codes that mean "these bytes are not a sound database". */
const corruption = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

/**
 * Rooms in one SQLite file, or in memory.
 * @param path the database file (its folder is made), or IN_MEMORY.
 * @throws when the file cannot be opened or was written by a newer version. A corrupt file is set aside under a name
 *   with the time in it, and reported: the rooms in it are lost to the clients, but not to whoever repairs it.
 */
export function openRoomStore(path: string, logger: Logger, wallTime: () => number = Date.now): RoomStore {
  if (path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return new LibsqlRoomStore(openDatabase(path));
  } catch (error) {
    if (path === IN_MEMORY || !isCorruption(error)) throw error;
    const aside = setAside(path, wallTime());
    logger.error("the room database is corrupt; it was set aside and an empty one begun", {
      file: path,
      set_aside_as: aside,
      error: messageOf(error),
    });
    return new LibsqlRoomStore(openDatabase(path));
  }
}

function openDatabase(path: string): Database.Database {
  const mask = process.umask(PRIVATE_UMASK);
  try {
    const db = new Database(path);
    try {
      prepareDatabase(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } finally {
    process.umask(mask);
  }
}

function prepareDatabase(db: Database.Database): void {
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  db.pragma("journal_mode = WAL");
  // In WAL mode NORMAL survives a crash of the process, and a power cut loses at most the last moments' rooms.
  db.pragma("synchronous = NORMAL");
  db.pragma("foreign_keys = ON");
  const found = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found.user_version > SCHEMA_VERSION) {
    throw new Error(`the room database was written by a newer version of govpn (schema ${found.user_version})`);
  }
  const [check] = db.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
  if (check?.quick_check !== "ok") throw new CorruptDatabase(check?.quick_check ?? "quick_check said nothing");
  db.exec(schema);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

class CorruptDatabase extends Error {
  readonly code = "SQLITE_CORRUPT";
}

function isCorruption(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return corruption.has(code);
}

function setAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, "-");
  const aside = `${path}.corrupt-${stamp}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

interface RoomRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly pin_salt: ArrayBuffer | Uint8Array;
  readonly pin_hash: ArrayBuffer | Uint8Array;
  readonly created_at: number;
  readonly last_activity: number;
}

interface AllowanceRow {
  readonly room_id: string;
  readonly owner: number;
  readonly member: number;
  readonly stranger: number;
  readonly at: number;
}

class LibsqlRoomStore implements RoomStore {
  readonly #db: Database.Database;
  readonly #insert;
  readonly #rename;
  readonly #setOwner;
  readonly #touch;
  readonly #remember;
  readonly #forgetEarliest;
  readonly #forget;
  readonly #saveAllowance;
  readonly #delete;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO rooms (id, name, owner, pin_salt, pin_hash, created_at, last_activity)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#rename = db.prepare("UPDATE rooms SET name = ? WHERE id = ?");
    this.#setOwner = db.prepare("UPDATE OR IGNORE rooms SET owner = ? WHERE id = ?");
    this.#touch = db.prepare("UPDATE rooms SET last_activity = ? WHERE id = ?");
    this.#remember = db.prepare(
      `INSERT INTO known_keys (room_id, public_key, last_joined)
       SELECT id, ?, ? FROM rooms WHERE id = ?
       ON CONFLICT (room_id, public_key) DO UPDATE SET last_joined = excluded.last_joined`,
    );
    this.#forgetEarliest = db.prepare(
      `DELETE FROM known_keys WHERE room_id = ?1 AND public_key NOT IN
       (SELECT public_key FROM known_keys WHERE room_id = ?1 ORDER BY last_joined DESC LIMIT ?2)`,
    );
    this.#forget = db.prepare("DELETE FROM known_keys WHERE room_id = ? AND public_key = ?");
    this.#saveAllowance = db.prepare(
      `INSERT INTO pin_allowances (room_id, owner, member, stranger, at)
       SELECT id, ?, ?, ?, ? FROM rooms WHERE id = ?
       ON CONFLICT (room_id) DO UPDATE
       SET owner = excluded.owner, member = excluded.member, stranger = excluded.stranger, at = excluded.at`,
    );
    this.#delete = db.prepare("DELETE FROM rooms WHERE id = ?");
  }

  load(): StoredRoom[] {
    const keys = this.#loadKeys();
    const allowances = this.#loadAllowances();
    const rows = this.#db.prepare("SELECT * FROM rooms").all() as RoomRow[];
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      owner: row.owner as PublicKey,
      pin: { salt: bytesOf(row.pin_salt), hash: bytesOf(row.pin_hash) },
      createdAt: row.created_at,
      lastActivity: row.last_activity,
      knownKeys: keys.get(row.id) ?? [],
      ...allowances.get(row.id),
    }));
  }

  #loadKeys(): Map<string, PublicKey[]> {
    const keys = new Map<string, PublicKey[]>();
    const known = this.#db.prepare("SELECT room_id, public_key FROM known_keys ORDER BY last_joined").all();
    for (const { room_id, public_key } of known as { room_id: string; public_key: PublicKey }[]) {
      const list = keys.get(room_id);
      if (list) list.push(public_key);
      else keys.set(room_id, [public_key]);
    }
    return keys;
  }

  #loadAllowances(): Map<string, Required<Pick<StoredRoom, "pinAllowance">>> {
    const rows = this.#db.prepare("SELECT * FROM pin_allowances").all() as AllowanceRow[];
    return new Map(
      rows.map(({ room_id, at, owner, member, stranger }) => [
        room_id,
        { pinAllowance: { left: { owner, member, stranger }, at } },
      ]),
    );
  }

  insert(room: StoredRoom): boolean {
    const { salt, hash } = room.pin;
    const written = this.#insert.run(
      room.id,
      room.name,
      room.owner,
      Buffer.from(salt),
      Buffer.from(hash),
      room.createdAt,
      room.lastActivity,
    );
    if (written.changes === 0) return false;
    for (const [i, key] of room.knownKeys.entries()) this.#remember.run(key, room.createdAt + i, room.id);
    return true;
  }

  setOwner(id: string, owner: PublicKey): boolean {
    return this.#setOwner.run(owner, id).changes > 0;
  }

  rename(id: string, name: string): void {
    this.#rename.run(name, id);
  }

  touch(id: string, lastActivity: number): void {
    this.#touch.run(lastActivity, id);
  }

  remember(id: string, key: PublicKey, at: number, limit: number): void {
    this.#remember.run(key, at, id);
    this.#forgetEarliest.run(id, limit);
  }

  forget(id: string, key: PublicKey): void {
    this.#forget.run(id, key);
  }

  saveAllowance(id: string, { left, at }: StoredAllowance): void {
    this.#saveAllowance.run(left.owner, left.member, left.stranger, at, id);
  }

  delete(id: string): void {
    this.#delete.run(id);
  }

  close(): void {
    if (!this.#db.open) return;
    // libsql holds the file until its statements are collected, so the log is folded into it here and not by closing.
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
    this.#db.close();
  }
}

function bytesOf(blob: ArrayBuffer | Uint8Array): Uint8Array {
  return blob instanceof ArrayBuffer ? new Uint8Array(blob) : blob;
}
