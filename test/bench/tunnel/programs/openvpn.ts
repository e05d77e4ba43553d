import { join } from "node:path";
import type { Site } from "../site.ts";
import { outputOf, versionFrom } from "./command.ts";
import { type Contender, deviceOf, sides, tunnelOf } from "./contender.ts";

const DEVICE = "tun0";

/** OpenVPN over UDP with AES-256-GCM, one end the TLS server, certificates made on the spot. */
export const openvpn: Contender = {
  name: "openvpn",
  title: "openvpn",
  packages: ["openvpn", "openssl"],
  version: () => versionFrom("openvpn", "--version"),
  async start(site) {
    await makeCertificates(site);
    const file = (name: string) => join(site.folder, name);
    const programs = [];
    for (const { host, side, inside, other } of sides(site)) {
      const identity = ["--ca", file("ca.crt"), "--cert", file(`${side}.crt`), "--key", file(`${side}.key`)];
      const role = side === "a" ? ["--tls-server", "--dh", "none"] : ["--tls-client"];
      const network = [
        "--dev",
        DEVICE,
        "--proto",
        "udp",
        "--remote",
        other.host.ipv4,
        "--ifconfig",
        inside,
        other.inside,
      ];
      const cipher = ["--data-ciphers", "AES-256-GCM", "--cipher", "AES-256-GCM"];
      const program = host.spawn("openvpn", [...network, ...role, ...identity, ...cipher, "--verb", "3"]);
      await deviceOf(program, host, DEVICE);
      programs.push(program);
    }
    return tunnelOf(programs);
  },
};

/** A certificate authority of P-256 for this one turn, and a certificate of it for either end. */
async function makeCertificates({ folder }: Site): Promise<void> {
  const file = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const request = (name: string) => ["req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`];
  await outputOf("openssl", [...request("bench"), "-keyout", file("ca.key"), "-out", file("ca.crt")]);
  for (const side of ["a", "b"]) {
    const signed = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-addext", "basicConstraints=CA:FALSE"];
    await outputOf("openssl", [
      ...request(side),
      ...signed,
      "-keyout",
      file(`${side}.key`),
      "-out",
      file(`${side}.crt`),
    ]);
  }
}
