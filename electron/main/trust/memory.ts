import * as v from "valibot";
import type { Logger } from "../../../shared/base/logger.ts";
import { type Failure, FailureError, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Vault } from "../../../shared/identity/ports.ts";
import { KnownMembers, type KnownMembersState } from "../../../shared/trust/known-members.ts";
import { storeFailure } from "../identity/identity.ts";

export const TRUST_DOCUMENT = "trust";
export const KNOWN_MEMBERS_DOCUMENT = "known-members";

/** By room id: what `shared/trust` keeps of a room, opaque here. */
export type TrustOfRooms = Readonly<Record<string, unknown>>;

// Not v.record: it drops names such as "constructor", and a room may be called that.
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const Trust = v.object({
  v: v.literal(1),
  /** By the server's name, as in room-memory.ts. */
  servers: v.record(v.string(), v.custom<TrustOfRooms>(isObject)),
});

/** Forgets every room's key and policy, and whom this machine knows: they were another identity's. Fails as the vault does. */
export async function forgetTrust(vault: Vault): Promise<Result<void>> {
  try {
    await vault.delete(TRUST_DOCUMENT);
    await vault.delete(KNOWN_MEMBERS_DOCUMENT);
    return ok(undefined);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/** Room keys and policies of one server, and known members of all: what must outlive the process. Both lie in the vault. */
export class TrustMemory<Rooms extends TrustOfRooms = TrustOfRooms> {
  readonly #vault: Vault;
  readonly #server: string;
  readonly #formerly: string;
  readonly #schema: v.GenericSchema<unknown, Rooms>;
  readonly #rooms: Writing;
  readonly #known: Writing;
  #others: Readonly<Record<string, TrustOfRooms>> = {};

  /**
   * @param schema checks what is kept of one server's rooms; of none, it gets `{}`.
   * @param formerly as in room-memory.ts.
   */
  constructor(
    vault: Vault,
    server: string,
    logger: Logger,
    schema: v.GenericSchema<unknown, Rooms>,
    formerly = server,
  ) {
    this.#vault = vault;
    this.#server = server;
    this.#formerly = formerly;
    this.#schema = schema;
    this.#rooms = new Writing(vault, TRUST_DOCUMENT, logger);
    this.#known = new Writing(vault, KNOWN_MEMBERS_DOCUMENT, logger);
  }

  /** Before anything is stored. Fails ("trust_corrupt", "known_members_damaged") rather than forget what it cannot read. */
  async load(): Promise<Result<{ readonly rooms: Rooms; readonly known: KnownMembers }>> {
    try {
      this.#others = await readTrust(this.#vault);
      const rooms = v.safeParse(this.#schema, this.#others[this.#server] ?? this.#others[this.#formerly] ?? {});
      if (!rooms.success) return fail("trust_corrupt", CORRUPT);
      const text = await this.#vault.get(KNOWN_MEMBERS_DOCUMENT);
      const known = text === undefined ? ok(new KnownMembers()) : KnownMembers.from(jsonOf(text));
      return known.ok ? ok({ rooms: rooms.output, known: known.value }) : known;
    } catch (error) {
      return { ok: false, error: loadFailure(error) };
    }
  }

  /** What is kept of this server's rooms from now on; of several calls in a row the last is written. */
  storeRooms(rooms: Rooms): void {
    this.#rooms.write({ v: 1, servers: { ...this.#others, [this.#server]: rooms } });
  }

  storeKnown(known: KnownMembersState): void {
    this.#known.write(known);
  }

  /** When everything that was stored so far is written, or has failed and is in the log. */
  async settled(): Promise<void> {
    await Promise.all([this.#rooms.settled(), this.#known.settled()]);
  }
}

/** Writes one document, in the order of the calls; what came while a write was going on is one write. */
class Writing {
  readonly #vault: Vault;
  readonly #name: string;
  readonly #logger: Logger;
  #next: string | undefined;
  #running: Promise<void> | undefined;

  constructor(vault: Vault, name: string, logger: Logger) {
    this.#vault = vault;
    this.#name = name;
    this.#logger = logger;
  }

  write(content: object): void {
    this.#next = JSON.stringify(content);
    this.#running ??= this.#run();
  }

  settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    for (let text = this.#take(); text !== undefined; text = this.#take()) {
      try {
        await this.#vault.set(this.#name, text);
      } catch (error) {
        this.#logger.error("a document could not be saved", { document: this.#name, error: messageOf(error) });
      }
    }
    this.#running = undefined;
  }

  #take(): string | undefined {
    const text = this.#next;
    this.#next = undefined;
    return text;
  }
}

const CORRUPT = "what the vault holds of the rooms' keys and policies is damaged";

/** @throws FailureError "trust_corrupt", or as the vault does */
async function readTrust(vault: Vault): Promise<Readonly<Record<string, TrustOfRooms>>> {
  const text = await vault.get(TRUST_DOCUMENT);
  if (text === undefined) return {};
  const read = v.safeParse(Trust, jsonOf(text));
  if (!read.success) throw new FailureError({ code: "trust_corrupt", message: CORRUPT });
  return read.output.servers;
}

/** Undefined, which no schema takes, for what is no JSON: the parser's own sentence would quote it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function loadFailure(error: unknown): Failure {
  const { code, message } = storeFailure(error);
  if (code === "trust_corrupt") return { code, message };
  return { code: "unreadable", message: `what is known of rooms and members cannot be read: ${message}` };
}
