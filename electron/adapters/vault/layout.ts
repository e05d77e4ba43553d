import { join } from "node:path";

/** The folder of a profile that the vault's documents lie in. */
export const vaultFolder = (profileDir: string) => join(profileDir, "vault");

export const DOCUMENT_SUFFIX = ".sealed.json";
/** What a document that cannot be opened is marked with: "rooms.sealed.json.damaged-2026-11-21T17-08-22.713Z". */
export const DAMAGED = "damaged";

/** A full book of known members is some megabytes at worst; what does not fit here could not be read again. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Base64, and what is around it. */
export const MAX_FILE_BYTES = 2 * MAX_DOCUMENT_BYTES;
