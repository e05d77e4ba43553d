import { fail, ok, type Result } from "../base/result.ts";

/** The WHATWG URL class, which every runtime has and the ES library does not declare. Only what is used here. */
declare class URL {
  constructor(text: string);
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
  readonly hash: string;
  readonly search: string;
  pathname: string;
  readonly href: string;
}

/** Where the reference puts the WebSocket: `ws://<server-host>:<port>/ws`. */
const DEFAULT_PATH = "/ws";
/** Longer than any server's address; a bound for what is stored and shown. */
const MAX_URL_LENGTH = 2048;

const socketScheme: Readonly<Record<string, string>> = { ws: "ws", wss: "wss", http: "ws", https: "wss" };

export type ServerUrlFailure = "url_empty" | "url_too_long" | "url_scheme" | "url_invalid" | "url_credentials";

/**
 * What a person types for a server, as the URL to dial: `example.org`, `example.org:8080`, `http(s)://...`,
 * `ws(s)://...`. A name without a scheme is dialled with TLS, unless it can only be on this machine or this
 * network (loopback, private addresses, single-label and `.local` names), where nobody has certificates.
 * @returns a `ws:` or `wss:` URL with `/ws` where no path was given; failure codes: `ServerUrlFailure`.
 */
export function parseServerUrl(text: string): Result<string, { code: ServerUrlFailure; message: string }> {
  const typed = text.trim();
  if (typed === "") return fail("url_empty", "the server's address is empty");
  if (typed.length > MAX_URL_LENGTH) return tooLong();

  const [, scheme, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(typed) ?? [];
  if (scheme === undefined) {
    const guess = parseUrl(`wss://${rest}`);
    if (!guess) return fail("url_invalid", invalidSentence(rest));
    return isLocalHost(guess.hostname) ? dialable(parseUrl(`ws://${rest}`), rest) : dialable(guess, rest);
  }
  const socket = socketScheme[scheme.toLowerCase()];
  if (!socket) return fail("url_scheme", `"${scheme}://" is not a way to reach a server: use ws:// or wss://`);
  return dialable(parseUrl(`${socket}://${rest}`), rest);
}

function dialable(url: URL | undefined, rest: string): Result<string, { code: ServerUrlFailure; message: string }> {
  if (!url?.hostname || url.port === "0") return fail("url_invalid", invalidSentence(rest));
  if (url.username !== "" || url.password !== "") {
    return fail("url_credentials", "a server's address must not contain a user name or password");
  }
  if (url.hash !== "") return fail("url_invalid", 'a server\'s address must not contain "#"');
  if (url.pathname === "/" || url.pathname === "") url.pathname = DEFAULT_PATH;
  // A scheme, a path and escapes make it longer than what was typed; what is kept must be read again.
  return url.href.length > MAX_URL_LENGTH ? tooLong() : ok(url.href);
}

function tooLong() {
  return fail("url_too_long", `the address is over ${MAX_URL_LENGTH} characters`);
}

function invalidSentence(rest: string): string {
  const bareIpv6 = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(rest);
  return bareIpv6
    ? "put an IPv6 address in square brackets, as in [fd00::1]:8080"
    : "this is not a host name or address, as in example.org or 192.168.1.5:8080";
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Hosts that no certificate authority would sign for. `host` is as URL writes it: lowercase, IPv6 in brackets. */
function isLocalHost(host: string): boolean {
  if (host.startsWith("[")) return /^\[(::1\]|f[cd]|fe[89ab])/.test(host);
  const ipv4 = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  if (ipv4) return isLocalIpv4(Number(ipv4[1]), Number(ipv4[2]));
  return !host.includes(".") || /\.(localhost|local|lan|internal|home\.arpa)$/.test(host);
}

/** Loopback, RFC 1918, RFC 3927 and RFC 6598 addresses, by their first two numbers. */
function isLocalIpv4(a: number, b: number): boolean {
  if (a === 127 || a === 10) return true;
  if (a === 172) return b >= 16 && b <= 31;
  if (a === 100) return b >= 64 && b <= 127;
  return (a === 192 && b === 168) || (a === 169 && b === 254);
}
