import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { versionFrom } from "./command.ts";
import { type Contender, deviceOf, INSIDE, setUp, sides, tunnelOf } from "./contender.ts";

const PORT = 51820;

/** WireGuard in user space. Debian's kernel module would be another comparison: it needs no user space at all. */
export const wireguardGo: Contender = {
  name: "wireguard-go",
  title: "wireguard-go",
  packages: ["wireguard-go", "wireguard-tools"],
  version: () => versionFrom("wireguard-go", "--version"),
  async start(site) {
    const keys = { a: generateKeyPairSync("x25519"), b: generateKeyPairSync("x25519") };
    const programs = [];
    for (const end of sides(site)) {
      // Its control socket is in one folder for all namespaces: a name of this process.
      const device = end.host.namespace;
      site.onRemoval(() => rmSync(`/var/run/wireguard/${device}.sock`, { force: true }));
      const program = end.host.spawn("wireguard-go", ["--foreground", device]);
      await deviceOf(program, end.host, device);
      const config = join(site.folder, `wireguard-${end.side}.conf`);
      writeFileSync(
        config,
        `[Interface]
PrivateKey = ${raw(keys[end.side].privateKey)}
ListenPort = ${PORT}
[Peer]
PublicKey = ${raw(keys[end.other.side].publicKey)}
Endpoint = ${end.other.host.ipv4}:${PORT}
AllowedIPs = ${end.other.inside}/32
`,
        { mode: 0o600 },
      );
      const { code, stderr } = await end.host.run("wg", ["setconf", device, config]);
      if (code !== 0) throw new Error(`wg refused its configuration: ${stderr}`);
      setUp(end, device);
      programs.push(program);
    }
    return { ...tunnelOf(programs), address: INSIDE.b };
  },
};

/** WireGuard writes a key as the base64 of its 32 bytes, which are the last of either DER form. */
function raw(key: KeyObject): string {
  const der =
    key.type === "private" ? key.export({ type: "pkcs8", format: "der" }) : key.export({ type: "spki", format: "der" });
  return der.subarray(-32).toString("base64");
}
