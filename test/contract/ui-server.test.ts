import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { secureRandom } from "../../electron/adapters/random.ts";
import type { AppConnection } from "../../electron/main/ipc/app-connection.ts";
import { MAX_SESSIONS, MAX_TOKENS, TOKEN_LIFETIME_MS } from "../../electron/main/ui-server/access.ts";
import { readUiFiles } from "../../electron/main/ui-server/files.ts";
import { startUiServer, type UiServer } from "../../electron/main/ui-server/server.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { API_PATH, SESSION_PATH, socketProtocols, TOKEN_FRAGMENT } from "../../shared/ipc/browser.ts";
import { FakeClock } from "../fakes/clock.ts";

let folder: string;
let server: UiServer;
let clock: FakeClock;
let connections: AppConnection[];
let sockets: WebSocket[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "govpn-ui-"));
  await mkdir(join(folder, "ui/assets"), { recursive: true });
  await writeFile(join(folder, "secret.js"), "not for the page");
  await writeFile(join(folder, "ui/index.html"), "<!doctype html><title>GoVPN</title>");
  await writeFile(join(folder, "ui/assets/app-4f1c.js"), "export {};");
  await writeFile(join(folder, "ui/assets/app-4f1c.js.map"), "{}");
  await symlink("../secret.js", join(folder, "ui/linked.js"));
  clock = new FakeClock();
  connections = [];
  sockets = [];
  server = await started();
});
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await server.close();
  await rm(folder, { recursive: true });
});

async function started(port = 0, owners?: ReadonlySet<number>): Promise<UiServer> {
  const files = await readUiFiles(join(folder, "ui"));
  if (!files.ok) throw new Error(files.error.message);
  const made = await startUiServer({
    files: files.value,
    port,
    clock,
    random: secureRandom,
    logger: silentLogger,
    onConnection: (connection) => connections.push(connection),
    owners,
  });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A request as raw as node:http makes them: the path goes out as it is written. */
function ask(path: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: server.port, path, method, headers, agent: false });
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    asked.end(body);
  });
}

const origin = () => `http://127.0.0.1:${server.port}`;
const tokenOf = (link: string) => link.slice(link.indexOf(TOKEN_FRAGMENT) + TOKEN_FRAGMENT.length);
const codeOf = ({ body }: Answer): string => (JSON.parse(body) as { error: { code: string } }).error.code;

