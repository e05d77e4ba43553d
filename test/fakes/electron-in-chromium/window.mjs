// @ts-check
/**
 * The app's window as a tab of a headless Chromium: its page is the app's own, answered by what main registered for its
 * scheme, and its port is joined to main's. What is not as in Electron:
 *
 * - Chromium knows no schemes of an app's own, so the page's address begins with https: there;
 * - preload does not run: what it puts on the page is put there by this file;
 * - a window's place, focus and frame are not there, nor is anything on a screen.
 */
import { ipcMain, protocol, BrowserWindow as UnseenWindow } from "../electron-package/index.mjs";
import { Chromium } from "./chromium.mjs";
import { bridge } from "./page.mjs";

const APP = "app://govpn";
const IN_CHROMIUM = "https://govpn.test";

const chromium = new Chromium();
/** @type {string | undefined} of the one window's tab */
let sessionId;

const send = (/** @type {string} */ method, /** @type {object} */ params = {}) =>
  chromium.send(method, params, sessionId);
/** Calls one of what `bridge` has put on the page. */
const tellPage = (/** @type {string} */ name, /** @type {unknown[]} */ ...args) =>
  send("Runtime.evaluate", { expression: `standIn.${name}(${args.map((arg) => JSON.stringify(arg)).join()})` });

export class BrowserWindow extends UnseenWindow {
  /** @type {import("node:worker_threads").MessagePort | undefined} */
  #port;

  constructor() {
    super();
    Object.assign(this.webContents, {
      send: (/** @type {string} */ channel, /** @type {unknown} */ message) =>
        void (channel === "govpn:go" && tellPage("go", message)),
      reload: () => void send("Page.reload"),
    });
  }

  /** @override */
  async loadURL(/** @type {string} */ url) {
    const { targetId } = await chromium.send("Target.createTarget", { url: "about:blank" });
    ({ sessionId } = await chromium.send("Target.attachToTarget", { targetId, flatten: true }));
    chromium.on("Fetch.requestPaused", (event) => void answer(event));
    chromium.on("Runtime.bindingCalled", ({ payload }) => this.#hear(JSON.parse(payload)));
    chromium.once("Page.loadEventFired", () => this.emit("ready-to-show"));
    await send("Runtime.enable");
    await send("Runtime.addBinding", { name: "tellMain" });
    await send("Page.enable");
    await send("Page.addScriptToEvaluateOnNewDocument", { source: `(${bridge})()` });
    await send("Fetch.enable", { patterns: [{ urlPattern: `${IN_CHROMIUM}/*` }] });
    await send("Page.navigate", { url: url.replace(APP, IN_CHROMIUM) });
  }

  #hear(/** @type {{frame?: string}} */ { frame }) {
    if (frame !== undefined) return this.#port?.postMessage(frame);
    const postMessage = (/** @type {string} */ _name, /** @type {unknown} */ _message, /** @type {any[]} */ [port]) => {
      this.#port = port;
      port.on("message", (/** @type {string} */ text) => void tellPage("hear", text));
      // A page that loads again has asked for another by then.
      port.on("close", () => this.#port === port && void tellPage("close"));
      void tellPage("givePort");
    };
    ipcMain.emit("govpn:ask-for-port", {
      sender: this.webContents,
      senderFrame: { origin: APP, parent: null, postMessage },
    });
  }
}

/** Has main answer what the page asks for, as Electron has it answer its scheme. */
async function answer(
  /** @type {{requestId: string, request: {url: string, method: string}}} */ { requestId, request },
) {
  const url = request.url.replace(IN_CHROMIUM, APP);
  const response = await protocol.answer("app", { url, method: request.method });
  await send("Fetch.fulfillRequest", {
    requestId,
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString("base64"),
  });
}

/** What the page has copied is with the browser, which alone may read it. */
export const clipboard = {
  writeText: () => {},
  readText: async () => {
    await chromium.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite"] });
    const expression = "navigator.clipboard.readText()";
    const { result } = await send("Runtime.evaluate", { expression, awaitPromise: true });
    return result.value;
  },
};
