import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf, versionFrom } from "./command.ts";
import { type Contender, deviceOf, INSIDE, sides, tunnelOf } from "./contender.ts";

const PORT = 4242;
const DEVICE = "nebula0";

/** Nebula without a lighthouse: either end has the other's address. */
export const nebula: Contender = {
  name: "nebula",
  title: "nebula",
  packages: ["nebula"],
  version: () => versionFrom("nebula", "-version"),
  async start(site) {
    const file = (name: string) => join(site.folder, name);
    await outputOf("nebula-cert", ["ca", "-name", "bench", "-out-crt", file("ca.crt"), "-out-key", file("ca.key")]);
    const programs = [];
    for (const { host, side, inside, other } of sides(site)) {
      const [crt, key, yml] = [file(`${side}.crt`), file(`${side}.key`), file(`${side}.yml`)];
      const ca = ["-ca-crt", file("ca.crt"), "-ca-key", file("ca.key")];
      const named = ["-name", side, "-ip", `${inside}/${INSIDE.prefix}`];
      await outputOf("nebula-cert", ["sign", ...ca, ...named, "-out-crt", crt, "-out-key", key]);
      writeFileSync(
        yml,
        `pki: { ca: ${file("ca.crt")}, cert: ${crt}, key: ${key} }
static_host_map: { "${other.inside}": ["${other.host.ipv4}:${PORT}"] }
lighthouse: { am_lighthouse: false }
listen: { host: 0.0.0.0, port: ${PORT} }
punchy: { punch: true }
tun: { dev: ${DEVICE} }
logging: { level: warning }
firewall:
  outbound: [{ port: any, proto: any, host: any }]
  inbound: [{ port: any, proto: any, host: any }]
`,
      );
      const program = host.spawn("nebula", ["-config", yml]);
      await deviceOf(program, host, DEVICE);
      programs.push(program);
    }
    return tunnelOf(programs);
  },
};
