import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { type Failure, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { errnoOf, setFileAside, sweepTemporaryFiles, writeFileAtomic } from "./atomic-file.ts";
import { ensurePrivateFolder, type FolderFailure } from "./folder.ts";
import { type LockFailure, lockFile, type ProfileLock } from "./lock.ts";
import { controlSocketPath, defaultProfileDir } from "./paths.ts";

const LOCK_FILE = "lock";

/** A file that could not be understood and was put aside; the next start sees it as absent. */
export interface CorruptFileWarning {
  readonly code: "file_corrupt";
  readonly message: string;
  readonly path: string;
  /** Where the old content lies now. */
  readonly movedTo: string;
}

export interface ReadJson<T> {
  /** Undefined when the file is not there, or was corrupt. */
  readonly value?: T;
  readonly warning?: CorruptFileWarning;
}

/** The folder that holds what one installed GoVPN knows: settings, room memberships, and secrets where no keychain is. */
export interface Profile {
  /** Absolute. */
  readonly dir: string;
  path(name: string): string;
  /**
   * Reads a JSON file. Content that is no JSON or does not fit the schema is moved to `NAME.corrupt-TIME` and reported
   * as a warning, never silently replaced by defaults. Fails ("unreadable") when the system will not give the file.
   */
  readJson<T>(name: string, schema: v.GenericSchema<unknown, T>): Promise<Result<ReadJson<T>, Failure<"unreadable">>>;
  /** Replaces a JSON file, crash-safe, 0600. Fails ("unwritable") with the old content intact. */
  writeJson(name: string, value: unknown): Promise<Result<void, Failure<"unwritable">>>;
  /** Takes the profile for this process; "profile_in_use" when another has it. */
  lock(): Promise<Result<ProfileLock, LockFailure>>;
  controlSocketPath(): Promise<Result<string, FolderFailure>>;
}

/** Opens the folder, creating it (0700) if need be. Takes no lock: commands that only read do not need one. */
export async function openProfile(dir: string = defaultProfileDir()): Promise<Result<Profile, FolderFailure>> {
  const absolute = resolve(dir);
  const folder = await ensurePrivateFolder(absolute);
  if (!folder.ok) return folder;
  await sweepTemporaryFiles(absolute, Date.now());
  return ok(profileAt(absolute));
}

function profileAt(dir: string): Profile {
  const path = (name: string) => join(dir, name);
  return {
    dir,
    path,
    readJson: (name, schema) => readJson(path(name), schema),
    writeJson: (name, value) => writeJson(path(name), value),
    lock: () => lockFile(path(LOCK_FILE)),
    controlSocketPath: () => controlSocketPath(dir),
  };
}

async function readJson<T>(
  path: string,
  schema: v.GenericSchema<unknown, T>,
): Promise<Result<ReadJson<T>, Failure<"unreadable">>> {
  try {
    const parsed = parseJson(await readFile(path, "utf8"), schema);
    return ok("value" in parsed ? { value: parsed.value } : { warning: await putAside(path, parsed.problem) });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return ok({});
    return { ok: false, error: { code: "unreadable", message: `${path} cannot be read: ${messageOf(error)}.` } };
  }
}

function parseJson<T>(text: string, schema: v.GenericSchema<unknown, T>): { value: T } | { problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own sentence quotes the content, which may be private.
    return { problem: "it is not JSON" };
  }
  const checked = v.safeParse(schema, json);
  if (checked.success) return { value: checked.output };
  const at = v.getDotPath(checked.issues[0]) ?? "the top";
  return { problem: `it does not fit its schema at ${at}` };
}

async function putAside(path: string, problem: string): Promise<CorruptFileWarning> {
  const movedTo = await setFileAside(path, "corrupt");
  return { code: "file_corrupt", message: `${path} was set aside: ${problem}.`, path, movedTo };
}

async function writeJson(path: string, value: unknown): Promise<Result<void, Failure<"unwritable">>> {
  try {
    await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
    return ok(undefined);
  } catch (error) {
    return { ok: false, error: { code: "unwritable", message: `${path} cannot be written: ${messageOf(error)}.` } };
  }
}
