// @ts-check
/**
 * Downloads Electron's binary into its package, as its own `install-electron` would, and tells the parent process how far
 * it is: a silent download is one that can be given up. Run by build/electron.mjs in a process of its own.
 */
import { createRequire } from "node:module";

const electron = createRequire(createRequire(import.meta.url).resolve("electron/package.json"));
const { downloadArtifact } = electron("@electron/get");

await downloadArtifact({
  version: electron("./package.json").version,
  artifactName: "electron",
  checksums: electron("./checksums.json"),
  platform: process.platform,
  arch: process.arch,
  downloadOptions: {
    quiet: true,
    /** @param {{percent: number}} progress */
    getProgressCallback: async ({ percent }) => void process.send?.(percent),
  },
});
// Finds the archive in the cache, unpacks it and notes where.
electron("./install.js");
