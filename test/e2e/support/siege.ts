import { fileURLToPath } from "node:url";
import type { BrowserContext, Cookie, Frame, Page } from "playwright";
import type { AppState } from "../../../shared/ipc/app.ts";
import type { Host } from "../../netns/lab/host.ts";
import { type HeadlessPerson, sitDownAtBrowser } from "./headless.ts";

/** A name that leads to this machine because whoever owns it says so. */
export const EVIL_NAME = "evil.test";
export const EVIL_PAGE = fileURLToPath(new URL("./evil-page.html", import.meta.url));
/**
 * Chromium keeps pages of the web from what is on this machine, for a while now, and so hides what GoVPN does itself.
 * Other browsers do not.
 */
const OWN_DEFENCE = "LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets";
/** The parts of the state that an attack could be after. */
const WATCHED = ["rooms", "settings", "activity", "wanted", "self", "link"] as const;
const ROOM = "Den";

/** A person who has GoVPN open in a browser, and an attacker's page in another tab of it. */
export class Siege {
  readonly ann: HeadlessPerson;
  readonly context: BrowserContext;
  /** Where GoVPN's user interface is. Like the others: `http://127.0.0.1:PORT`. */
  readonly ui: string;
  /** The attacker's servers: see evil-server.ts. */
  readonly evil: string;
  readonly naive: string;
  readonly closed: string;
  /** What the app told the person's page has changed since the last `rest`. */
  readonly changes: object[] = [];
  /** Paths of GoVPN's page. */
  parts = { script: "", style: "", image: "/mark.svg" };
  /** What the person's page and browser hold. */
  key = "";
  cookies: readonly Cookie[] = [];
  before: Readonly<Record<string, unknown>> = {};

  private constructor(ann: HeadlessPerson, evil: string, naive: string, closed: string) {
    this.ann = ann;
    this.context = ann.page.context();
    this.ui = new URL(ann.page.url()).origin;
    this.evil = evil;
    this.naive = naive;
    this.closed = closed;
  }

  static async begin(host: Host): Promise<Siege> {
    const ann = await sitDownAtBrowser(host, "Ann", {
      args: ["--create", ROOM, "--tun", "off"],
      flags: [`--host-resolver-rules=MAP ${EVIL_NAME} 127.0.0.1`, `--disable-features=${OWN_DEFENCE}`],
    });
    const server = await host.testServer("evil-server", ["--page", EVIL_PAGE]);
    const { naive, closed } = await server.waitFor(({ event }) => event === "listening");
    const siege = new Siege(ann, server.url, String(naive), String(closed));
    await siege.#settle();
    return siege;
  }

  async #settle(): Promise<void> {
    const { page, program } = this.ann;
    // Which settles that the server is this machine's own: it is started anew.
    const { length } = program.events;
    await page.getByRole("button", { name: "Look around first" }).click();
    await program.waitFor(({ event, state }) => event === "room" && state === "joined", 20_000, length);
    const pathOf = async (selector: string, attribute: string) =>
      new URL((await page.locator(selector).first().getAttribute(attribute)) ?? "", this.ui).pathname;
    const script = await pathOf("script[src]", "src");
    this.parts = { ...this.parts, script, style: await pathOf("link[rel=stylesheet]", "href") };
    this.key = await page.evaluate<string>("localStorage.getItem('govpn.session-key')");
    this.cookies = await this.context.cookies();
    this.before = await this.stateNow();
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        const { patch } = JSON.parse(String(payload)) as { patch?: object };
        if (patch && WATCHED.some((part) => part in patch)) this.changes.push(patch);
      });
    });
    await page.reload();
    await this.showsRoom(page);
  }

  /** The page is the app's, and its session holds. */
  showsRoom(page: Page): Promise<void> {
    return page.getByText(ROOM).first().waitFor();
  }

  /** What a new tab of the person's is told of the app's state: so the session holds, too. */
  async stateNow(): Promise<Readonly<Record<string, unknown>>> {
    const page = await this.context.newPage();
    const states: AppState[] = [];
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => {
        const { value } = JSON.parse(String(payload)) as { value?: AppState };
        if (value?.rooms && value.activity) states.push(value);
      });
    });
    await page.goto(this.ui);
    await this.showsRoom(page);
    await page.close();
    const [state] = states;
    if (!state) throw new Error("the page shows a room, and was told of none");
    return Object.fromEntries(WATCHED.map((part) => [part, state[part]]));
  }

  /** A tab with the attacker's page. @param origin of its address, under whatever name */
  async visit(origin: string): Promise<Page> {
    const tab = await this.context.newPage();
    await tab.goto(origin);
    return tab;
  }

  /** Closes whatever tabs the attacker has, and forgets what has happened. */
  async rest(): Promise<void> {
    for (const page of this.context.pages()) if (page !== this.ann.page) await page.close();
    this.changes.length = 0;
    this.ann.program.program.stderr = "";
  }

  /** What the program has written since the last `rest`. */
  get log(): string {
    return this.ann.program.program.stderr;
  }

  /** How many requests it has refused since then, for this reason or any. */
  refusals(code = ""): number {
    const lines = this.log.split("\n").filter((line) => line.includes("a request was refused"));
    return lines.filter((line) => line.includes(code)).length;
  }
}

/** Runs one of the attacks of evil-page.html there. @returns what the page learns by it */
export function attack<T = string>(page: Page | Frame, name: string, ...args: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`attack.${name}(${args.map((arg) => JSON.stringify(arg) ?? "undefined").join()})`);
}
