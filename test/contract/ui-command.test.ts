import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dist, ensureBuilt } from "../../build/bundle.mjs";

// The built program with its built page: `--ui` and `govpn ui`, as people and scripts use them.

let folder: string;
const running = new Set<ChildProcessWithoutNullStreams>();

beforeAll(async () => {
  await ensureBuilt(["govpn", "renderer"]);
}, 120_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-ui-"));
});
afterEach(async () => {
  await Promise.all([...running].map((child) => child.kill("SIGKILL") && once(child, "exit")));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function govpn(...args: string[]): ChildProcessWithoutNullStreams {
  // No keychain, no desktop session, no settings of the developer's.
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder };
  const child = spawn(process.execPath, [join(dist, "govpn.mjs"), ...args, "--profile", join(folder, "p")], { env });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

/** A host that needs no rights and reaches nobody. */
const start = (...args: string[]) => govpn("start", "--port", "0", "--tun", "off", "--no-stun", ...args);

async function finish(child: ChildProcessWithoutNullStreams) {
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** The first line that the program prints and that matches. */
async function line(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  for await (const text of createInterface({ input: child.stdout })) if (pattern.test(text)) return text;
  throw new Error(`the program ended without a line like ${pattern}`);
}

const urlIn = (text: string) => /http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]{43}/.exec(text)?.[0] ?? "";

/** What a browser does with a link: 200 when it is let in. */
async function statusOf(link: string): Promise<number> {
  const { origin, hash } = new URL(link);
  const body = JSON.stringify({ token: hash.slice("#t=".length) });
  const headers = { "Content-Type": "application/json", Origin: origin };
  return (await fetch(`${origin}/session`, { method: "POST", headers, body })).status;
}

describe("govpn start --ui", () => {
  it("prints one line with a link that a person can open, and serves the page there", async () => {
    const link = urlIn(await line(start("--ui"), /^Open http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]{43} in a browser$/));
    const page = await fetch(new URL("/", link));
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/<!doctype html>.*<script type="module"/is);
    expect(await statusOf(link)).toBe(200);
    expect(await statusOf(link)).toBe(403);
  });

  it("serves what people get, whoever built it: React without its development checks", async () => {
    const link = urlIn(await line(start("--ui"), /^Open/));
    const page = await (await fetch(new URL("/", link))).text();
    const scripts = [...page.matchAll(/ (?:src|href)="(\S+\.js)"/g)].map(([, path = ""]) => new URL(path, link));
    expect(scripts.length).toBeGreaterThan(0);
    const code = await Promise.all(scripts.map(async (script) => (await fetch(script)).text()));
    expect(code.join("\n")).toContain("react.dev/errors");
    expect(code.join("\n")).not.toContain("Each child in a list should have a unique");
  });

  it("says the link to programs as an event", async () => {
    const said = JSON.parse(await line(start("--ui", "--json"), /"ui"/)) as object;
    expect(said).toEqual({ event: "ui", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#t=/) });
  });

  it("takes the port it is told, and says when another program has it", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect(await finish(start("--ui", String(port)))).toMatchObject({
      code: 1,
      stderr: `govpn: Port ${port} on 127.0.0.1 is in use by another program. Take another port: --ui PORT, or --ui alone for a free one.\n`,
    });
    other.close();
    await once(other, "close");
    expect(urlIn(await line(start("--ui", String(port)), /^Open/))).toContain(`:${port}/`);
  });

  it.each(["65536", "-1", "http"])("refuses the port %s", async (port) => {
    expect(await finish(start(`--ui=${port}`))).toMatchObject({ code: 2 });
  });

  it("ends when it is told to, however many pages are open", async () => {
    const host = start("--ui");
    const link = urlIn(await line(host, /^Open/));
    const page = await fetch(new URL("/", link), { headers: { Connection: "keep-alive" } });
    await page.text();
    host.kill("SIGTERM");
    expect(await once(host, "exit")).toEqual([0, null]);
  });
});

describe("govpn ui", () => {
  it("gives another link to the same page, for another browser", async () => {
    const first = urlIn(await line(start("--ui"), /^Open/));
    const { code, stdout } = await finish(govpn("ui"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Open http:\S+ in a browser\n$/);
    const second = urlIn(stdout);
    expect(new URL(second).origin).toBe(new URL(first).origin);
    expect(second).not.toBe(first);
    expect([await statusOf(second), await statusOf(first)]).toEqual([200, 200]);
  });

  it("serves the page from then on, where the host was started without it", async () => {
    await line(start("--json"), /"ready"/);
    const { code, stdout } = await finish(govpn("ui", "--json"));
    expect(code).toBe(0);
    const { url } = JSON.parse(stdout) as { url: string };
    expect(await statusOf(url)).toBe(200);
  });

  it("says that nothing is running when nothing is", async () => {
    expect(await finish(govpn("ui"))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^govpn: GoVPN is not running for this profile\./),
    });
  });
});
