import type { IncomingMessage, ServerResponse } from "node:http";
import type { UiFile } from "./files.ts";

/** Bodies in and out, as the UI's server knows them: short JSON, and files that browsers keep. */

/** Undefined: it is longer than that. A client that goes away in the middle leaves what it sent. */
export function readBody(request: IncomingMessage, maxCharacters: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
      if (body.length <= maxCharacters) return;
      request.pause();
      resolve(undefined);
    });
    // "close" also follows a client that went away in the middle.
    request.on("close", () => resolve(body));
    request.on("end", () => resolve(body));
  });
}

/** Undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function sendFile({ headers, method }: IncomingMessage, response: ServerResponse, file: UiFile): void {
  response.setHeader("ETag", file.etag);
  response.setHeader("Cache-Control", file.cacheControl);
  if (headers["if-none-match"]?.includes(file.etag)) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { "Content-Type": file.contentType, "Content-Length": file.body.length });
  response.end(method === "HEAD" ? undefined : file.body);
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
  });
  response.end(text);
}
