// @ts-check
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finish } from "./children.mjs";
import { isProduct, lockedPackages } from "./package-notices.mjs";
import { root, SetupError } from "./setup.mjs";

/**
 * Brings the product's native packages for processors that are not this machine's, in the versions and with the checksums
 * of the lock file. npm installs those of one processor at a time, so it is asked in a folder of its own.
 * @param {string} platform
 * @param {readonly string[]} arches
 * @param {string} into the folder with the node_modules that they are put into
 * @returns {Promise<string[]>} the packages that were missing, by their paths
 */
export async function ensureNatives(platform, arches, into = root) {
  /** @type {string[]} */
  const brought = [];
  for (const arch of arches) {
    const missing = nativePackages(platform, arch).filter((path) => !existsSync(join(into, path)));
    if (missing.length === 0) continue;
    const folder = mkdtempSync(join(tmpdir(), "govpn-natives-"));
    try {
      for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(root, file), join(folder, file));
      const args = [
        "ci",
        "--ignore-scripts",
        "--omit=dev",
        "--no-audit",
        "--no-fund",
        `--os=${platform}`,
        `--cpu=${arch}`,
      ];
      const { code, output } = await finish("npm", [...args, "--prefix", folder], "hold");
      if (code !== 0) throw new SetupError(`npm could not bring the packages for ${platform}-${arch}:\n${output}`);
      for (const path of missing) cpSync(join(folder, path), join(into, path), { recursive: true });
      brought.push(...missing);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return brought;
}

/**
 * The product's packages that are for this processor alone, by their paths in the lock file.
 * @param {string} platform
 * @param {string} arch
 */
export function nativePackages(platform, arch) {
  return Object.entries(lockedPackages())
    .filter(([, each]) => isProduct(each) && each.os?.includes(platform) && each.cpu?.includes(arch))
    .filter(([, { libc }]) => libc?.[0] !== "musl")
    .map(([path]) => path);
}
