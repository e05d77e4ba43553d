import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dist, ensureBuilt } from "../../build/bundle.mjs";
import type { RoomId } from "../../shared/base/brand.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import { applyPatch } from "../../shared/ipc/patch.ts";

// The built desktop app, main and engine in processes of their own, on a stand-in for the electron package. It has a
// network of its own, in which it may make a device; hence root.

const root = fileURLToPath(new URL("../../", import.meta.url));
const canIsolate =
  existsSync("/dev/net/tun") &&
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["--net", "ip", "link", "set", "lo", "up"]).status === 0;

type Told = { readonly from: string } & Record<string, unknown>;

let folder: string;
let app: Program | undefined;
/** Another member. */
let other: ChildProcess | undefined;

beforeAll(() => ensureBuilt(["desktop", "govpn"]), 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-desktop-"));
  install(folder);
});
afterEach(async () => {
  other?.kill("SIGKILL");
  await app?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** A checkout whose electron is the stand-in and whose other packages are this one's. */
function install(to: string): void {
  cpSync(join(dist, "desktop"), join(to, "dist/desktop"), { recursive: true });
  cpSync(join(dist, "chunks"), join(to, "dist/chunks"), { recursive: true });
  cpSync(join(root, "test/fakes/electron-package"), join(to, "node_modules/electron"), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const link = join(to, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  mkdirSync(join(to, "dist/renderer"), { recursive: true });
  writeFileSync(join(to, "dist/renderer/index.html"), "<!doctype html>");
}

class Program {
  readonly told: Told[] = [];
  readonly #child: ChildProcess;
  #errors = "";
  #news: () => void = () => {};
  #lastId = 0;

  constructor(...args: string[]) {
    const main = [join(folder, "dist/desktop/main.mjs"), "--profile", join(folder, "profile"), ...args];
    const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder };
    // A pair of cables that lead to each other: the address that a real network would give.
    const cable = "ip link add lan type veth peer name end && ip addr add 192.0.2.1/24 dev lan";
    const setUp = `ip link set lo up && ${cable} && ip link set lan up && ip link set end up && exec "$@"`;
    const command = ["--net", "sh", "-c", setUp, "sh", process.execPath, ...main];
    this.#child = spawn("unshare", command, { env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk;
    });
    this.#child.on("message", (message) => {
      this.told.push(message as Told);
      this.#news();
    });
    this.#child.on("exit", () => this.#news());
  }

  /** Waits for what makes this come out. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode}: ${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    }
  }

  /** Runs the command line beside it, in the same network. */
  beside(...args: string[]): ChildProcess {
    const command = ["--target", `${this.#child.pid}`, "--net", process.execPath, join(dist, "govpn.mjs"), ...args];
    const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder };
    return spawn("nsenter", command, { env, stdio: "ignore" });
  }

  send(to: string, more: object = {}): void {
    this.#child.send({ to, ...more });
  }

  /** Asks as a page does. */
  async call(method: string, params: object): Promise<{ readonly value?: never; readonly error?: { code: string } }> {
    const id = ++this.#lastId;
    this.send("page", { text: JSON.stringify({ id, method, params }) });
    return this.until(() => this.#texts().find((text) => text.id === id) as never);
  }

  /** What the page knows by now. */
  state(): AppState | undefined {
    return [...this.states()].at(-1);
  }

  /** What the page was told one after the other: of a state that soon gives way to the next, nothing else may be left. */
  *states(): Generator<AppState> {
    let state: unknown;
    for (const text of this.#texts()) {
      if (text.value?.settings && text.value.rooms) state = text.value;
      else if (text.patch) state = applyPatch(state, text.patch);
      else continue;
      yield state as AppState;
    }
  }

  /** Waits until these have held one after the other, in this order. */
  async passes(...stages: readonly ((state: AppState) => boolean)[]): Promise<void> {
    await this.until(() => {
      let stage = 0;
      for (const state of this.states()) if (stages[stage]?.(state)) stage++;
      return stage === stages.length;
    });
  }

  /** The newest image or tooltip that the tray was given. */
  tray(what: "image" | "tooltip"): unknown {
    return this.told.filter((each) => each.from === "tray" && each[what]).at(-1)?.[what];
  }

  engines(): unknown[] {
    return this.told.filter(({ from }) => from === "engine").map(({ pid }) => pid);
  }

  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  #texts(): { id?: number; value?: { settings?: unknown; rooms?: unknown }; patch?: unknown }[] {
    return this.told.filter(({ from }) => from === "page").map(({ text }) => JSON.parse(text as string));
  }
}

