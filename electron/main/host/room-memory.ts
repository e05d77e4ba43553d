import * as v from "valibot";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { type Failure, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Vault } from "../../../shared/identity/ports.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import { storeFailure } from "../identity/identity.ts";

/** The document that the rooms lie in; before the vault, also the name of the secret that they were. */
export const ROOMS_DOCUMENT = "rooms";

const Saved = v.object({
  v: v.literal(1),
  /** By the server's name, which is its URL or `EMBEDDED_SERVER`: a room id means nothing elsewhere. */
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

/** The embedded server is one server, with its rooms, at whatever port it listens next time. */
export const EMBEDDED_SERVER = "embedded";

/** Forgets every room on every server: the identity that is in them goes. Fails as the vault does. */
export async function forgetRooms(vault: Vault): Promise<Result<void>> {
  try {
    await vault.delete(ROOMS_DOCUMENT);
    return ok(undefined);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/**
 * Another identity is in these rooms from now on. It owns none of them, and what the old one had still to tell a server
 * of its leaving is not this one's to say. Fails as the vault does; a list that is damaged is left to whoever loads it.
 */
export async function disownRooms(vault: Vault): Promise<Result<void>> {
  try {
    const text = await vault.get(ROOMS_DOCUMENT);
    const saved = text === undefined ? undefined : v.safeParse(v.pipe(v.string(), v.parseJson(), Saved), text);
    if (!saved?.success) return ok(undefined);
    const servers = Object.entries(saved.output.servers).map(([server, rooms]) => {
      const entered = rooms.filter(({ leaving }) => !leaving).map((room) => ({ ...room, owner: false }));
      return [server, entered] as const;
    });
    await vault.set(ROOMS_DOCUMENT, JSON.stringify({ v: 1, servers: Object.fromEntries(servers) }));
    return ok(undefined);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/** The rooms of earlier runs. They hold PINs, so they lie in the vault. */
export class RoomMemory {
  readonly #vault: Vault;
  readonly #server: string;
  readonly #formerly: string;
  readonly #logger: Logger;
  #others: v.InferOutput<typeof Saved>["servers"] = {};
  #writing: Promise<void> = Promise.resolve();

  /** @param formerly the name that the server had in an earlier version; taken where there is none by the new one. */
  constructor(vault: Vault, server: string, logger: Logger, formerly = server) {
    this.#vault = vault;
    this.#server = server;
    this.#formerly = formerly;
    this.#logger = logger;
  }

  /** Fails ("rooms_corrupt") rather than forget memberships that it cannot read. */
  async load(): Promise<Result<readonly SavedRoom[]>> {
    try {
      const text = await this.#vault.get(ROOMS_DOCUMENT);
      if (text === undefined) return ok([]);
      const saved = v.parse(Saved, JSON.parse(text));
      this.#others = saved.servers;
      const rooms = saved.servers[this.#server] ?? saved.servers[this.#formerly] ?? [];
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
    const servers = { ...this.#others, [this.#server]: rooms };
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
