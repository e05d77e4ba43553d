import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { Logger } from "../../../shared/base/logger.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { defaultSettings, type ServerChoice, Settings, SettingsChange } from "../../../shared/ipc/settings.ts";
import { MAX_USERNAME_LENGTH } from "../../../shared/protocols/govpn/limits.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import type { CorruptFileWarning, Profile } from "../../adapters/profile/profile.ts";
import { checkedChange } from "./run-plan.ts";

/** Where the embedded server is dialled from its own machine, whoever else it lets in. */
const LOOPBACK = "127.0.0.1";

export const SETTINGS_FILE = "settings.json";

/** What versions before the window kept: the server's URL and the name. Whoever has such a file knows the program. */
const FirstSettings = v.pipe(
  v.object({ server: v.optional(v.string()), username: v.optional(v.string()) }),
  v.transform(({ server, username = "" }): Settings => {
    const choice: ServerChoice = server === undefined ? defaultSettings.server : { kind: "url", url: server };
    return { ...defaultSettings, server: choice, username: username.slice(0, MAX_USERNAME_LENGTH), welcomed: true };
  }),
);
/** Whoever wrote the file by hand may have written a server that nobody can dial; the rest of it counts for as little. */
const Stored = v.pipe(
  v.union([Settings, FirstSettings]),
  v.check(({ server }) => server.kind === "embedded" || parseServerUrl(server.url).ok),
);

/** A file that a person takes to another machine. */
const Exported = v.object({ govpn: v.literal("settings"), version: v.literal(1), settings: SettingsChange });

export type SettingsFiles = Pick<Profile, "readJson" | "writeJson">;

export interface SettingsReplaced {
  readonly before: Settings;
  readonly after: Settings;
}

/** The settings of one profile: read once, written whole at every change. */
export class SettingsStore {
  readonly #files: SettingsFiles;
  readonly #logger: Logger;
  #current: Settings = defaultSettings;
  #isKnown = false;
  #replacing: Promise<unknown> = Promise.resolve();

  constructor(files: SettingsFiles, logger: Logger) {
    this.#files = files;
    this.#logger = logger.child("settings");
  }

  get current(): Settings {
    return this.#current;
  }

  /** A file of an earlier run was there: somebody has chosen already. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The warning says that the file was damaged and where it lies now. Fails with "unreadable". */
  async load(): Promise<Result<CorruptFileWarning | undefined>> {
    const read = await this.#files.readJson(SETTINGS_FILE, Stored);
    if (!read.ok) return read;
    const { value, warning } = read.value;
    this.#current = value ?? defaultSettings;
    this.#isKnown = value !== undefined;
    return ok(warning);
  }

  /** Fails with "unwritable"; then the settings are as they were. */
  change(change: SettingsChange): Promise<Result<SettingsReplaced>> {
    return this.#replace((before) => changed(before, change));
  }

  reset(): Promise<Result<SettingsReplaced>> {
    // The first-run screen greets people, not settings.
    return this.#replace(({ welcomed }) => ({ ...defaultSettings, welcomed }));
  }

  /** Relays are left out: they come with a password, and a file like this is passed on. What is left out stays as it is. */
  exported(): string {
    const { turn, ...settings } = this.#current;
    return `${JSON.stringify({ govpn: "settings", version: 1, settings }, null, 2)}\n`;
  }

  /** Takes over an exported file. Fails with "not_settings", as `checkedChange` does, or with "unwritable". */
  async import(text: string): Promise<Result<SettingsReplaced>> {
    const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Exported), text);
    if (!read.success) return fail("not_settings", "this is not a file of exported GoVPN settings");
    const checked = checkedChange({ ...read.output.settings, welcomed: this.#current.welcomed });
    return checked.ok ? this.change(checked.value) : checked;
  }

  /** One after the other, each on what the one before it left. */
  #replace(make: (before: Settings) => Settings): Promise<Result<SettingsReplaced>> {
    const replaced = this.#replacing.then(() => this.#write(make));
    this.#replacing = replaced.catch(() => undefined);
    return replaced;
  }

  async #write(make: (before: Settings) => Settings): Promise<Result<SettingsReplaced>> {
    const before = this.#current;
    const after = make(before);
    const written = await this.#files.writeJson(SETTINGS_FILE, after);
    if (!written.ok) {
      this.#logger.warn("the settings could not be saved", { error: written.error.message });
      return written;
    }
    this.#current = after;
    this.#isKnown = true;
    return ok({ before, after });
  }
}

function changed(settings: Settings, { notifications, ...change }: SettingsChange): Settings {
  return { ...settings, ...given(change), notifications: { ...settings.notifications, ...given(notifications ?? {}) } };
}

/** What a change says, without what it leaves open. */
function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

/**
 * The server of the last run, for whoever only looks: unlike `readJson`, this sets no damaged file aside. Undefined
 * where none was ever chosen.
 */
export async function lastServerUrl(profileDir: string): Promise<string | undefined> {
  try {
    const stored = v.parse(Stored, JSON.parse(await readFile(join(profileDir, SETTINGS_FILE), "utf8")));
    return serverUrlOf(stored.server);
  } catch {
    return undefined;
  }
}

/** Where this machine dials the chosen server. */
export function serverUrlOf(server: ServerChoice): string {
  return server.kind === "url" ? server.url : `ws://${LOOPBACK}:${server.port}/ws`;
}
