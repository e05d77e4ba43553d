import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EventProgram } from "./lab/events.ts";
import { createLab } from "./lab/lab.ts";
import { namespacePrefix, namespaces, removeLeftovers } from "./lab/namespaces.ts";
import { Program } from "./lab/program.ts";
import { download, httpServe, iperf3, parsePing, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

const MIB = 1024 * 1024;

describe("two hosts of a lab", () => {
  const lab = useLab({ hosts: 2 });

  it("ping each other by IPv4 and IPv6", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    const results = await Promise.all([ping(a, b.ipv4), ping(a, b.ipv6), ping(b, a.ipv4), ping(b, a.ipv6)]);
    for (const result of results) expect(result).toMatchObject({ sent: 3, received: 3, loss: 0 });
    expect(results[0]?.rtt?.max).toBeGreaterThan(0);
  });

  it("learn the size of a packet that does not fit", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    expect(await ping(a, b.ipv4, { count: 1, size: 1472, dontFragment: true })).toMatchObject({ received: 1 });
    const tooLong = await ping(a, b.ipv4, { count: 1, size: 1473, dontFragment: true });
    expect(tooLong.received).toBe(0);
    expect(tooLong.output).toMatch(/message too long/i);
  });

  it("see a firewall, and see it go", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    await b.firewall("table inet t { chain c { type filter hook input priority 0; meta l4proto icmp drop; }; }");
    expect(await ping(a, b.ipv4, { count: 1, waitMs: 300 })).toMatchObject({ received: 0, loss: 1 });
    await b.clearFirewall();
    expect(await ping(a, b.ipv4, { count: 1 })).toMatchObject({ received: 1 });
    await expect(b.firewall("nonsense")).rejects.toThrow(/nft refused/);
  });

  it("lose each other while a cable is pulled, by both protocols, and find each other again", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    await b.setLink("down");
    expect(await ping(a, b.ipv4, { count: 1, waitMs: 300 })).toMatchObject({ received: 0 });
    await b.setLink("up");
    expect(await ping(a, b.ipv4)).toMatchObject({ loss: 0 });
    expect(await ping(a, b.ipv6)).toMatchObject({ loss: 0 });
  });

  it("measure TCP and UDP between them", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    const tcp = await iperf3(a, b, b.ipv4, { seconds: 1 });
    expect(tcp.mbitPerSecond).toBeGreaterThan(100);
    const udp = await iperf3(a, b, b.ipv6, { seconds: 1, udp: true, rateMbit: 20 });
    expect(udp.mbitPerSecond).toBeGreaterThan(15);
    expect(udp.loss).toBeLessThan(0.05);
    await expect(iperf3(a, a, b.ipv4, { seconds: 1 })).rejects.toThrow(/iperf3 failed/);
  });

  it("download a file whole", async () => {
    const [a, b] = [lab().host(1), lab().host(2)];
    const server = await httpServe(b, 10 * MIB);
    const got = await download(a, `http://${b.ipv4}:8000/`);
    expect(got).toMatchObject({ bytes: 10 * MIB, sha256: server.sha256 });
    expect(got.sha256).not.toBe(createHash("sha256").digest("hex"));
    expect(await server.stop()).toBe(0);
    await expect(download(a, `http://${b.ipv4}:8000/`)).rejects.toThrow(/curl failed \(7\)/);
  });

  it("have nothing of the developer's session", async () => {
    process.env.GOVPN_LAB_SECRET = "developer";
    const { stdout } = await lab()
      .host(1)
      .run("env", [], { env: { TOLD: "yes" } });
    delete process.env.GOVPN_LAB_SECRET;
    expect(stdout).toContain("TOLD=yes");
    expect(stdout).not.toMatch(/GOVPN_LAB_SECRET|DBUS_SESSION_BUS_ADDRESS/);
  });
});

