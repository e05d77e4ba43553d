import * as v from "valibot";
import type { RoomId } from "../../shared/base/brand.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { type Failure, messageOf, ok, type Result } from "../../shared/base/result.ts";
import type { Vault } from "../../shared/identity/ports.ts";
import type { SavedRoom } from "../../shared/room/saved.ts";
import { storeFailure } from "./identity/identity.ts";

/** The document that the rooms lie in; before the vault, also the name of the secret that they were. */
export const ROOMS_DOCUMENT = "rooms";

const Saved = v.object({
  v: v.literal(1),
  /** By the server's URL: a room id means nothing elsewhere. */
  servers: v.record(
    v.string(),
    v.array(
      v.object({
        roomId: v.custom<RoomId>((id) => typeof id === "string"),
        name: v.string(),
        pin: v.string(),
        owner: v.boolean(),
        username: v.string(),
        sealed: v.optional(v.string()),
        leaving: v.optional(v.literal(true)),
      }),
    ),
  ),
});

/**
 * The same rooms are on the same server under another address from now on: the embedded server has another port. What
 * was there already under that address stays. A list that cannot be read is left to whoever loads it next, who says so.
 */
export async function moveRooms(vault: Vault, fromUrl: string, toUrl: string, logger: Logger): Promise<void> {
  try {
    const text = await vault.get(ROOMS_DOCUMENT);
    if (text === undefined) return;
    const { [fromUrl]: moved = [], [toUrl]: there = [], ...others } = v.parse(Saved, JSON.parse(text)).servers;
    const known = new Set(there.map(({ roomId }) => roomId));
    const servers = { ...others, [toUrl]: [...there, ...moved.filter(({ roomId }) => !known.has(roomId))] };
    await vault.set(ROOMS_DOCUMENT, JSON.stringify({ v: 1, servers }));
  } catch (error) {
    logger.error("the rooms could not be taken along to the server's new address", { error: reasonOf(error).message });
  }
}

/** Forgets every room on every server: the identity that is in them goes. Fails as the vault does. */
export async function forgetRooms(vault: Vault): Promise<Result<void>> {
  try {
    await vault.delete(ROOMS_DOCUMENT);
    return ok(undefined);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/** The rooms of earlier runs. They hold PINs, so they lie in the vault. */
export class RoomMemory {
  readonly #vault: Vault;
  readonly #serverUrl: string;
  readonly #logger: Logger;
  #others: v.InferOutput<typeof Saved>["servers"] = {};
  #writing: Promise<void> = Promise.resolve();

  constructor(vault: Vault, serverUrl: string, logger: Logger) {
    this.#vault = vault;
    this.#serverUrl = serverUrl;
    this.#logger = logger;
  }

  /** Fails ("rooms_corrupt") rather than forget memberships that it cannot read. */
  async load(): Promise<Result<readonly SavedRoom[]>> {
    try {
      const text = await this.#vault.get(ROOMS_DOCUMENT);
      if (text === undefined) return ok([]);
      const saved = v.parse(Saved, JSON.parse(text));
      this.#others = saved.servers;
      const rooms = saved.servers[this.#serverUrl] ?? [];
      return ok(
        rooms.map(({ leaving, sealed, ...room }) => ({
          ...room,
          ...(sealed !== undefined && { sealed }),
          ...(leaving && { leaving }),
        })),
      );
    } catch (error) {
      return { ok: false, error: reasonOf(error) };
    }
  }

  /** Writes in the order of the calls. A failure is logged: the rooms work on, but a restart would forget the change. */
  store(rooms: readonly SavedRoom[]): void {
    const servers = { ...this.#others, [this.#serverUrl]: rooms };
    const text = JSON.stringify({ v: 1, servers });
    this.#writing = this.#writing
      .then(() => this.#vault.set(ROOMS_DOCUMENT, text))
      .catch((error) => this.#logger.error("the list of rooms could not be saved", { error: messageOf(error) }));
  }

  settled(): Promise<void> {
    return this.#writing;
  }
}

/** A parser's own sentence would quote the list, and PINs with it. */
function reasonOf(error: unknown): Failure<"rooms_corrupt" | "unreadable"> {
  if (error instanceof SyntaxError || error instanceof v.ValiError) {
    return { code: "rooms_corrupt", message: "the list of rooms in the vault is damaged" };
  }
  return { code: "unreadable", message: `the list of rooms cannot be read: ${messageOf(error)}` };
}