async function started(...args: string[]): Promise<Program> {
  const program = new Program(...args);
  app = program;
  await program.until(() => program.told.find(({ from }) => from === "port"));
  expect(await program.call("watch", {})).toHaveProperty("value");
  return program;
}

describe.skipIf(!canIsolate)("the built desktop app", () => {
  it("loads its page, opens the device in a process of its own, and makes a room", async () => {
    const program = await started();
    expect(program.told).toContainEqual(
      expect.objectContaining({ from: "loaded", status: 200, type: "text/html; charset=utf-8" }),
    );
    await program.until(() => program.state()?.tunnel.state === "up");
    expect(program.state()).toMatchObject({ app: { surface: "desktop", canStartAtLogin: true }, secrets: "file" });
    expect(await program.call("create", { name: "Den", pin: "4821" })).toHaveProperty("value");
    await program.until(() => program.tray("tooltip") === "GoVPN: Connected");
    expect(program.tray("image")).toMatch(/tray-connected-light\.png$/);
  }, 60_000);

  it("outlives its engine: the device is gone, comes back, and nobody had to do a thing", async () => {
    const program = await started();
    await program.until(() => program.state()?.tunnel.state === "up");
    program.send("kill-engine");
    const device = (is: string) => (state: AppState) => state.tunnel.state === is;
    await program.passes(device("up"), device("failed"), device("up"));
    expect(program.engines()).toHaveLength(2);
  }, 60_000);

  it("is connected to the members of its rooms again when its engine was gone", async () => {
    const program = await started();
    const made = await program.call("create", { name: "Den", pin: "4821" });
    const { roomId } = made.value as unknown as { roomId: RoomId };
    const { value } = await program.call("invite", { roomId });
    const { link } = value as unknown as { link: string };
    const join = ["--server", "ws://127.0.0.1:8080", "--join", link, "--pin", "4821", "--username", "Ben"];
    other = program.beside("up", ...join, "--tun", "off", "--profile", `${folder}/ben`);
    const ben = (state = program.state()) =>
      Object.values(state?.rooms[roomId]?.members ?? {}).find((each) => each.state !== "self");
    const isConnected = (state?: AppState) => ben(state)?.state === "connected" && ben(state)?.lane !== undefined;
    await program.until(() => isConnected());
    expect(ben()).toMatchObject({ username: "Ben", path: "direct", verified: true });
    program.send("kill-engine");
    await program.passes(isConnected, (state) => ben(state)?.state === "reconnecting", isConnected);
    expect(program.engines()).toHaveLength(2);
    expect(Object.keys(program.state()?.rooms[roomId]?.members ?? {})).toHaveLength(2);
  }, 60_000);

  it("shows the link that a second start brought, and asks", async () => {
    const program = await started();
    program.send("again", { argv: ["/opt/govpn", "govpn://join/0123456789abcdef?server=wss://server.test/ws"] });
    const link = await program.until(() => program.state()?.link);
    expect(link).toMatchObject({ state: "ask", roomId: "0123456789abcdef" });
    program.send("again", { argv: ["/opt/govpn", "govpn://remove/everything"] });
    expect(await program.until(() => program.state()?.link?.state === "refused")).toBe(true);
    expect(Object.keys(program.state()?.rooms ?? {})).toEqual([]);
  }, 60_000);

  it("ends with everything that it started, and is back in its rooms the next time", async () => {
    const program = await started();
    await program.call("create", { name: "Den", pin: "4821" });
    program.send("quit");
    expect(await program.exit()).toBe(0);
    for (const pid of program.engines()) expect(() => process.kill(pid as number, 0)).toThrow("ESRCH");
    const next = await started("--hidden");
    await next.until(() =>
      Object.values(next.state()?.rooms ?? {}).some(({ name, state }) => name === "Den" && state === "joined"),
    );
    next.send("quit");
    expect(await next.exit()).toBe(0);
  }, 60_000);

  it("says why it cannot start, and ends with 1", async () => {
    writeFileSync(join(folder, "profile"), "a file where a folder should be");
    const program = new Program();
    app = program;
    const error = await program.until(() => program.told.find(({ from }) => from === "error"));
    expect(error).toMatchObject({ title: "GoVPN cannot start", content: expect.stringContaining("profile") });
    expect(await program.exit()).toBe(1);
  }, 60_000);
});