describe("a program with events", () => {
  const lab = useLab({ hosts: 1 });
  const shell = (script: string) => lab().host(1).spawnEvents("sh", ["-c", script]);

  it("hands over an event that came before it was asked for, and one that comes later", async () => {
    const program = shell(`echo '{"event":"one","n":1}'; read line </dev/zero & echo '{"event":"two"}'; kill $!; wait`);
    expect(await program.waitFor(({ event }) => event === "two")).toEqual({ event: "two" });
    expect(await program.waitFor(({ event }) => event === "one")).toEqual({ event: "one", n: 1 });
    expect(program.strayLines).toEqual([]);
  });

  it("fails the wait, with what was printed, when it ends first", async () => {
    const program = shell(`echo '{"event":"one"}'; echo 'not json'; echo 'went wrong' >&2; exit 3`);
    const waiting = program.waitFor(({ event }) => event === "never");
    await expect(waiting).rejects.toThrow(/it ended with status 3[\s\S]*"one"[\s\S]*not json[\s\S]*went wrong/);
    await expect(program.waitFor(({ event }) => event === "never")).rejects.toThrow(/it has ended/);
  });

  it("fails the wait when the event does not come in time", async () => {
    const program = shell("sleep 600");
    await expect(program.waitFor(() => true, 50)).rejects.toThrow(/did not come within 50 ms/);
    await program.kill();
  });

  it("ends even if a child that it left behind still holds its output", async () => {
    const program = lab().host(1).spawn("sh", ["-c", "echo told; setsid sleep 600 & exit 4"]);
    expect(await program.finish(10_000)).toMatchObject({ code: 4, stdout: "told\n" });
  });

  it("that does not stop when asked is reported", async () => {
    const program = shell(`trap '' TERM; echo '{"event":"deaf"}'; while :; do sleep 1; done`);
    await program.waitFor(({ event }) => event === "deaf");
    await expect(program.stop(200)).rejects.toThrow(/did not stop on SIGTERM/);
  });
});

describe("the end of a lab", () => {
  /** What was killed takes a moment to end, and stays a zombie until its new parent has time for it. */
  const gone = (pid: number) => expect.poll(() => runs(pid)).toBe(false);
  const runs = (pid: number) => {
    const status = `/proc/${pid}/status`;
    return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
  };
  const bundle = fileURLToPath(new URL("../../dist/test/lab-holder.mjs", import.meta.url));
  const { PATH = "" } = process.env;

  /** A process of its own that holds a lab. */
  async function holder(...args: string[]) {
    const program = new EventProgram(new Program(process.execPath, [bundle, ...args], { PATH }));
    const ready = await program.waitFor(({ event }) => event === "ready");
    return { program, namespace: String(ready.namespace), sleeper: Number(ready.sleeper) };
  }

  it("leaves no namespace, no process and no file", async () => {
    const before = namespaces();
    const lab = createLab({ hosts: 2 });
    const host = lab.host(1);
    const made = namespaces().filter((name) => !before.includes(name));
    expect(made).toHaveLength(3);
    for (const name of made) expect(name.length).toBeLessThan(16);
    const [kept, escaped] = [
      host.spawn("sleep", ["600"]),
      host.spawn("sh", ["-c", "setsid sh -c 'echo $$; exec sleep 600' & wait"]),
    ];
    await new Promise<void>((resolve) => {
      escaped.onStdout = () => resolve();
    });
    const profile = host.newProfile();
    await lab.teardown();
    await lab.teardown();
    expect(namespaces().filter((name) => made.includes(name))).toEqual([]);
    expect([kept.running, existsSync(profile)]).toEqual([false, false]);
    await gone(Number(escaped.stdout));
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("comes with %s of the process that holds it", async (signal) => {
    const { program, namespace, sleeper } = await holder();
    expect(namespaces()).toContain(namespace);
    program.program.signal(signal);
    await program.program.exited;
    expect(namespaces()).not.toContain(namespace);
    await gone(sleeper);
  });

  it("comes with an exception that nobody caught", async () => {
    const { program, namespace, sleeper } = await holder("throw");
    expect(await program.program.exited).toBe(1);
    expect(namespaces()).not.toContain(namespace);
    await gone(sleeper);
  });

  it("after a SIGKILL comes with the next lab that anyone makes", async () => {
    const { program, namespace, sleeper } = await holder();
    const files = `${tmpdir()}/${namespacePrefix(program.pid)}`;
    const left = () => readdirSync(tmpdir()).filter((name) => join(tmpdir(), name).startsWith(files));
    expect(left()).toHaveLength(1);
    await program.kill();
    expect(removeLeftovers()).toContain(namespace);
    expect(left()).toEqual([]);
    expect(namespaces()).not.toContain(namespace);
    await gone(sleeper);
  });
});

describe("ping's words", () => {
  it("are read when nothing came back", () => {
    const output = "2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1001ms\n";
    expect(parsePing(output)).toEqual({ sent: 2, received: 0, loss: 1, output });
  });

  it("are not guessed at", () => {
    expect(() => parsePing("ping: unknown host")).toThrow(/did not say/);
  });
});
