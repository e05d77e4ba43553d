import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { debugPortIn, withDebugPort } from "./debug-ports.ts";

/**
 * `desktop-session --namespace NAME --program PATH [--screen] -- ARG …`: a person's session on a host of the lab, with a
 * screen of its own and one program on it. Playwright starts it in place of the program.
 *
 * Playwright steers Electron through two debuggers, which listen on the loopback of the host, where playwright is not.
 * So each gets a port out here, and the lines that tell of them tell of that one:
 *
 *   playwright ─▶ 127.0.0.1:OUTER ─ this program ─ a pipe ─▶ namespace: 127.0.0.1:INNER ◀─ Electron
 */

/** Larger than any window that a test asks for. */
const SCREEN = "1600x1000x24";
/** An X server on a busy machine. */
const SCREEN_WITHIN_MS = 30_000;
/** Joins its own input and output to a port of the machine that it runs on. */
const JOIN_PORT = `
const port = require("net").connect(Number(process.argv[1]), "127.0.0.1");
port.on("close", () => process.exit());
process.stdin.pipe(port).pipe(process.stdout);`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    namespace: { type: "string", default: "" },
    program: { type: "string", default: "" },
    screen: { type: "boolean", default: false },
  },
});

/** @returns what DISPLAY has to be for it */
async function startScreen(): Promise<{ display: string; server: ChildProcess }> {
  const args = ["-displayfd", "3", "-screen", "0", SCREEN, "-nolisten", "tcp"];
  const server = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const numbers = server.stdio[3];
  if (!numbers || !("on" in numbers)) throw new Error("Xvfb has no pipe to tell its number by");
  const failed = once(server, "exit").then(([code]) => {
    throw new Error(`Xvfb ended with status ${code}`);
  });
  const [number] = await Promise.race([
    once(numbers, "data", { signal: AbortSignal.timeout(SCREEN_WITHIN_MS) }),
    failed,
  ]);
  failed.catch(() => {});
  return { display: `:${String(number).trim()}`, server };
}

/** @returns the port out here that leads to this one in the namespace */
async function leadTo(port: number): Promise<number> {
  const server = createServer((socket) => {
    const inside = spawnInside(process.execPath, ["-e", JOIN_PORT, String(port)], ["pipe", "pipe", "inherit"]);
    socket.on("error", () => inside.kill());
    socket.on("close", () => inside.kill());
    inside.on("exit", () => socket.destroy());
    inside.stdin?.on("error", () => {});
    if (inside.stdin && inside.stdout) socket.pipe(inside.stdin);
    inside.stdout?.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function spawnInside(
  command: string,
  args: readonly string[],
  stdio: ("ignore" | "pipe" | "inherit")[],
  env = process.env,
): ChildProcess {
  return spawn("ip", ["netns", "exec", values.namespace, command, ...args], { stdio, env });
}

const screen = values.screen ? await startScreen() : undefined;
const env = { ...process.env, ...(screen && { DISPLAY: screen.display }) };
const program = spawnInside(values.program, positionals, ["ignore", "inherit", "pipe"], env);
program.on("exit", (code, signal) => {
  screen?.server.kill();
  process.exit(code ?? (signal ? 1 : 0));
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => program.kill(signal));
if (!program.stderr) throw new Error("the program's words cannot be read");
for await (const line of createInterface(program.stderr)) {
  const port = debugPortIn(line);
  console.error(port === undefined ? line : withDebugPort(line, await leadTo(port)));
}