function post(token: string, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(SESSION_PATH, {
    method: "POST",
    headers: { Origin: origin(), "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ token }),
  });
}

interface Session {
  readonly cookie: string;
  readonly key: string;
}

/** What a browser has after it opened a link. */
async function openLink(link = server.link()): Promise<Session> {
  const answer = await post(tokenOf(link));
  expect(answer.status).toBe(200);
  const [cookie = ""] = answer.headers["set-cookie"] ?? [];
  return { cookie: cookie.split(";")[0] ?? "", key: (JSON.parse(answer.body) as { key: string }).key };
}

/** Opens the page's WebSocket: "open", or the HTTP status and the sentence that refused it. */
function dial({ cookie, key }: Partial<Session>, headers: Record<string, string> = {}): Promise<WebSocket | string> {
  const protocols = key === undefined ? ["govpn.1"] : socketProtocols(key);
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${API_PATH}`, protocols, {
    headers: { Origin: origin(), ...(cookie !== undefined && { Cookie: cookie }), ...headers },
  });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.on("open", () => resolve(socket));
    socket.on("error", reject);
    socket.on("unexpected-response", (_, response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += String(chunk);
      });
      response.on("end", () => resolve(`${response.statusCode} ${text.trim()}`));
    });
  });
}

async function dialled(session: Session): Promise<WebSocket> {
  const socket = await dial(session);
  if (typeof socket === "string") throw new Error(socket);
  return socket;
}

const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once("close", resolve));
const message = (socket: WebSocket) => new Promise<string>((resolve) => socket.once("message", (d) => resolve(`${d}`)));

describe("the page's files", () => {
  it("are served with a type, a validator and nothing that lets anything else in", async () => {
    const page = await ask("/");
    expect(page).toMatchObject({ status: 200, body: "<!doctype html><title>GoVPN</title>" });
    expect(page.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    const policy = String(page.headers["content-security-policy"]).split("; ");
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy.join()).not.toMatch(/unsafe|\*|https?:/);
  });

  it("are kept by the browser when their name has their content's hash", async () => {
    const { headers } = await ask("/assets/app-4f1c.js");
    expect(headers["cache-control"]).toBe("private, max-age=31536000, immutable");
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
  });

  it("are not sent again to a browser that has them", async () => {
    const etag = String((await ask("/")).headers.etag);
    expect(await ask("/", { headers: { "If-None-Match": `W/"other", ${etag}` } })).toMatchObject({
      status: 304,
      body: "",
    });
    expect(await ask("/", { headers: { "If-None-Match": '"other"' } })).toMatchObject({ status: 200 });
  });

  it("are answered to HEAD without a body", async () => {
    const head = await ask("/", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe("35");
  });

  it.each([
    "/../secret.js",
    "/assets/../../secret.js",
    "/..%2fsecret.js",
    "/%2e%2e/secret.js",
    "/assets/..%5c..%5csecret.js",
    "//secret.js",
    "/linked.js",
    "/assets/app-4f1c.js.map",
    "/assets/",
    "/constructor",
    "/ui/index.html",
  ])("are all there is: %s is not served", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(codeOf(answer)).toBe("not_found");
  });

  it("are for this machine's page: other sites may link to it and may not load its parts", async () => {
    const from = (site: string, mode: string, dest: string) =>
      ask("/", { headers: { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest } });
    expect((await from("cross-site", "navigate", "document")).status).toBe(200);
    expect((await from("same-origin", "no-cors", "script")).status).toBe(200);
    expect((await from("cross-site", "no-cors", "script")).status).toBe(403);
    expect((await from("cross-site", "navigate", "iframe")).status).toBe(403);
    // Another port of this machine, which may be another user's.
    expect((await from("same-site", "no-cors", "image")).status).toBe(403);
  });
});

describe("a name that leads here", () => {
  it.each([
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "[::1]:PORT",
    "localhost.evil.example:PORT",
  ])("is refused when it is not ours: %s", async (name) => {
    const host = name.replace("PORT", String(server.port));
    const page = await ask("/", { headers: { Host: host } });
    expect(page).toMatchObject({ status: 421, body: "" });
    // The page that goes by this name can read the answer. It is not told who gave it.
    expect(Object.keys(page.headers).sort()).toEqual(["connection", "content-length", "date"]);
    const session = await post(tokenOf(server.link()), { Host: host, Origin: `http://${host}` });
    expect(session.status).toBe(421);
    const socket = await dial(await openLink(), { Host: host, Origin: `http://${host}` });
    expect(socket).toMatch(/^421\s*$/);
  });

  it("may also be localhost, for the page and its socket", async () => {
    const host = `localhost:${server.port}`;
    expect((await ask("/", { headers: { Host: host } })).status).toBe(200);
    const own = { Host: host, Origin: `http://${host}` };
    expect((await post(tokenOf(server.link()), own)).status).toBe(200);
    expect(await dial(await openLink(), own)).toBeInstanceOf(WebSocket);
  });
});

