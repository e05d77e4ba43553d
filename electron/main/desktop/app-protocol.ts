import type { Result } from "../../../shared/base/result.ts";
import { DESKTOP_ORIGIN } from "../../../shared/ipc/desktop.ts";
import type { UiFiles } from "../ui-server/files.ts";
import { securityHeaders } from "../ui-server/headers.ts";

/** The page that the window loads. */
export const INDEX_URL = `${DESKTOP_ORIGIN}/index.html`;

/** There is no server to connect to: the page speaks over its port. */
const headers = securityHeaders([]);

/**
 * Answers `app://govpn/…` from the files of the built page. The path is looked up as it is written, so there is no way
 * from an address to any other file, however it is spelled.
 */
export function servePage(
  files: Promise<Result<UiFiles>>,
): (request: { readonly url: string; readonly method: string }) => Promise<Response> {
  return async ({ url, method }) => {
    if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 405, headers });
    const known = await files;
    if (!known.ok) return new Response(known.error.message, { status: 500, headers });
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const file = parsed && isOurs(parsed) ? known.value.get(parsed.pathname) : undefined;
    if (!file) return new Response(null, { status: 404, headers });
    return new Response(method === "HEAD" ? null : new Uint8Array(file.body), {
      headers: { ...headers, "Content-Type": file.contentType, "Cache-Control": file.cacheControl, ETag: file.etag },
    });
  };
}

/** `URL.origin` of a scheme that is not the web's is "null" in Node, so the parts are compared. */
function isOurs({ protocol, host }: URL): boolean {
  return `${protocol}//${host}` === DESKTOP_ORIGIN;
}
