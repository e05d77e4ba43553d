import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { doctorCommand } from "../../../electron/cli/commands/doctor.ts";
import { startStunServer } from "../../fakes/stun-server.ts";
import { useTemporaryFolder } from "../profile/temporary-folder.ts";

const folder = useTemporaryFolder();

describe("govpn doctor on this very machine", () => {
  it("reports every check, asks the servers it is given, and changes nothing", async () => {
    const [a, b] = [await stun(), await stun()];
    const dir = join(folder(), "profile");
    const args = ["--profile", dir, "doctor", "--server", await webServer(), "--stun", a, b];
    const { status, events, said } = await govpn(args);

    expect(status).toBe(1);
    expect(events).toHaveLength(12);
    const find = (id: string) => events.find((event) => event.id === id);
    expect(find("runtime")).toMatchObject({ event: "check", status: "ok" });
    expect(find("server")).toMatchObject({ status: "fail", fix: expect.stringContaining("Another program") });
    expect(find("clock")).toMatchObject({ status: "ok" });
    expect(find("udp")).toMatchObject({ status: "ok" });
    expect(find("stun")).toMatchObject({
      status: "ok",
      detail: expect.stringMatching(/^IPv4 127\.0\.0\.1:\d+ \(the same for every server, port kept\)$/),
    });
    expect(find("profile")).toMatchObject({ status: "skip" });
    expect(said).toContain("✗ Server");
    expect(existsSync(dir)).toBe(false);
  });

  it("looks at the server of the last run when none is named", async () => {
    const url = await webServer();
    writeFileSync(join(folder(), "settings.json"), JSON.stringify({ server: url }));
    const { events } = await govpn(["--profile", folder(), "doctor", "--stun", await stun()]);
    expect(events.find(({ id }) => id === "server")?.detail).toContain(url);
  });

  it("leaves a damaged settings file where it is", async () => {
    mkdirSync(join(folder(), "p"), { mode: 0o700 });
    writeFileSync(join(folder(), "p", "settings.json"), "{");
    await govpn(["--profile", join(folder(), "p"), "doctor", "--stun", await stun()]);
    expect(readdirSync(join(folder(), "p"))).toEqual(["settings.json"]);
  });

  it("refuses addresses that it cannot read as bad usage", async () => {
    expect(await govpn(["doctor", "--server", "ftp://x"])).toMatchObject({ status: 2, complaint: "url_scheme" });
    await expect(govpn(["doctor", "--stun", "host:0"])).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });
});

async function stun(): Promise<string> {
  const server = await startStunServer();
  onTestFinished(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

/** A web server that knows nothing of GoVPN; the ws: URL at which somebody took it for one. */
async function webServer(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
}

async function govpn(args: readonly string[]) {
  const said: string[] = [];
  const events: Record<string, unknown>[] = [];
  let status: number | undefined;
  let complaint: string | undefined;
  const command = doctorCommand({
    env: {},
    createOutput: (json) => ({
      json,
      say: (line = "") => {
        // The real one takes a line at a time, and makes a line break visible.
        expect(line).not.toMatch(/[\r\n]/);
        said.push(line);
      },
      emit: (event) => void events.push({ ...event }),
      complain: (code) => {
        complaint = code;
      },
    }),
    exit: (code) => {
      status = code;
    },
  });
  command.exitOverride().configureOutput({ writeErr: () => {} });
  const root = command.createCommand("govpn").option("--profile <dir>").option("--json").exitOverride();
  await root.addCommand(command).parseAsync(["node", "govpn", ...args]);
  return { status, said: said.join("\n"), events, complaint };
}
