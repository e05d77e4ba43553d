// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

/**
 * THIRD-PARTY-LICENSES: the licences of all that an installed app holds, which is what each of them asks for in return.
 */

/**
 * @typedef {object} Locked A package as package-lock.json has it.
 * @property {string} [name] Its own, where it is known here by another.
 * @property {string} [version]
 * @property {string} [license]
 * @property {boolean} [dev]
 * @property {boolean} [devOptional] Only a developer's tool needs it, but some package of the product could use it.
 * @property {Record<string, string>} [dependencies]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** @returns {Record<string, Locked>} */
export function lockedPackages() {
  return JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
}

/** @param {string} path in the lock file */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/**
 * The packages whose code is part of the product: those it depends on, and those that the window's page has taken in.
 * Of the latter all that they depend on counts, used or not: a licence too many does no harm.
 * @returns {string[]} their paths in the lock file, of those that are installed here
 */
export function productPackages() {
  return lockedProduct().filter((path) => existsSync(join(root, path, "package.json")));
}

/**
 * The same with the binaries of every other system.
 * @returns {string[]} their paths in the lock file
 */
export function lockedProduct() {
  const locked = lockedPackages();
  const found = new Set(Object.keys(locked).filter((path) => path !== "" && isProduct(locked[path])));
  const waiting = pagePackages().map((name) => `node_modules/${name}`);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies = {} } = locked[path] ?? {};
    for (const name of Object.keys(dependencies)) waiting.push(lockedFor(locked, path, name));
  }
  return [...found].sort(byName);
}

/** @param {Locked | undefined} locked */
export function isProduct(locked) {
  return locked !== undefined && !locked.dev && !locked.devOptional;
}

/** What the sources of the page import by a package's name. */
function pagePackages() {
  const names = new Set();
  for (const file of readdirSync(join(root, "renderer"), { recursive: true, encoding: "utf8" })) {
    if (!/\.(tsx?|css)$/.test(file)) continue;
    const source = readFileSync(join(root, "renderer", file), "utf8");
    for (const [, specifier = ""] of source.matchAll(/(?:from|import)\s*\(?\s*"([^"./][^"]*)"/g)) {
      const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier) ?? [];
      if (name) names.add(name);
    }
  }
  const locked = lockedPackages();
  return [...names].filter((name) => locked[`node_modules/${name}`]);
}

/**
 * What a package gets when it imports a name: the nearest one on the way up.
 * @param {Record<string, Locked>} locked
 * @param {string} path
 * @param {string} name
 */
function lockedFor(locked, path, name) {
  for (let folder = path; folder !== ""; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    if (locked[`${folder}/node_modules/${name}`]) return `${folder}/node_modules/${name}`;
  }
  return `node_modules/${name}`;
}

/** @type {(a: string, b: string) => number} */
const byName = (a, b) => (nameOf(a) < nameOf(b) ? -1 : 1);

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i;
const RULE = "=".repeat(100);

/** @returns {string} the file's text */
export function thirdPartyLicences() {
  const intro =
    "GoVPN Desktop contains these packages, each under its own licence. Electron's and Chromium's are beside the program.";
  return `${[intro, ...productPackages().map(notice)].join(`\n\n${RULE}\n`)}\n`;
}

/** @param {string} path */
function notice(path) {
  const folder = join(root, path);
  const { version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const by = typeof author === "object" ? author?.name : author;
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file) && !/\.(js|json|ts)$/.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  const head = `${nameOf(path)} ${version}: ${license}${by ? `, by ${by}` : ""}`;
  return [head, ...texts].join("\n\n");
}
