import { gzipSync } from "node:zlib";
import type { UiFiles } from "../../../electron/main/ui-server/files.ts";

export interface LoadedFile {
  readonly path: string;
  readonly bytes: number;
  /** As a server that compresses would send it. What gzip does not make smaller, such as a font, goes as it is. */
  readonly gzipBytes: number;
}

/** The files of the page among the addresses that it loaded, each once, the largest first. */
export function weigh(files: UiFiles, urls: readonly string[]): readonly LoadedFile[] {
  const paths = new Set(urls.map((url) => new URL(url).pathname));
  const loaded = [...paths].flatMap((path) => {
    const body = files.get(path)?.body;
    if (body === undefined) return [];
    return [{ path, bytes: body.length, gzipBytes: Math.min(body.length, gzipSync(body).length) }];
  });
  return loaded.sort((a, b) => b.gzipBytes - a.gzipBytes);
}
