import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dist, ensureBuilt } from "../../build/bundle.mjs";
import { DocumentClient } from "../fakes/document-client.ts";

// `govpn serve` as a process: what it prints, how it ends, what it leaves.

let folder: string;
let children: ChildProcess[];

beforeAll(async () => {
  await ensureBuilt(["govpn"]);
}, 60_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-serve-"));
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

function serve(...args: string[]) {
  const env = { ...process.env, XDG_DATA_HOME: folder };
  const child = spawn(process.execPath, [join(dist, "govpn.mjs"), "serve", "--port", "0", ...args], { env });
  children.push(child);
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return { child, lines: createInterface({ input: child.stdout }), ended, errors: () => errors };
}

async function listening(server: ReturnType<typeof serve>): Promise<string> {
  const [line] = (await once(server.lines, "line")) as [string];
  return (JSON.parse(line) as { url: string }).url;
}

/** Runs to its end. */
async function run(...args: string[]) {
  const server = serve(...args);
  let output = "";
  server.lines.on("line", (line) => {
    output += `${line}\n`;
  });
  return { code: await server.ended, output, errors: server.errors() };
}

describe("govpn serve", () => {
  it("prints the listening event first and exactly, with --json", async () => {
    const server = serve("--memory", "--json");
    const [line] = (await once(server.lines, "line")) as [string];
    const { port } = new URL((JSON.parse(line) as { url: string }).url);
    expect(line).toBe(`{"event":"listening","url":"ws://127.0.0.1:${port}/ws"}`);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends with 0 at %s, its clients closed with 1001", async (signal) => {
    const server = serve("--memory", "--json");
    const client = await DocumentClient.connect(await listening(server));
    server.child.kill(signal);
    expect(await client.closed).toBe(1001);
    expect(await server.ended).toBe(0);
  });

  it("tells people what to type next", async () => {
    const server = serve("--memory");
    const said: string[] = [];
    for await (const line of server.lines) {
      said.push(line);
      if (line.includes("Ctrl+C")) break;
    }
    expect(said[0]).toMatch(/^GoVPN signaling server, listening on ws:\/\/127\.0\.0\.1:\d+\/ws$/);
    expect(said.join("\n")).toContain("govpn up --server ws://127.0.0.1:");
  });

  it("keeps rooms through a kill, in the folder given", async () => {
    const data = join(folder, "rooms");
    const first = serve("--data", data, "--json");
    const owner = await DocumentClient.connect(await listening(first));
    const roomId = await owner.createRoom();
    first.child.kill("SIGKILL");
    await first.ended;
    const second = serve("--data", data, "--json");
    const again = await DocumentClient.connect(await listening(second), owner.identity);
    expect(await again.join(roomId)).toMatchObject({ type: "RoomJoined" });
  });

  it("leaves the rooms of a running server alone", async () => {
    const first = serve("--json");
    await listening(first);
    const second = await run("--json");
    expect(second.code).toBe(1);
    expect(JSON.parse(second.output)).toEqual({
      event: "error",
      code: "data_in_use",
      message: expect.stringContaining(`process ${first.child.pid}`),
    });
  });

  it("says which port is in use, and ends with 1", async () => {
    const { port } = new URL(await listening(serve("--memory", "--json")));
    const { code, errors } = await run("--memory", "--port", port);
    expect(code).toBe(1);
    expect(errors).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`);
  });

  it("says which file of the certificate cannot be read, and ends with 1", async () => {
    const { code, errors } = await run("--memory", "--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem");
    expect(code).toBe(1);
    expect(errors).toContain("The TLS certificate cannot be read");
  });

  it.each([
    [["--port", "99999"], "a whole number from 0 to 65535"],
    [["--max-members", "one"], "a whole number from 2"],
    [["--memory", "--data", "x"], "--memory and --data exclude each other"],
    [["--tls-cert", "x"], "--tls-cert and --tls-key belong together"],
    [["--trust-proxy", "10.0.0.0/99"], "not an address or a CIDR range"],
    [["--allow-origin", "https://example.org/page"], "is not an origin such as https://example.org"],
    [["--nonsense"], "unknown option"],
  ])("ends with 2 for %j", async (args, sentence) => {
    const { code, errors } = await run(...args);
    expect(code).toBe(2);
    expect(errors).toContain(sentence);
  });
});