describe("a link", () => {
  it("names this machine's loopback, and keeps its token in the fragment", () => {
    expect(server.link()).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/#t=[A-Za-z0-9_-]{43}$`));
  });

  it("lets a browser in with a cookie that no script reads and no other site sends", async () => {
    const answer = await post(tokenOf(server.link()));
    expect(answer.headers["set-cookie"]).toEqual([
      expect.stringMatching(
        new RegExp(`^govpn-ui-${server.port}=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=/$`),
      ),
    ]);
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  it("works once", async () => {
    const link = server.link();
    await openLink(link);
    const again = await post(tokenOf(link));
    expect(again.status).toBe(403);
    expect(again.body).toContain("This link was used before, or is too old. Get a new one with: govpn ui");
    expect(again.headers["set-cookie"]).toBeUndefined();
  });

  it("works for ten minutes", async () => {
    const [fresh, stale] = [server.link(), server.link()];
    await clock.advance(TOKEN_LIFETIME_MS - 1);
    await openLink(fresh);
    await clock.advance(1);
    expect((await post(tokenOf(stale))).status).toBe(403);
  });

  it("gives way to newer ones when many wait", async () => {
    const first = server.link();
    const links = Array.from({ length: MAX_TOKENS }, () => server.link());
    expect((await post(tokenOf(first))).status).toBe(403);
    await openLink(links[0]);
  });

  it("cannot be guessed by another user of this machine", async () => {
    server.link();
    for (const guess of ["A".repeat(43), "", "t", "../session"]) expect((await post(guess)).status).toBe(403);
  });

  it("is not spent by a request that is refused", async () => {
    const link = server.link();
    expect((await post(tokenOf(link), { Origin: "http://evil.example" })).status).toBe(403);
    expect((await post(tokenOf(link), { "Sec-Fetch-Site": "same-site" })).status).toBe(403);
    expect((await post(tokenOf(link), { "Content-Type": "text/plain" })).status).toBe(415);
    await openLink(link);
  });

  it.each([
    ["another site", "https://evil.example"],
    ["another port of this machine", "http://127.0.0.1:1"],
    ["a page without an origin", "null"],
    ["the same place by another name", "http://localhost"],
  ])("cannot be used by %s", async (_, from) => {
    const answer = await post(tokenOf(server.link()), { Origin: from });
    expect([answer.status, codeOf(answer)]).toEqual([403, "wrong_origin"]);
  });

  it("cannot be used by a program that is no browser and says nothing of where it comes from", async () => {
    const answer = await ask(SESSION_PATH, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: tokenOf(server.link()) }),
    });
    expect([answer.status, codeOf(answer)]).toEqual([403, "wrong_origin"]);
  });

  it.runIf(process.platform === "linux")("is of no use to another user, and not spent by one", async () => {
    const { port } = server;
    await server.close();
    const [self = 0, another = 1] = [process.getuid?.(), (process.getuid?.() ?? 0) + 1];
    server = await started(port, new Set([another]));
    const refused = await post(tokenOf(server.link()));
    expect([refused.status, codeOf(refused)]).toEqual([403, "other_user"]);
    await server.close();
    server = await started(port, new Set([self]));
    await openLink();
  });

  it("is told apart from a book, declared or not", async () => {
    const body = JSON.stringify({ token: "x".repeat(2_000) });
    const headers = { Origin: origin(), "Content-Type": "application/json" };
    const declared = await ask(SESSION_PATH, {
      method: "POST",
      headers: { ...headers, "Content-Length": "2012" },
      body,
    });
    expect([declared.status, codeOf(declared)]).toEqual([413, "too_large"]);
    const chunked = { ...headers, "Transfer-Encoding": "chunked" };
    expect((await ask(SESSION_PATH, { method: "POST", headers: chunked, body })).status).toBe(413);
  });

  it("says whether a browser is still let in", async () => {
    const { cookie } = await openLink();
    expect((await ask(SESSION_PATH, { headers: { Cookie: `other=1; ${cookie}` } })).status).toBe(200);
    const without = await ask(SESSION_PATH);
    expect([without.status, codeOf(without)]).toEqual([401, "no_session"]);
    const elsewhere = await ask(SESSION_PATH, { headers: { Cookie: cookie, "Sec-Fetch-Site": "cross-site" } });
    expect(elsewhere.status).toBe(403);
  });
});

