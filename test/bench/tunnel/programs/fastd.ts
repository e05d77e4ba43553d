import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf, versionFrom } from "./command.ts";
import { type Contender, deviceOf, setUp, sides, tunnelOf } from "./contender.ts";

const PORT = 10000;
const DEVICE = "fastd0";

/** fastd with the method that its manual recommends. */
export const fastd: Contender = {
  name: "fastd",
  title: "fastd",
  packages: ["fastd"],
  version: () => versionFrom("fastd", "--version"),
  async start(site) {
    const keys = { a: await newKey(), b: await newKey() };
    const programs = [];
    for (const end of sides(site)) {
      const config = join(site.folder, `fastd-${end.side}.conf`);
      writeFileSync(
        config,
        `mode tun;
interface "${DEVICE}";
method "salsa2012+umac";
mtu 1406;
bind ${end.host.ipv4}:${PORT};
secret "${keys[end.side].secret}";
log level warn;
peer "${end.other.side}" { key "${keys[end.other.side].public}"; remote ${end.other.host.ipv4}:${PORT}; }
`,
      );
      const program = end.host.spawn("fastd", ["--config", config]);
      await deviceOf(program, end.host, DEVICE);
      setUp(end, DEVICE);
      programs.push(program);
    }
    return tunnelOf(programs);
  },
};

async function newKey() {
  const output = await outputOf("fastd", ["--generate-key"]);
  const find = (what: string) => new RegExp(`${what}: ([0-9a-f]{64})`).exec(output)?.[1];
  const [secret, key] = [find("Secret"), find("Public")];
  if (!secret || !key) throw new Error(`fastd made no key: ${output}`);
  return { secret, public: key };
}
