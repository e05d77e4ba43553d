import type { Contender } from "./contender.ts";

/** The link itself, with the segmentation offloads that every network card has. */
export const noVpn: Contender = {
  name: "no-vpn",
  title: "no VPN",
  packages: [],
  version: async () => "",
  start: async ({ b }) => ({ address: b.ipv4, pids: { a: [], b: [] } }),
};

/** The link itself, packet by packet of 1500 bytes: what a program that makes its own packets can get at most. */
export const noOffloads: Contender = {
  name: "no-offloads",
  title: "no VPN, no offloads",
  packages: ["ethtool"],
  version: async () => "",
  // The emulator's devices have no offloads in the first place.
  isFor: ({ emulated }) => emulated === undefined,
  async start({ a, b }) {
    for (const host of [a, b]) {
      const { code, stderr } = await host.run("ethtool", ["-K", "wan0", "tso", "off", "gso", "off", "gro", "off"]);
      if (code !== 0) throw new Error(`ethtool could not switch the offloads off: ${stderr}`);
    }
    return { address: b.ipv4, pids: { a: [], b: [] } };
  },
};
