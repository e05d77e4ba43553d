// @ts-check
/**
 * `npm run audit`: whether a package of the lock file has a known vulnerability, by npm's advisories. Ends with
 * 0 when there is none, or docs/dependencies.md explains each; 1 when there is one; 2 when the registry did not say.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isProduct, lockedPackages } from "./package-notices.mjs";
import { askNpm, exitOnSetupError, root } from "./setup.mjs";

/**
 * The parts of npm's report (version 2) that are looked at here.
 * @typedef {object} Advisory
 * @property {string} title
 * @property {string} url ends with the advisory's GHSA number
 * @property {string} severity
 * @property {string} range of versions that have it
 */
/**
 * @typedef {object} Vulnerability
 * @property {string} name
 * @property {(Advisory | string)[]} via a name stands for another package's vulnerability, which is listed itself
 * @property {string[]} nodes paths in the lock file
 */

const CLEAN = 0;
const VULNERABLE = 1;
const NO_ANSWER = 2;

/** The advisories that docs/dependencies.md explains, by number. */
function explained() {
  const text = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  return new Set(text.match(/GHSA(-[0-9a-z]{4}){3}/g) ?? []);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** @returns {Promise<number>} the exit status */
async function audit() {
  const report = parse(await askNpm(["audit", "--json", "--package-lock-only"]));
  if (!report.vulnerabilities) {
    const why = report.message ?? report.error?.summary ?? "npm gave no report";
    console.log(`Not known: the registry did not answer the audit (${why}).`);
    console.log("Ask again where registry.npmjs.org can be reached itself: some mirrors serve packages alone.");
    return NO_ANSWER;
  }
  /** @type {Vulnerability[]} */
  const found = Object.values(report.vulnerabilities);
  const known = explained();
  const locked = lockedPackages();
  let open = 0;
  for (const { name, via, nodes } of found) {
    for (const advisory of via) {
      if (typeof advisory === "string") continue;
      const id = advisory.url.split("/").at(-1) ?? "";
      const isOpen = !known.has(id);
      if (isOpen) open++;
      const use = nodes.some((path) => isProduct(locked[path])) ? "of the product" : "of developers only";
      const state = isOpen ? "×" : "explained in docs/dependencies.md:";
      console.log(
        `${state} ${name} ${advisory.range} (${use}), ${advisory.severity}: ${advisory.title} ${advisory.url}`,
      );
    }
  }
  const total = Object.keys(locked).length - 1;
  console.log(
    open > 0
      ? `${open} unexplained of the advisories about ${total} packages: update the package, or explain it in docs/dependencies.md`
      : `No known vulnerability${found.length > 0 ? " without an explanation" : ""} in ${total} packages.`,
  );
  return open > 0 ? VULNERABLE : CLEAN;
}

audit().then((status) => {
  process.exitCode = status;
}, exitOnSetupError);
