import * as v from "valibot";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { ACTIVITY_KINDS, type Activity } from "../../../shared/ipc/app.ts";
import type { Profile } from "../../adapters/profile/profile.ts";

const ACTIVITY_FILE = "activity.json";
/** Some days of an ordinary machine's life, and what a person scrolls through. */
export const MAX_ACTIVITY = 300;
/** A sentence of the system's is under 200 characters; a path may be longer. */
const MAX_TEXT = 300;
/** What a crash may lose. Each write costs the disk a sync. */
const WRITE_AFTER_MS = 10_000;

const text = v.optional(v.pipe(v.string(), v.maxLength(MAX_TEXT)));
const Entry = v.object({
  at: v.number(),
  kind: v.picklist(ACTIVITY_KINDS),
  room: text,
  roomId: v.optional(v.custom<RoomId>((id) => typeof id === "string")),
  member: text,
  publicKey: v.optional(v.custom<PublicKey>((key) => typeof key === "string")),
  code: text,
  detail: text,
});
const Stored = v.object({
  v: v.literal(1),
  /** The sequence number of the first entry. */
  first: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  entries: v.pipe(v.array(Entry), v.maxLength(MAX_ACTIVITY)),
});

export interface ActivityOptions {
  readonly files: Pick<Profile, "readJson" | "writeJson">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: () => void;
}

/**
 * What happened, the newest few hundred, kept over restarts. Entries have names, codes and sentences, never a PIN or a
 * key that is secret. That it cannot be written stops nothing.
 */
export class ActivityLog {
  readonly #options: ActivityOptions;
  readonly #logger: Logger;
  #entries: Activity[] = [];
  #first = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #due: Disposable | undefined;

  constructor(options: ActivityOptions) {
    this.#options = options;
    this.#logger = options.logger.child("activity");
  }

  /** By sequence number, rising. */
  get entries(): Readonly<Record<string, Activity>> {
    return Object.fromEntries(this.#entries.map((entry, i) => [String(this.#first + i), entry]));
  }

  /** Takes up what earlier runs kept. A file that cannot be read is set aside, and the log begins anew. */
  async load(): Promise<void> {
    const read = await this.#options.files.readJson(ACTIVITY_FILE, Stored);
    const problem = read.ok ? read.value.warning?.message : read.error.message;
    if (problem !== undefined) this.#logger.warn("what happened earlier cannot be read", { why: problem });
    const stored = read.ok ? read.value.value : undefined;
    if (!stored) return;
    const later = this.#entries;
    this.#first = stored.first;
    this.#entries = [...stored.entries.map(withoutUndefined), ...later];
    this.#trim();
  }

  add(entry: Omit<Activity, "at">): void {
    const short = Object.entries(entry).map(([key, value]) => [key, shortened(value)] as const);
    this.#entries.push({ ...(Object.fromEntries(short) as typeof entry), at: this.#options.clock.wallTime() });
    this.#trim();
    this.#due ??= this.#options.clock.after(WRITE_AFTER_MS, () => void this.#write());
    this.#options.onChange();
  }

  /** Writes what has not been written yet. */
  async settle(): Promise<void> {
    if (this.#due) this.#write();
    await this.#writing;
  }

  #trim(): void {
    const surplus = Math.max(0, this.#entries.length - MAX_ACTIVITY);
    this.#entries.splice(0, surplus);
    this.#first += surplus;
  }

  #write(): void {
    this.#due?.dispose();
    this.#due = undefined;
    const content = { v: 1, first: this.#first, entries: [...this.#entries] };
    this.#writing = this.#writing.then(async () => {
      const written = await this.#options.files.writeJson(ACTIVITY_FILE, content);
      if (!written.ok) this.#logger.warn("what happened cannot be written down", { why: written.error.message });
    });
  }
}

function shortened(value: unknown): unknown {
  return typeof value === "string" ? value.slice(0, MAX_TEXT) : value;
}

/** Absent and undefined are the same in the file, and not in the type. */
function withoutUndefined(entry: v.InferOutput<typeof Entry>): Activity {
  const given = Object.entries(entry).filter(([, value]) => value !== undefined);
  return { at: entry.at, kind: entry.kind, ...Object.fromEntries(given) };
}
