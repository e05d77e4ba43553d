// @ts-check
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { finish } from "./children.mjs";

/**
 * The programs that tests start, the Debian package that holds each, and the test projects that need it. On Linux only:
 * elsewhere the tests that use them do not run.
 */
const TOOLS = [
  { tool: "gnome-keyring-daemon", debian: "gnome-keyring", projects: ["contract"] },
  { tool: "dbus-run-session", debian: "dbus-x11", projects: ["contract", "e2e-electron"] },
  { tool: "openssl", debian: "openssl", projects: ["contract"] },
  { tool: "ip", debian: "iproute2", projects: ["netns", "netns-alone", "e2e"] },
  { tool: "ping", debian: "iputils-ping", projects: ["netns", "netns-alone", "e2e"] },
  { tool: "iperf3", debian: "iperf3", projects: ["netns", "netns-alone"] },
  { tool: "curl", debian: "curl", projects: ["netns", "netns-alone"] },
  { tool: "nft", debian: "nftables", projects: ["netns", "netns-alone"] },
  { tool: "gcc", debian: "build-essential", projects: ["netns", "netns-alone"] },
  { tool: "chromium", debian: "chromium", projects: ["e2e"] },
  { tool: "Xvfb", debian: "xvfb", projects: ["e2e-electron"] },
];

/** A user's PATH often lacks the folders of root's programs. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * Makes sure that the programs for these test projects are there, through apt-get where that is possible.
 * @param {readonly string[]} projects
 * @param {import("./setup.mjs").Say} say
 * @returns {Promise<string[]>} one sentence for each that is still missing
 */
export async function ensureTools(projects, say) {
  if (process.platform !== "linux") return [];
  const needed = TOOLS.filter((tool) => tool.projects.some((project) => projects.includes(project)));
  const missing = needed.filter(({ tool }) => !isThere(tool));
  if (missing.length === 0) return [];
  const packages = missing.map(({ debian }) => debian);
  if (process.getuid?.() === 0 && isThere("apt-get")) await aptInstall(packages, say);
  return missing
    .filter(({ tool }) => !isThere(tool))
    .map(({ tool, debian }) => `the tests need "${tool}": install it, on Debian with apt-get install ${debian}`);
}

/**
 * @param {readonly string[]} packages
 * @param {import("./setup.mjs").Say} say
 */
async function aptInstall(packages, say) {
  say(`Installing with apt-get: ${packages.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  const first = await finish("apt-get", install, "hold", env);
  if (first.code === 0) return;
  // A fresh image has no package lists yet.
  await finish("apt-get", ["update"], "hold", env);
  const second = await finish("apt-get", install, "hold", env);
  if (second.code !== 0) say(second.output.trimEnd());
}

/** @param {string} tool */
function isThere(tool) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
