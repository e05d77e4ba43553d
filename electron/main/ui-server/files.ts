import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";

/** What the bundler makes for a page. Anything else in the folder, such as source maps, is not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Vite puts what it names by content here: such a file never changes. */
const HASHED_FOLDER = "/assets/";
const ONE_YEAR_S = 31_536_000;
const INDEX = "/index.html";

export interface UiFile {
  readonly body: Buffer;
  readonly contentType: string;
  /** A strong validator, with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  readonly cacheControl: string;
}

/** Every path that is answered, and with what. A path of a request is looked up here and never becomes a file's name. */
export type UiFiles = ReadonlyMap<string, UiFile>;

/** Reads the built user interface, whole. Fails with "ui_not_built". */
export async function readUiFiles(folder: string): Promise<Result<UiFiles>> {
  const files = new Map<string, UiFile>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const contentType = CONTENT_TYPES[extname(entry.name)];
      // A link is no file: what is served is what was built.
      if (!entry.isFile() || contentType === undefined) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(folder, file).split(sep).join("/")}`;
      files.set(path, uiFile(path, contentType, await readFile(file)));
    }
  } catch (error) {
    return fail("ui_not_built", `the user interface cannot be read: ${messageOf(error)}`);
  }
  const index = files.get(INDEX);
  if (index === undefined) return fail("ui_not_built", "the user interface is not part of this build");
  files.set("/", index);
  return ok(files);
}

function uiFile(path: string, contentType: string, body: Buffer): UiFile {
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  const cacheControl = path.startsWith(HASHED_FOLDER) ? `private, max-age=${ONE_YEAR_S}, immutable` : "no-cache";
  return { body, contentType, etag: `"${hash}"`, cacheControl };
}
