import { execFile, execFileSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  addressClashes,
  listInterfaces,
  type OpenTunOptions,
  openTun,
  type SystemTunDevice,
  tunRights,
} from "../../electron/adapters/tun/index.ts";
import type { KernelOffloads } from "../../shared/packet/coalesce.ts";
import { Segmenter } from "../../shared/packet/segment.ts";
import { udpPacket } from "../fakes/packets.ts";
import { FakeTun } from "../fakes/tun.ts";
import { type TunBench, tunContract } from "./tun.ts";

const addresses = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1" };
const peer = { peerIpv4: "100.64.0.2", peerIpv6: "fd67:6f76:706e::2" };
const MTU = 1280;
const ports = { source: 1000, destination: 2000 };

/** Set in the run of this same file that a fresh network namespace is made for. */
const inNamespace = process.env.GOVPN_TEST_IN_NAMESPACE === "1";
const whyNot = inNamespace ? undefined : namespacesMissing();

if (inNamespace) {
  describe("a TUN device of this system", realDevice);
} else {
  describe("the fake TUN device", () => fakeDevice({ checksum: false, tcp: false, udp: false }));
  describe("the fake TUN device with offloads", () => fakeDevice({ checksum: true, tcp: true, udp: true }));
  describe("the system's TUN device", () => {
    it.skipIf(whyNot)(`keeps the contract in a namespace of its own${whyNot ? ` (${whyNot})` : ""}`, runInNamespace);
  });
}

function fakeDevice(offloads: KernelOffloads): void {
  tunContract(async () => {
    const device = new FakeTun(MTU, "fake0", offloads);
    return {
      device,
      ...addresses,
      ...peer,
      send: async (destination, data) => {
        const source = destination.includes(":") ? addresses.ipv6 : addresses.ipv4;
        device.fromSystem(udpPacket(source, destination, data, ports));
      },
      receive: async (count) => {
        const arrived = () => device.written.flatMap((packet) => received(device, packet));
        while (arrived().length < count) await new Promise((resolve) => setImmediate(resolve));
        const packets = arrived();
        device.take();
        return packets.map((packet) => packet.subarray(packet[0]! >> 4 === 4 ? 28 : 48));
      },
      remove: async () => device.lose(),
    };
  });
}

/** What a system makes of a packet that was written to it. */
function received(device: FakeTun, packet: Buffer): Buffer[] {
  const offload = device.offloaded.find((each) => each.packet === packet)?.offload;
  const segmenter = new Segmenter();
  if (!offload || segmenter.begin(packet, offload, MTU, "full") !== undefined) return [packet];
  const segments: Buffer[] = [];
  const room = Buffer.alloc(MTU);
  for (let bytes = segmenter.next(room, 0); bytes > 0; bytes = segmenter.next(room, 0)) {
    segments.push(Buffer.from(room.subarray(0, bytes)));
  }
  return segments;
}

/** Runs this file again, with the network and the mounts of a machine that has nothing. */
async function runInNamespace(): Promise<void> {
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const config = fileURLToPath(new URL("../../build/vitest.config.ts", import.meta.url));
  const file = "test/contract/tun.test.ts";
  const run = [vitest, "run", "--config", config, "--project", "contract", "--testTimeout", "10000", file];
  const env = { ...process.env, GOVPN_TEST_IN_NAMESPACE: "1", NO_COLOR: "1", FORCE_COLOR: "0" };
  const command = ["--net", "--mount", process.execPath, ...run];
  // Sooner than this test's own limit, so that what it printed is seen and nothing of it is left.
  const ran = promisify(execFile)("unshare", command, { env, timeout: 25_000 });
  const { stdout } = await ran.catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  expect(stdout).toMatch(/Tests\s+\d+ passed/);
}

