import type { IncomingHttpHeaders } from "node:http";

/** Why a request is turned away: an HTTP status, a code for programs and a sentence for people. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly sentence: string;
}

/** Names under which a browser on this machine may know the UI. No other name that leads here is ours (DNS rebinding). */
const LOOPBACK_NAMES = ["127.0.0.1", "localhost"];
const HTTP_PORT = 80;

/**
 * Which requests are from the UI's own page, by the headers that a browser sets and a page cannot: Host (a rebound DNS
 * name shows there), Origin, and Sec-Fetch-* (Fetch Metadata, W3C).
 */
export class UiGate {
  readonly hosts: readonly string[];

  constructor(port: number) {
    this.hosts = LOOPBACK_NAMES.map((name) => (port === HTTP_PORT ? name : `${name}:${port}`));
  }

  /**
   * For every request. A page under another name can read the answer: to the browser, the two are of one origin. So
   * this one refusal has no words, and nothing beside it tells that GoVPN is here.
   */
  isOurs({ host }: IncomingHttpHeaders): boolean {
    return host !== undefined && this.hosts.includes(host);
  }

  /** For what changes anything or tells anything: only the page that this server served, on the same port. */
  refuseOrigin({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): Refusal | undefined {
    if (origin === `http://${host}` && (site === undefined || site === "same-origin")) return undefined;
    return {
      status: 403,
      code: "wrong_origin",
      sentence: "Only the page of GoVPN's own user interface may ask this.",
    };
  }

  /**
   * For the page's files, which hold no secret: other sites may link to the page, but not load its parts, which would
   * tell them that GoVPN runs here.
   */
  refuseFetch(headers: IncomingHttpHeaders): Refusal | undefined {
    const { "sec-fetch-site": site = "none", "sec-fetch-mode": mode, "sec-fetch-dest": destination } = headers;
    const isOwn = site === "none" || site === "same-origin";
    if (isOwn || (mode === "navigate" && destination === "document")) return undefined;
    return { status: 403, code: "cross_site", sentence: "Other sites may not load parts of GoVPN's user interface." };
  }
}

/**
 * Every value that a Cookie header has for a name. Another port of this host can set a cookie of the same name for a path
 * of its choice, and its value may then come first; that must not keep the person out.
 */
export function cookiesOf({ cookie = "" }: IncomingHttpHeaders, name: string): readonly string[] {
  const prefix = `${name}=`;
  return cookie
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length));
}
