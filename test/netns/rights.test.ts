import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_TUNNEL_MTU } from "../../shared/tunnel/mtu.ts";
import type { ProgramEvent } from "./lab/events.ts";
import type { Host } from "./lab/host.ts";
import { allConnected, bringUp, invitedBy, joining, type Member, type RoomKey, startUp } from "./lab/member.ts";
import { namespacePrefix } from "./lab/namespaces.ts";
import { iperf3, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * Two people without any right but to be themselves, and an administrator who runs one line for each.
 *
 *   host 1: ann, uid 12345 ═══════ tunnel ═══════ bob, uid 12345 :host 2
 *                       └───────── switch ─────────┘
 *                                    │
 *                          10.66.0.3: govpn serve
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const netconf = join(root, "build/linux/govpn-netconf");
const program = fileURLToPath(new URL("./open-tun.ts", import.meta.url));
const UID = 12_345;
const OTHER_UID = 12_346;
const own = { ipv4: "100.64.3.4", ipv6: "fd67:6f76:706e::1" };
const setup = ["setup", "--ipv4", own.ipv4, "--ipv6", own.ipv6, "--mtu", "1280"];

/** Everyone may open the TUN node, as everywhere but in containers; nobody else's files are in reach. */
let files = "";
let opener = "";
beforeAll(() => {
  files = mkdtempSync(join(tmpdir(), namespacePrefix()));
  chmodSync(files, 0o711);
  for (const name of ["node_modules", "build"]) symlinkSync(join(root, name), join(files, name));
  opener = join(files, "open-tun.mjs");
  const rolldown = join(root, "node_modules/rolldown/bin/cli.mjs");
  const options = ["--platform", "node", "--format", "esm", "--external", "koffi", "-o", opener];
  execFileSync(process.execPath, [rolldown, program, ...options], { cwd: root });
});
afterAll(() => rmSync(files, { recursive: true, force: true }));

/** A folder of the user's own. */
function folderOf(name: string, uid = UID): string {
  const folder = join(files, name);
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, uid, uid);
  return folder;
}

/** In front of a program: it runs as this user, with no capability left and none to be had. */
function as(uid: number, home = "/"): readonly string[] {
  const node = "mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200";
  const user = `setpriv --reuid ${uid} --regid ${uid} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs`;
  return ["sh", "-c", `${node} && HOME=${home} TMPDIR=${home} exec ${user} "$@"`, "sh"];
}

/** Runs govpn-netconf as sudo would, with /var/lib of the host's own. */
function administer(host: Host, args: readonly string[], env: Record<string, string> = { SUDO_UID: String(UID) }) {
  const state = stateOf(host);
  mkdirSync(state, { recursive: true });
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const command = ["-c", `mount --bind ${state} /var/lib && exec /usr/bin/env "$@"`, "sh", ...variables];
  return host.run("sh", [...command, "/bin/sh", netconf, ...args]);
}

const stateOf = (host: Host) => join(files, `state-${host.namespace}`);