function realDevice(): void {
  const opened: (SystemTunDevice | Socket)[] = [];
  const open = async (options: Partial<OpenTunOptions> = {}) => {
    const result = await openTun({ ...addresses, mtu: MTU, ...options });
    if (result.ok) opened.push(result.value);
    return result;
  };
  const mustOpen = async (options?: Partial<OpenTunOptions>) => {
    const result = await open(options);
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    expect(ip("-o", "link")).not.toContain("govpn");
  });

  describe.each([
    ["with offloads", true],
    ["without offloads", false],
  ])("%s keeps the contract:", (_, offloads) => {
    tunContract(async (): Promise<TunBench> => {
      const device = await mustOpen({ offloads });
      const [udp4, udp6] = [createSocket("udp4"), createSocket("udp6")];
      opened.push(udp4, udp6);
      await bind(udp4, addresses.ipv4);
      await bind(udp6, addresses.ipv6);
      return {
        device,
        ...addresses,
        ...peer,
        send: (destination, data) =>
          new Promise((resolve, reject) => {
            const socket = destination.includes(":") ? udp6 : udp4;
            socket.send(data, ports.destination, destination, (error) => (error ? reject(error) : resolve()));
          }),
        receive: (count) =>
          new Promise((resolve) => {
            const seen: Buffer[] = [];
            for (const socket of [udp4, udp6]) {
              socket.on("message", (data) => seen.push(data) === count && resolve(seen));
            }
          }),
        remove: async () => void ip("link", "del", device.name),
      };
    });
  });

  it("has the addresses, prefixes, MTU and queue it was asked for, no link-local address, and is up", async () => {
    const device = await mustOpen({ mtu: 1400 });
    expect([device.name, device.mtu, device.ipv6]).toEqual(["govpn0", 1400, { state: "ready" }]);
    const [link] = JSON.parse(ip("-j", "addr", "show", "govpn0"));
    expect(link).toMatchObject({ mtu: 1400, txqlen: 1000 });
    expect(link.flags).toEqual(expect.arrayContaining(["UP", "LOWER_UP", "POINTOPOINT", "NOARP"]));
    const found = link.addr_info.map((each: { local: string; prefixlen: number }) => `${each.local}/${each.prefixlen}`);
    expect(found).toEqual(["100.64.0.1/10", "fd67:6f76:706e::1/48"]);
    expect(ip("route")).toMatch(/^100\.64\.0\.0\/10 dev govpn0/m);
    expect(ip("-6", "route")).toMatch(/^fd67:6f76:706e::\/48 dev govpn0/m);
  });

  it("takes over checksums and segmentation where the kernel can, and leaves them where it is told to", async () => {
    const device = await mustOpen();
    expect(device.offloads).toMatchObject({ checksum: true, tcp: true });
    const hasHeader = (name: string) => JSON.parse(ip("-d", "-j", "link", "show", name))[0].linkinfo.info_data.vnet_hdr;
    expect(hasHeader(device.name)).toBe(true);
    const plain = await mustOpen({ ipv4: "100.64.0.9", ipv6: "fd67:6f76:706e::9", offloads: false });
    expect(plain.offloads).toEqual({ checksum: false, tcp: false, udp: false });
    expect(hasHeader(plain.name)).toBe(false);
  });

  it("takes the next free name when others of ours are there", async () => {
    ip("link", "add", "govpn1", "type", "veth", "peer", "name", "far");
    const names = [await mustOpen(), await mustOpen({ ipv4: "100.64.0.9", ipv6: "fd67:6f76:706e::9" })];
    expect(names.map(({ name }) => name)).toEqual(["govpn0", "govpn2"]);
    ip("link", "del", "govpn1");
  });

  it("is busy when its name is taken by another program, or is another sort of interface's", async () => {
    await mustOpen({ name: "govpnx" });
    const other = { ipv4: "100.64.0.9", ipv6: "fd67:6f76:706e::9" };
    for (const name of ["govpnx", "lo"]) {
      expect(await open({ ...other, name })).toMatchObject({
        ok: false,
        error: { code: "tun_busy", mending: [{ kind: "free_name", names: [name] }] },
      });
    }
  });

  it("is refused a name that no interface can have", async () => {
    for (const name of ["", "a name", "sixteen-letters-", "a/b", "govpn%d", ".."]) {
      expect(await open({ name })).toMatchObject({ ok: false, error: { code: "bad_name" } });
    }
  });

  it("is refused an address that another interface has, and doctor can see whose", async () => {
    await mustOpen();
    expect(await open({ ipv6: "fd67:6f76:706e::9" })).toMatchObject({
      ok: false,
      error: {
        code: "address_conflict",
        mending: [{ kind: "free_address", interface: "govpn0", address: addresses.ipv4 }],
      },
    });
    expect(await open({ ipv4: "100.64.0.9" })).toMatchObject({ error: { mending: [{ address: addresses.ipv6 }] } });
    expect(addressClashes().map(({ address }) => address)).toEqual([addresses.ipv4, addresses.ipv6]);
    expect(addressClashes(["govpn0"])).toEqual([]);
    expect(listInterfaces().map((each) => each.cidr)).toContain("100.64.0.1/10");
  });

  it("cannot be made without the rights, and says which", async () => {
    expect(tunRights()).toEqual({ ok: true, value: {} });
    process.seteuid?.(65_534);
    try {
      const capability = { kind: "grant_capability", capability: "cap_net_admin" };
      const mending = expect.arrayContaining([capability]);
      const command = expect.stringMatching(
        /^sudo .*govpn-netconf setup --ipv4 100\.64\.0\.1 --ipv6 fd67:6f76:706e::1 --mtu 1280$/,
      );
      expect(tunRights()).toMatchObject({ ok: false, error: { code: "tun_permission", mending } });
      const refused = { ok: false, error: { code: "tun_permission", mending, command } };
      expect(tunRights({ ...addresses, mtu: MTU })).toMatchObject(refused);
      expect(await open()).toMatchObject(refused);
    } finally {
      process.seteuid?.(0);
    }
  });

  it("cannot be made where the system has no /dev/net/tun, and says what to do", async () => {
    execFileSync("mount", ["-t", "tmpfs", "none", "/dev/net"]);
    try {
      const mending = expect.arrayContaining([{ kind: "create_node", path: "/dev/net/tun", major: 10, minor: 200 }]);
      expect(tunRights()).toMatchObject({ ok: false, error: { code: "tun_missing", mending } });
      expect(await open()).toMatchObject({ ok: false, error: { code: "tun_missing", mending } });
    } finally {
      execFileSync("umount", ["/dev/net"]);
    }
  });

  it("works by IPv4 alone where IPv6 is off, and says so", async () => {
    const device = await mustOpen({ mtu: 1200 }); // under IPv6's least, so the kernel has none here
    expect(device.ipv6).toMatchObject({ state: "unavailable", reason: expect.stringContaining("IPv6") });
    expect(ip("-4", "-o", "addr", "show", "govpn0")).toContain("100.64.0.1/10");
  });
}

async function bind(socket: Socket, address: string): Promise<void> {
  socket.bind(ports.destination, address);
  await once(socket, "listening");
}

/** Why no namespace with a TUN device can be made here, e.g. no root; undefined when it can. */
function namespacesMissing(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  try {
    execFileSync("unshare", ["--net", "--mount", "test", "-c", "/dev/net/tun"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs root, unshare and /dev/net/tun";
  }
}