describe("the page's socket", () => {
  it("carries text both ways", async () => {
    const socket = await dialled(await openLink());
    expect(socket.protocol).toBe("govpn.1");
    const [connection] = connections;
    const heard = new Promise<string>((resolve) => {
      if (connection) connection.onFrame = resolve;
    });
    socket.send('{"id":1}');
    expect(await heard).toBe('{"id":1}');
    connection?.send('{"patch":{}}');
    expect(await message(socket)).toBe('{"patch":{}}');
  });

  it("tells whoever serves it that it is gone", async () => {
    const socket = await dialled(await openLink());
    const gone = new Promise<void>((resolve) => {
      if (connections[0]) connections[0].onClose = resolve;
    });
    socket.terminate();
    await gone;
  });

  it("needs the cookie and the key of one session, both", async () => {
    const [one, other] = [await openLink(), await openLink()];
    const refused = /^401 This browser has not been let in\. Get a link with: govpn ui$/;
    expect(await dial({})).toMatch(refused);
    expect(await dial({ cookie: one.cookie })).toMatch(refused);
    expect(await dial({ key: one.key })).toMatch(refused);
    expect(await dial({ cookie: one.cookie, key: other.key })).toMatch(refused);
    expect(await dial({ cookie: `govpn-ui-1${one.cookie.slice(one.cookie.indexOf("="))}`, key: one.key })).toMatch(
      refused,
    );
    expect(connections).toHaveLength(0);
    expect(await dial(one)).toBeInstanceOf(WebSocket);
  });

  it("is found beside cookies of the same name, which any other port of this machine can set", async () => {
    const { cookie, key } = await openLink();
    const [name] = cookie.split("=");
    for (const cookies of [`${name}=evil; ${cookie}`, `${cookie}; ${name}=evil`, `${name}=; ${cookie}`]) {
      expect((await ask(SESSION_PATH, { headers: { Cookie: cookies } })).status).toBe(200);
      expect(await dial({ cookie: cookies, key })).toBeInstanceOf(WebSocket);
    }
    const another = await openLink();
    expect(await dial({ cookie: `${name}=evil; ${another.cookie}`, key })).toMatch(/^401/);
  });

  it.each([
    ["another site", { Origin: "https://evil.example" }],
    ["another port of this machine", { Origin: "http://127.0.0.1:1" }],
    ["a sandboxed page", { Origin: "null" }],
    ["another site that hides its origin", { "Sec-Fetch-Site": "cross-site" }],
  ])("is not opened by %s, even with cookie and key", async (_, headers) => {
    expect(await dial(await openLink(), headers)).toMatch(/^403 Only the page of GoVPN's own user interface/);
    expect(connections).toHaveLength(0);
  });

  it("is nowhere else", async () => {
    const { status, body } = await ask(API_PATH);
    expect([status, body]).toEqual([426, expect.stringContaining("This address is for WebSockets")]);
  });

  it("closes on a frame that no page sends", async () => {
    const session = await openLink();
    const large = await dialled(session);
    large.send("x".repeat(64 * 1024 + 1));
    expect(await closed(large)).toBe(1009);
    const binary = await dialled(session);
    binary.send(Buffer.from("{}"));
    expect(await closed(binary)).toBe(1003);
  });

  it("tells how much a tab has not read, for whoever serves it to hold back", async () => {
    const socket = await dialled(await openLink());
    const [connection] = connections;
    expect(connection?.unsent).toBe(0);
    socket.pause();
    // More than the kernel's own buffers take.
    for (let i = 0; i < 32; i++) connection?.send("x".repeat(1024 * 1024));
    expect(connection?.unsent).toBeGreaterThan(1024 * 1024);
    connection?.close();
  });

  it("is refused when too many tabs are open", async () => {
    const session = await openLink();
    for (let i = 0; i < 32; i++) await dialled(session);
    expect(await dial(session)).toBe("503 GoVPN is open in too many tabs. Close some of them.");
  });

  it("belongs to a session, of which the one that was idle longest gives way", async () => {
    const [used, idle] = [await openLink(), await openLink()];
    await dialled(used);
    for (let i = 0; i < MAX_SESSIONS - 1; i++) await openLink();
    expect(await dial(idle)).toMatch(/^401/);
    expect(await dial(used)).toBeInstanceOf(WebSocket);
  });
});

describe("the server", () => {
  it.each(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])("does not know the method %s", async (method) => {
    const answer = await ask("/", { method, headers: { Origin: "https://evil.example" } });
    expect([answer.status, codeOf(answer)]).toEqual([405, "bad_method"]);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("takes POST for sessions alone", async () => {
    expect((await ask("/", { method: "POST", headers: { Origin: origin() } })).status).toBe(405);
  });

  it("is bound to loopback", async () => {
    expect(new URL(server.link()).hostname).toBe("127.0.0.1");
    // All of 127.0.0.0/8 is this machine; only the one address was bound.
    const refused = await new Promise((resolve) => {
      connect(server.port, "127.0.0.2").on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe("ECONNREFUSED");
  });

  it("says that a port is taken", async () => {
    const files = await readUiFiles(join(folder, "ui"));
    if (!files.ok) throw new Error(files.error.message);
    const second = await startUiServer({
      files: files.value,
      port: server.port,
      clock,
      random: secureRandom,
      logger: silentLogger,
      onConnection: () => {},
    });
    expect(second).toMatchObject({ ok: false, error: { code: "ui_port_in_use" } });
  });

  it("says that the page was not built", async () => {
    expect(await readUiFiles(join(folder, "absent"))).toMatchObject({ ok: false, error: { code: "ui_not_built" } });
    expect(await readUiFiles(join(folder, "ui/assets"))).toMatchObject({ ok: false, error: { code: "ui_not_built" } });
  });

  it("ends with its connections, also those that never became anything", async () => {
    const socket = await dialled(await openLink());
    const silent = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const ended = new Promise((resolve) => silent.once("close", resolve));
    silent.resume();
    const goodbye = closed(socket);
    await server.close();
    expect([1001, 1006]).toContain(await goodbye);
    await ended;
    await expect(ask("/")).rejects.toThrow(/ECONNREFUSED/);
  });

  it("ends although a tab has stopped reading", async () => {
    const socket = await dialled(await openLink());
    socket.pause();
    for (let i = 0; i < 32; i++) connections[0]?.send("x".repeat(1024 * 1024));
    const ended = server.close();
    await clock.advance(500);
    await ended;
  });

  it("forgets its sessions: a restart on the same port knows none of them", async () => {
    const session = await openLink();
    const { port } = server;
    await server.close();
    server = await started(port);
    expect(await dial(session)).toMatch(/^401/);
  });
});
