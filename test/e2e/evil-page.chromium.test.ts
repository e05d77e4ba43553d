import type { Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { API_PATH, SESSION_PATH, socketProtocols } from "../../shared/ipc/browser.ts";
import { useLab } from "../netns/lab/use-lab.ts";
import { attack, EVIL_NAME, EVIL_PAGE, Siege } from "./support/siege.ts";

/**
 * A page that means harm, in another tab of the browser in which a person has GoVPN open.
 *
 *   chromium ─┬─ 127.0.0.1:PORT ─ the person's page ──────────┐
 *             └─ 127.0.0.1:OTHER, localhost:OTHER, evil.test ─┴─ govpn start --ui, on this machine's loopback
 *
 * Whatever it tries, it learns what it would learn of a port where nobody listens. That the attempts are real is shown
 * by a server that defends itself against none of them: there each one has another outcome.
 */

/** Well-formed, and nobody's. */
const MADE_UP = "A".repeat(43);
const TOKEN_BODY = JSON.stringify({ token: MADE_UP });

const socketUrl = (target: string) => `${target.replace("http:", "ws:")}${API_PATH}`;

describe("a web page in the same browser", () => {
  const lab = useLab({ hosts: 1 });
  let siege: Siege;
  beforeAll(async () => {
    siege = await Siege.begin(lab().host(1));
  });
  afterAll(() => siege?.ann.goHome());

  beforeEach(() => siege.rest());
  // Of every attempt: nothing has changed, and nobody was let in.
  afterEach(() => {
    expect(siege.changes).toEqual([]);
    expect(siege.log).not.toContain("a browser was let in");
  });

  describe.each([
    ["from another port of 127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["from a name on the web", EVIL_NAME, "127.0.0.1"],
    ["from localhost", "localhost", "127.0.0.1"],
    ["from localhost, to localhost", "localhost", "localhost"],
  ])("%s", (_, from, to) => {
    let tab: Page;
    const named = (name: string, url: string) => url.replace("127.0.0.1", name);
    beforeEach(async () => {
      tab = await siege.visit(named(from, siege.evil));
    });

    /** Tries it on GoVPN, where nobody listens, and on what has no defence. The first two are to be told apart by nothing. */
    async function learnsNothing(attempt: (target: string) => Promise<unknown>): Promise<unknown> {
      const learnt = await attempt(named(to, siege.ui));
      expect(learnt).toEqual(await attempt(named(to, siege.closed)));
      expect(learnt).not.toEqual(await attempt(named(to, siege.naive)));
      return learnt;
    }

    it.each(["/", SESSION_PATH, API_PATH])("reads nothing of %s, cookies or not", async (path) => {
      expect(await learnsNothing((target) => attack(tab, "fetch", target + path))).toBe("Failed to fetch");
      await learnsNothing((target) => attack(tab, "fetch", target + path, { credentials: "omit" }));
      expect(siege.refusals()).toBeGreaterThanOrEqual(2);
    });

    it.each(["/", SESSION_PATH, API_PATH])("does not even see that %s answers", async (path) => {
      const outcome = await learnsNothing((target) => attack(tab, "fetch", target + path, { mode: "no-cors" }));
      expect(outcome).toBe("Failed to fetch");
      expect(siege.refusals()).toBeGreaterThan(0);
    });

    it.each([
      ["plain text", { headers: { "content-type": "text/plain" }, body: TOKEN_BODY }],
      ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: `token=${MADE_UP}` }],
      ["a form with parts", { body: { token: MADE_UP } }],
    ])("posts %s unasked, and is refused", async (_, init) => {
      const post = (mode: string) => (target: string) =>
        attack(tab, "fetch", target + SESSION_PATH, { method: "POST", mode, ...init });
      await learnsNothing(post("no-cors"));
      await learnsNothing(post("cors"));
      expect(siege.refusals()).toBeGreaterThanOrEqual(2);
    });

    it.each([
      ["posts JSON", { method: "POST", headers: { "content-type": "application/json" }, body: TOKEN_BODY }],
      ["puts", { method: "PUT", body: TOKEN_BODY }],
      ["deletes", { method: "DELETE" }],
      ["sends headers of its own", { headers: { "x-evil": "1" } }],
    ])("%s, and its browser asks first and is told no", async (_, init) => {
      await learnsNothing((target) => attack(tab, "fetch", target + SESSION_PATH, init));
      expect(siege.refusals("bad_method")).toBe(1);
    });

    it.each([
      ["an image", "img", () => siege.parts.image, {}],
      ["a script", "script", () => siege.parts.script, {}],
      ["a script that asks for permission", "script", () => siege.parts.script, { crossOrigin: "use-credentials" }],
      ["a style", "link", () => siege.parts.style, { rel: "stylesheet" }],
      ["a preload", "link", () => siege.parts.script, { rel: "preload", as: "script" }],
      ["a module ahead of time", "link", () => siege.parts.script, { rel: "modulepreload" }],
      ["a page ahead of time", "link", () => "/", { rel: "prefetch" }],
      ["an object", "object", () => siege.parts.image, {}],
      ["an input's image", "input", () => siege.parts.image, { type: "image" }],
    ])("cannot tell by %s that GoVPN runs here", async (_, tag, path, attributes) => {
      await learnsNothing((target) => attack(tab, "element", target + path(), tag, attributes));
    });

    it("cannot tell it by a module, nor by how the browser timed it", async () => {
      await learnsNothing((target) => attack(tab, "module", target + siege.parts.script));
      await learnsNothing((target) => attack(tab, "timing", target + siege.parts.image));
    });

    it.each([
      ["a frame", "iframe", {}],
      ["a frame without an origin", "iframe", { sandbox: "allow-scripts allow-forms" }],
      ["an object", "object", { type: "text/html" }],
    ])("shows the window to nobody in %s, to have clicks land in it", async (_, tag, attributes) => {
      await learnsNothing(async (target) => {
        const page = await siege.visit(named(from, siege.evil));
        await attack(page, "frame", `${target}/`, tag, attributes);
        const shown = () => page.frames().map((frame) => frame.url());
        await expect.poll(shown).not.toContain("");
        return shown();
      });
      await expect.poll(() => siege.refusals()).toBeGreaterThan(0);
    });

    it("reads nothing from a frame that has no origin", async () => {
      await attack(tab, "frame", "/", "iframe", { sandbox: "allow-scripts" });
      const [, frame] = tab.frames();
      if (!frame) throw new Error("there is no frame");
      for (const init of [{}, { mode: "no-cors" }, { method: "POST", body: TOKEN_BODY }]) {
        await learnsNothing((target) => attack(frame, "fetch", target + SESSION_PATH, init));
      }
      await learnsNothing((target) => attack(frame, "socket", socketUrl(target), socketProtocols(siege.key)));
      expect(siege.refusals()).toBeGreaterThanOrEqual(4);
    });

    // The last is what a page would know that has read the key from a screen or a backup.
    it.each([
      ["without a key", () => undefined],
      ["with the protocol's name alone", () => socketProtocols("").slice(0, 1)],
      ["with a key that is made up", () => socketProtocols(MADE_UP)],
      ["even with the person's own key", () => socketProtocols(siege.key)],
    ])("opens no WebSocket %s", async (_, protocols) => {
      const outcome = await learnsNothing((target) => attack(tab, "socket", socketUrl(target), protocols()));
      expect(outcome).toBe("error 1006");
      expect(siege.refusals("wrong_origin")).toBeGreaterThanOrEqual(1);
    });

    it("hears no events", async () => {
      for (const path of ["/", SESSION_PATH, API_PATH]) {
        await learnsNothing((target) => attack(tab, "events", target + path));
      }
    });

    it.each([
      ["a form", "application/x-www-form-urlencoded", { token: MADE_UP }],
      ["a form with parts", "multipart/form-data", { token: MADE_UP }],
      ["a form that spells JSON", "text/plain", { [`{"token":"${MADE_UP}","and":"`]: '"}' }],
    ])("posts %s by leaving for it, and in a frame, and nobody is let in", async (_, enctype, fields) => {
      const action = named(to, siege.ui) + SESSION_PATH;
      await attack(tab, "form", action, enctype, fields, "hidden");
      await expect.poll(() => siege.refusals()).toBeGreaterThanOrEqual(1);
      await attack(tab, "form", action, enctype, fields, "_self");
      await tab.waitForURL(action);
      expect(await tab.locator("body").innerText()).toContain("wrong_origin");
      expect(await siege.context.cookies()).toEqual(siege.cookies);
    });

    it("opens the window, and then can neither read it, speak to it nor lead it elsewhere", async () => {
      const opening = siege.context.waitForEvent("page");
      expect(await attack(tab, "open", `${named(to, siege.ui)}/#/settings`)).toBe("");
      const opened = await opening;
      expect(new URL(opened.url()).origin).toBe(named(to, siege.ui));
      expect(await opened.evaluate("[opener, name]")).toEqual([null, ""]);
    });
  });

  /** The page is loaded from the attacker's server, and then its name leads to the user interface: same name, same port. */
  describe("whose name comes to lead to the user interface (DNS rebinding)", () => {
    let tab: Page;
    let rebound: string;
    beforeEach(async () => {
      rebound = siege.ui.replace("127.0.0.1", EVIL_NAME);
      await siege.context.route(`${rebound}/`, (route) => route.fulfill({ path: EVIL_PAGE }), { times: 1 });
      tab = await siege.visit(rebound);
    });

    it("reads what is of one origin with it, and that is nothing but a refusal without words", async () => {
      for (const path of ["/", SESSION_PATH, API_PATH, siege.parts.script, siege.parts.image]) {
        expect(await attack(tab, "fetch", path)).toBe("basic 421");
      }
      expect(await attack(tab, "headers", "/")).toBe("connection,content-length,date");
      // Chromium asks again for what was answered by 421 (RFC 9110 section 15.5.20).
      expect(siege.refusals("wrong_host")).toBeGreaterThanOrEqual(6);
    });

    it.each([
      ["POST", SESSION_PATH],
      ["PUT", "/"],
      ["DELETE", SESSION_PATH],
      ["OPTIONS", API_PATH],
    ])("is refused in the same way when it asks %s of %s", async (method, path) => {
      const headers = { "content-type": "application/json" };
      expect(await attack(tab, "fetch", path, { method, headers, body: TOKEN_BODY })).toBe("basic 421");
    });

    it("opens no WebSocket, even with the person's own key", async () => {
      for (const protocols of [undefined, socketProtocols(MADE_UP), socketProtocols(siege.key)]) {
        expect(await attack(tab, "socket", socketUrl(rebound), protocols)).toBe("error 1006");
      }
      // The browser may ask for more by itself: an icon, a second try.
      expect(siege.refusals("wrong_host")).toBeGreaterThanOrEqual(3);
    });

    it("hears no events, and loads no part of the window", async () => {
      expect(await attack(tab, "events", API_PATH)).toBe("error");
      expect(await attack(tab, "element", siege.parts.image, "img")).toBe("error");
      expect(await attack(tab, "element", siege.parts.script, "script")).toBe("error");
      expect(await attack(tab, "module", siege.parts.script)).toBe("TypeError");
    });

    it("frames nothing, although the frame would be its own to read", async () => {
      await attack(tab, "frame", "/", "iframe");
      expect(await tab.evaluate("document.querySelector('iframe').contentDocument?.body.innerText ?? ''")).not.toMatch(
        /govpn/i,
      );
      expect(siege.refusals("wrong_host")).toBeGreaterThan(0);
    });

    it("finds neither cookie nor key under its own name", async () => {
      expect(await tab.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")).toEqual(["", 0, 0]);
    });

    it("guesses a thousand tokens, and is told the same a thousand times", async () => {
      const json = { headers: { "content-type": "application/json" } };
      expect(await attack(tab, "guess", SESSION_PATH, 1000, json)).toEqual({ "basic 421": 1000 });
    });
  });

  describe("that wants in", () => {
    const link = async () => String((await siege.ann.program.waitFor(({ event }) => event === "ui")).url);

    it.each([
      ["plain text, unasked", { mode: "no-cors" }],
      ["JSON", { headers: { "content-type": "application/json" } }],
    ])("guesses a thousand tokens by %s, and is told nothing a thousand times", async (_, init) => {
      const tab = await siege.visit(siege.evil);
      expect(await attack(tab, "guess", siege.ui + SESSION_PATH, 1000, init)).toEqual({ "Failed to fetch": 1000 });
    });

    it("opens the window by a link that was used, or is made up: nobody is let in, and nobody out", async () => {
      const tab = await siege.visit(siege.evil);
      for (const [index, url] of [await link(), `${siege.ui}/#t=${MADE_UP}`].entries()) {
        const [opened] = await Promise.all([siege.context.waitForEvent("page"), tab.evaluate(`void open("${url}")`)]);
        await expect.poll(() => siege.refusals("bad_token")).toBe(index + 1);
        await siege.showsRoom(opened);
        expect(opened.url()).not.toContain("#t=");
      }
      expect(await siege.context.cookies()).toEqual(siege.cookies);
    });

    it("comes after the window in a tab, and is told neither the link nor where the person was", async () => {
      const tab = await siege.visit(await link());
      await siege.showsRoom(tab);
      await tab.evaluate(`location.href = "${siege.evil}/"`);
      await tab.getByText("You will not believe").waitFor();
      expect(await tab.evaluate("[document.referrer, name, opener]")).toEqual(["", "", null]);
      expect(await tab.evaluate("navigation.entries().map(({ url }) => url)")).toEqual([`${siege.evil}/`]);
      // What the browser itself remembers has lost the token, too.
      await tab.goBack();
      expect(tab.url()).not.toContain("#t=");
    });

    it("is given the cookie, which knows no ports, and has no use for it without the key", async () => {
      const tab = await siege.visit(siege.evil);
      expect(await tab.evaluate("document.cookie")).toBe("");
      expect(await tab.evaluate("localStorage.getItem('govpn.session-key')")).toBeNull();
      // The attacker's server is told it. A program is held back by no browser: it says that it is the window's page.
      const [cookie] = siege.cookies;
      expect(await attack(tab, "fetch", "/cookies")).toBe(`basic 200 ${cookie?.name}=${cookie?.value}`);
      const forged = {
        Cookie: `${cookie?.name}=${cookie?.value}`,
        Origin: siege.ui,
        "Sec-WebSocket-Protocol": "govpn.1",
      };
      expect(await upgrade(forged)).toMatch(/^HTTP\/1\.1 401 /);
    });

    it("sets cookies of the same name, and the person is not kept out", async () => {
      const tab = await siege.visit(siege.evil);
      const name = siege.cookies[0]?.name;
      try {
        for (const path of ["/", SESSION_PATH, API_PATH]) {
          await tab.evaluate(`document.cookie = "${name}=evil; path=${path}"`);
        }
        await tab.goto(siege.evil + SESSION_PATH);
        expect(await tab.evaluate("document.cookie")).toBe(`${name}=evil`);
        expect(await siege.stateNow()).toEqual(siege.before);
      } finally {
        for (const path of [SESSION_PATH, API_PATH]) await siege.context.clearCookies({ path });
      }
      expect(await siege.context.cookies()).toEqual(siege.cookies);
    });
  });

  describe.each([
    ["127.0.0.1", () => siege.evil],
    ["localhost", () => siege.evil.replace("127.0.0.1", "localhost")],
  ])("with a service worker on %s", (_, origin) => {
    let tab: Page;
    beforeEach(async () => {
      tab = await siege.visit(origin());
    });

    it("cannot set it up for the window, nor have a part of the window be one", async () => {
      expect(await attack(tab, "serviceWorker", "/worker.js", `${siege.ui}/`)).toBe("SecurityError");
      expect(await attack(tab, "serviceWorker", siege.ui + siege.parts.script, "/")).toBe("SecurityError");
    });

    it("learns no more by it, and does not come between the person and the window", async () => {
      expect(await attack(tab, "fetchFromServiceWorker", siege.naive + SESSION_PATH)).toBe("opaque");
      for (const path of ["/", SESSION_PATH, API_PATH]) {
        const learnt = await attack(tab, "fetchFromServiceWorker", siege.ui + path);
        expect(learnt).toBe(await attack(tab, "fetchFromServiceWorker", siege.closed + path));
      }
      const own = await siege.visit(siege.ui);
      await siege.showsRoom(own);
      expect(await own.evaluate("navigator.serviceWorker.controller")).toBeNull();
    });
  });

  it("cannot speak to the signaling server that runs beside, either", async () => {
    const { server } = await siege.ann.ask<{ server: { url: string } }>("status");
    const tab = await siege.visit(siege.evil);
    expect(await attack(tab, "socket", server.url)).toBe("error 1006");
    expect(await attack(tab, "socket", socketUrl(siege.naive))).toBe("open 1005");
  });

  it("has changed nothing after all of it: no room, no setting, no line of the activity, no session", async () => {
    expect(await siege.stateNow()).toEqual(siege.before);
    expect(await siege.context.cookies()).toEqual(siege.cookies);
    await siege.showsRoom(siege.ann.page);
  });

  /** The first line of what the user interface answers to a program on this machine that asks for its socket. */
  async function upgrade(headers: Readonly<Record<string, string>>): Promise<string> {
    const handshake = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const all = Object.entries({ ...handshake, ...headers }).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const { stdout } = await lab()
      .host(1)
      .run("curl", ["-s", "-i", "--http1.1", "--max-time", "10", ...all, siege.ui + API_PATH]);
    return stdout.split("\r\n", 1)[0] ?? "";
  }
});