async function open(host: Host, uid: number, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const [command = "", ...rest] = [...as(uid), process.execPath, opener, "--ipv4", own.ipv4, "--ipv6", own.ipv6];
  const { stdout, stderr } = await host.run(command, [...rest, ...args]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const hasNoDevice = ({ event, state }: ProgramEvent) => event === "tunnel" && state === "failed";

async function device(host: Host, name = "govpn0"): Promise<Record<string, unknown>> {
  const { code, stdout } = await host.run("ip", ["-j", "-d", "addr", "show", name]);
  if (code !== 0) return {};
  const { flags, mtu, txqlen, addr_info, linkinfo } = JSON.parse(stdout)[0];
  const addresses = addr_info.map((each: { local: string; prefixlen: number }) => `${each.local}/${each.prefixlen}`);
  return { flags, mtu, txqlen, addresses, ...linkinfo?.info_data };
}

describe("two people who are not root", () => {
  const lab = useLab({ hosts: 3 });
  const members: Member[] = [];
  let key: RoomKey;

  /** `govpn up` as the plain user, waited for until it is in its room. */
  async function up(number: number, args: readonly string[]): Promise<Member> {
    const username = number === 1 ? "ann" : "bob";
    const profile = join(files, username);
    const member = await bringUp(lab().host(number), args, { username, profile, under: as(UID, profile) });
    return member;
  }

  /** What the doctor says of the network device, asked by the same user. */
  async function diagnosis({ host, profile }: Member): Promise<Record<string, unknown>> {
    const doctor = [process.execPath, join(root, "dist/govpn.mjs"), "doctor", "--json", "--profile", profile];
    const [command = "", ...rest] = [...as(UID, profile), ...doctor, "--stun", "127.0.0.1:9"];
    const { stdout } = await host.run(command, rest);
    const findings = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return findings.find(({ id }) => id === "tun") ?? {};
  }

  beforeAll(async () => {
    const server = await lab().host(3).serve(["--memory", "--rate-limit", "0"]);
    for (const name of ["ann", "bob"]) folderOf(name);
    const ann = await up(1, ["--server", server.url, "--create", "Lab", "--pin", "1234"]);
    key = await invitedBy(ann, server.url);
    members.push(ann, await up(2, joining(key)));
  });

  it("are in the room, connected, and told the one line that gives them a device", async () => {
    const [ann, bob] = members as [Member, Member];
    await allConnected([ann, bob]);
    for (const { up, ipv4, ipv6 } of members) {
      expect(await up.waitFor(hasNoDevice)).toMatchObject({
        state: "failed",
        code: "tun_permission",
        command: `sudo sh ${netconf} setup --ipv4 ${ipv4} --ipv6 ${ipv6} --mtu ${DEFAULT_TUNNEL_MTU}`,
      });
      expect(statusOf(up.pid)).toMatchObject({ Uid: [UID, UID, UID, UID], CapEff: [0] });
    }
  });

  it("are told the same line by the doctor, and by an up that requires a device", async () => {
    const [ann] = members as [Member, Member];
    const { command } = await ann.up.waitFor(hasNoDevice);
    expect(await diagnosis(ann)).toMatchObject({ status: "fail", fix: expect.stringContaining(String(command)) });

    const profile = folderOf("cat");
    const options = { profile, under: as(UID, profile), args: ["--tun", "required"] };
    const refused = startUp(lab().host(2), joining(key), options);
    expect(await refused.program.exited).toBe(1);
    const words = expect.stringMatching(/once, for good: sudo sh .*govpn-netconf setup --ipv4 /);
    expect(refused.events.at(-1)).toMatchObject({ event: "error", code: "tun_permission", message: words });
  });

  it("have a tunnel soon after an administrator has run it, without starting again", async () => {
    for (const { host, up } of members) {
      const { command } = await up.waitFor(hasNoDevice);
      const [, , , ...args] = String(command).split(" ");
      expect(await administer(host, args)).toMatchObject({ code: 0, stdout: "govpn0\n", stderr: "" });
      await up.waitFor((e) => e.event === "tunnel" && e.state === "up" && e.device === "govpn0");
    }
    const [ann, bob] = members as [Member, Member];
    for (const address of [bob.ipv4, bob.ipv6]) {
      expect(await ping(ann.host, address, { count: 5 })).toMatchObject({ received: 5 });
    }
    expect(await diagnosis(ann)).toMatchObject({
      status: "ok",
      detail: `govpn0 was set up for this user, MTU ${DEFAULT_TUNNEL_MTU}`,
    });
  });

  it("carry TCP through it with the kernel's offloads, as root would", async () => {
    const [ann, bob] = members as [Member, Member];
    const { mbitPerSecond } = await iperf3(ann.host, bob.host, bob.ipv4, { seconds: 2 });
    console.log(`TCP as a plain user: ${mbitPerSecond.toFixed(0)} Mbit/s`);
    expect(mbitPerSecond).toBeGreaterThan(20);
    expect(await device(ann.host)).toMatchObject({ vnet_hdr: true, persist: true, user: UID });
  });

  it("find it as they left it, idle and in nobody's way, when they start again", async () => {
    const [ann, bob] = members as [Member, Member];
    await bob.up.stop();
    const addresses = [`${bob.ipv4}/10`, `${bob.ipv6}/48`];
    expect(await device(bob.host)).toMatchObject({ addresses, flags: expect.arrayContaining(["NO-CARRIER", "UP"]) });
    for (const other of [ann.ipv4, ann.ipv6]) {
      const { stdout } = await bob.host.run("ip", ["route", "get", other]);
      expect(stdout).not.toContain("govpn0");
    }
    const again = await up(2, joining(key));
    members[1] = again;
    expect(again.up.events.find(({ event }) => event === "ready")).toMatchObject({ tunnel: { state: "up" } });
    await allConnected([ann, again]);
    expect(await ping(ann.host, again.ipv4)).toMatchObject({ loss: 0 });
  });
});

describe("a device that was set up for a user", () => {
  const lab = useLab({ hosts: 1 });
  const host = () => lab().host(1);
  beforeAll(async () => {
    expect(await administer(host(), setup)).toMatchObject({ code: 0, stdout: "govpn0\n" });
  });

  it("is opened by that user, with and without offloads, again and again", async () => {
    for (const args of [[], ["--no-offloads"], []]) {
      const offloads = args.length === 0 ? { checksum: true, tcp: true } : { checksum: false, tcp: false, udp: false };
      const opened = { event: "opened", name: "govpn0", mtu: 1280, ipv6: "ready" };
      expect(await open(host(), UID, ...args)).toMatchObject({ ...opened, offloads });
    }
  });

  it("is refused to every other user by the system", async () => {
    expect(await open(host(), OTHER_UID)).toMatchObject({
      event: "refused",
      code: "address_conflict",
      message: expect.stringMatching(/govpn0 .*belongs to another user/),
    });
  });

  it("is taken with the MTU it has, where another one is wanted", async () => {
    expect(await open(host(), UID, "--mtu", "1400")).toMatchObject({ event: "opened", mtu: 1280 });
  });

  it("is not taken with an address that is not ours any more: what is wrong is said, with the line that mends it", async () => {
    expect(await open(host(), UID, "--ipv4", "100.64.9.9")).toMatchObject({
      code: "tun_outdated",
      message: "govpn0 has the address 100.64.3.4, and 100.64.9.9 is wanted",
      command: expect.stringContaining("--ipv4 100.64.9.9 "),
    });
  });

  it("is brought up to date by the same program, in place", async () => {
    const args = ["setup", "--ipv4", "100.64.9.9", "--ipv6", own.ipv6, "--mtu", "1400"];
    expect(await administer(host(), args)).toMatchObject({ code: 0, stdout: "govpn0\n" });
    const addresses = ["100.64.9.9/10", `${own.ipv6}/48`];
    expect(await device(host())).toMatchObject({ addresses, mtu: 1400, txqlen: 1000 });
    expect(await open(host(), UID, "--ipv4", "100.64.9.9", "--mtu", "1400")).toMatchObject({ event: "opened" });
    expect(await administer(host(), setup)).toMatchObject({ code: 0 });
  });

  it("is not what root makes for itself, nor in its way", async () => {
    const [command = "", ...rest] = [process.execPath, opener, "--ipv4", "100.64.7.7", "--ipv6", "fd67:6f76:706e::7"];
    const { stdout } = await host().run(command, rest);
    expect(JSON.parse(stdout)).toMatchObject({ event: "opened", name: "govpn1" });
    expect(await device(host(), "govpn1")).toEqual({});
    expect(await device(host())).toMatchObject({ addresses: [`${own.ipv4}/10`, `${own.ipv6}/48`] });
  });

  it("is there again after a boot", async () => {
    await host().run("ip", ["link", "del", "govpn0"]);
    expect(await administer(host(), ["restore"], {})).toMatchObject({ code: 0, stderr: "" });
    expect(await device(host())).toMatchObject({ user: UID, addresses: [`${own.ipv4}/10`, `${own.ipv6}/48`] });
    expect(await open(host(), UID)).toMatchObject({ event: "opened" });
  });

  it("is never restored from a record that root would not have written", async () => {
    await administer(host(), ["remove"]);
    const records = join(stateOf(host()), "govpn/netconf");
    for (const record of ["0 100.64.3.4 fd67:6f76:706e::1 1280", "12345 10.0.0.1 fd67:6f76:706e::1 1280", "rubbish"]) {
      await host().run("sh", ["-c", 'echo "$1" >"$2/govpn0"', "sh", record, records]);
      const { stderr } = await administer(host(), ["restore"], {});
      expect(stderr).toContain("the record of govpn0 is damaged");
      expect(await device(host())).toEqual({});
    }
    rmSync(join(records, "govpn0"));
    expect(await administer(host(), setup)).toMatchObject({ code: 0 });
  });

  it("is removed for its user alone, with all that was left of it", async () => {
    const other = { SUDO_UID: String(OTHER_UID) };
    expect(await administer(host(), ["remove", "--name", "govpn0"], other)).toMatchObject({ code: 77 });
    expect(await administer(host(), ["remove"], other)).toMatchObject({ code: 0 });
    expect(await device(host())).toMatchObject({ user: UID });
    expect(await administer(host(), ["remove"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await device(host())).toEqual({});
    expect(await administer(host(), ["restore"], {})).toMatchObject({ code: 0 });
    expect(await device(host())).toEqual({});
  });
});

describe("the package that brought govpn-netconf", () => {
  const lab = useLab({ hosts: 1 });
  const host = () => lab().host(1);
  /** Runs its script as dpkg or rpm would, with the program where the package put it and a system without systemd. */
  const beforeRemove = (reason: string) => {
    const mounts = [
      `mount --bind ${stateOf(host())} /var/lib`,
      "mount -t tmpfs none /usr/libexec",
      `cp -p ${netconf} /usr/libexec/`,
      "{ [ ! -d /run/systemd ] || mount -t tmpfs none /run/systemd; }",
    ];
    const script = join(root, "build/linux/before-remove.sh");
    return host().run("sh", ["-c", `${mounts.join(" && ")} && exec sh ${script} ${reason}`]);
  };

  it.each(["upgrade", "1"])("leaves the devices alone when it is replaced by a newer one (%s)", async (reason) => {
    await administer(host(), setup);
    expect(await beforeRemove(reason)).toMatchObject({ code: 0, stderr: "" });
    expect(await device(host())).toMatchObject({ user: UID });
  });

  it.each(["remove", "0"])("takes every user's device along when it is removed (%s)", async (reason) => {
    const other = ["setup", "--ipv4", "100.64.3.5", "--ipv6", "fd67:6f76:706e::2", "--mtu", "1280"];
    await administer(host(), setup);
    expect(await administer(host(), other, { PKEXEC_UID: String(OTHER_UID) })).toMatchObject({ stdout: "govpn1\n" });
    expect(await beforeRemove(reason)).toMatchObject({ code: 0, stderr: "" });
    expect([await device(host()), await device(host(), "govpn1")]).toEqual([{}, {}]);
    expect((await host().run("ls", [stateOf(host())])).stdout).toBe("");
  });
});

describe("govpn-netconf", () => {
  const lab = useLab({ hosts: 1 });
  const host = () => lab().host(1);
  /** Every interface with its addresses, but for those that the kernel makes by itself, when it likes to. */
  const links = async () => {
    const lines = (await host().run("ip", ["-o", "addr"])).stdout.split("\n");
    return lines.filter((line) => !line.includes(" fe80:")).join("\n");
  };
  const change = (option: string, value: string) => setup.map((word, i) => (setup[i - 1] === option ? value : word));

  it.each<[string, readonly string[]]>([
    ["nothing to do", []],
    ["an unknown command", ["shell"]],
    ["a command that looks like one", ["setup;id"]],
    ["help", ["--help"]],
    ["no addresses", ["setup"]],
    ["no MTU", setup.slice(0, 5)],
    ["an option without its value", setup.slice(0, 6)],
    ["an option twice", [...setup, "--mtu", "1280"]],
    ["an unknown option", [...setup, "--uid", "0"]],
    ["two options as one word", [...setup, "--name govpn0", "x"]],
    ["something after the end", [...setup, "govpn0"]],
    ...[
      "10.0.0.1",
      "100.63.255.1",
      "100.128.0.1",
      "100.64.0.0",
      "100.64.0.255",
      "100.64.0.256",
      "100.064.0.1",
      "100.64.0",
      "100.64.0.1.1",
      "100.64..1",
      "100.64.0.1/8",
      "100.64.0.1 dev eth0",
      "100.64.0.1\n10.0.0.1",
      "",
      "-1",
    ].map((address): [string, string[]] => [`IPv4 "${address}"`, change("--ipv4", address)]),
    ...[
      "fd67:6f76:706f::1",
      "fd67:6f76:706e::",
      "fd67:6f76:706e:1",
      "fd67:6f76:706e::1::2",
      "fd67:6f76:706e:1:2:3:4:5:6",
      "fd67:6f76:706e::g",
      "fd67:6f76:706e::1/0",
      "fd67:6f76:706e::1 dev eth0",
      "FD67:6F76:706E::1",
      "::ffff:100.64.0.1",
      `fd67:6f76:706e:${"0".repeat(30)}::1`,
      "",
    ].map((address): [string, string[]] => [`IPv6 "${address}"`, change("--ipv6", address)]),
    ...["0", "1279", "9001", "-1280", "01280", "1280.0", "0x500", "1280 up", "99999999999999999999", ""].map(
      (mtu): [string, string[]] => [`MTU "${mtu}"`, change("--mtu", mtu)],
    ),
    ...["eth0", "lo", "govpn", "govpn16", "govpn00", "govpn-1", "govpn0 up", "../govpn0", "govpn0/x", "GOVPN0"].map(
      (name): [string, string[]] => [`name "${name}"`, [...setup, "--name", name]],
    ),
    ["an address to remove", ["remove", "--ipv4", own.ipv4]],
    ["something to restore", ["restore", "govpn0"]],
  ])("refuses %s, and does nothing", async (_, args) => {
    const before = await links();
    const { code, stdout, stderr } = await administer(host(), args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(/^govpn-netconf: .*usage: setup/);
    expect(await links()).toBe(before);
  });

  it.each<[string, Record<string, string>]>([
    ["nobody", {}],
    ["root in person", { SUDO_UID: "0" }],
    ["a user by name", { SUDO_UID: "ann" }],
    ["a user and more", { PKEXEC_UID: "12345 0" }],
    ["two users at once", { SUDO_UID: String(UID), PKEXEC_UID: String(OTHER_UID) }],
    ["nobody by the highest number", { SUDO_UID: "4294967295" }],
  ])("makes no device for %s", async (_, env) => {
    const before = await links();
    expect(await administer(host(), setup, env)).toMatchObject({ code: 77, stdout: "" });
    expect(await links()).toBe(before);
  });

  it("does nothing for who is not root", async () => {
    const [command = "", ...rest] = [...as(UID), "sh", netconf, ...setup];
    const { code, stderr } = await host().run(command, rest, { env: { SUDO_UID: String(UID) } });
    expect({ code, stderr }).toEqual({ code: 77, stderr: "govpn-netconf: run it through pkexec or sudo\n" });
  });

  it("makes nothing where /sys tells of another network than its own", async () => {
    const command = ["--net", "env", `SUDO_UID=${UID}`, "sh", netconf, ...setup];
    const { code, stderr } = await host().run("unshare", command);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "govpn-netconf: /sys is of another network\n" });
  });

  it("takes no name that another device has, whatever that is", async () => {
    await host().run("ip", ["link", "add", "govpn0", "type", "bridge"]);
    await host().run("ip", ["tuntap", "add", "dev", "govpn1", "mode", "tap", "user", String(UID)]);
    await host().run("ip", ["tuntap", "add", "dev", "govpn2", "mode", "tun", "user", String(OTHER_UID)]);
    const before = await links();
    for (const name of ["govpn0", "govpn1", "govpn2"]) {
      expect(await administer(host(), [...setup, "--name", name])).toMatchObject({ code: 77 });
      expect(await administer(host(), ["remove", "--name", name])).toMatchObject({ code: 77 });
    }
    expect(await links()).toBe(before);
    expect(await administer(host(), setup)).toMatchObject({ code: 0, stdout: "govpn3\n" });
    await administer(host(), ["remove"]);
    expect(await links()).toBe(before);
  });

  it("finds its programs by itself, whatever the environment says", async () => {
    const trap = folderOf("trap");
    const marker = join(trap, "ran");
    const script = `printf '#!/bin/sh\\ntouch ${marker}\\n' >${trap}/ip && chmod 755 ${trap}/ip && cp ${trap}/ip ${trap}/id`;
    await host().run("sh", ["-c", script]);
    const env = { SUDO_UID: String(UID), PATH: `${trap}:/usr/sbin:/usr/bin:/sbin:/bin`, IFS: "1", ENV: `${trap}/ip` };
    expect(await administer(host(), [...setup, "--name", "govpn9"], env)).toMatchObject({
      code: 0,
      stdout: "govpn9\n",
    });
    expect((await host().run("test", ["-e", marker])).code).toBe(1);
    expect(await device(host(), "govpn9")).toMatchObject({ addresses: [`${own.ipv4}/10`, `${own.ipv6}/48`] });
  });
});

function statusOf(pid: number): Record<string, readonly number[]> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", rest = ""] = line.split(":\t");
      const radix = name.startsWith("Cap") ? 16 : 10;
      return [name, rest.split("\t").map((word) => Number.parseInt(word, radix))];
    }),
  );
}
