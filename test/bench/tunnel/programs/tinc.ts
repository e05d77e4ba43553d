import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { versionFrom } from "./command.ts";
import { type Contender, deviceOf, setUp, sides, tunnelOf } from "./contender.ts";

const DEVICE = "tinc0";
const KEY_BITS = 2048;

/** tinc 1.0 with its own defaults. */
export const tinc: Contender = {
  name: "tinc",
  title: "tinc",
  packages: ["tinc"],
  version: () => versionFrom("tincd", "--version"),
  async start(site) {
    const keys = { a: newKey(), b: newKey() };
    const programs = [];
    for (const end of sides(site)) {
      const folder = join(site.folder, `tinc-${end.side}`);
      mkdirSync(join(folder, "hosts"), { recursive: true });
      for (const { side, host, inside } of [end, end.other]) {
        const about = `Address = ${host.ipv4}\nSubnet = ${inside}/32\n${keys[side].publicKey}`;
        writeFileSync(join(folder, "hosts", side), about);
      }
      const config = `Name = ${end.side}\nConnectTo = ${end.other.side}\nInterface = ${DEVICE}\nDeviceType = tun\n`;
      writeFileSync(join(folder, "tinc.conf"), config);
      writeFileSync(join(folder, "rsa_key.priv"), keys[end.side].privateKey, { mode: 0o600 });
      const program = end.host.spawn("tincd", ["-c", folder, "-D", `--pidfile=${join(folder, "pid")}`]);
      await deviceOf(program, end.host, DEVICE);
      setUp(end, DEVICE);
      programs.push(program);
    }
    return tunnelOf(programs);
  },
};

function newKey() {
  return generateKeyPairSync("rsa", {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
}
