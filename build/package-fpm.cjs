#!/usr/bin/env node
// @ts-check
/**
 * Stands in for fpm in `npm run package -- --check`: fpm makes a deb or an rpm out of mappings `source=target`, and is a
 * download of its own. This lays the same files out in a folder beside the package that was asked for, to be looked at.
 */
const { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } = require("node:fs");
const { dirname, join, resolve } = require("node:path");

const args = process.argv.slice(2);
const option = (/** @type {string} */ name) => args[args.indexOf(name) + 1] ?? "";
const artifact = option("--package");
const tree = `${artifact}.tree`;

for (const arg of args) {
  const [, source = "", target = ""] = /^([^=-][^=]*)=(\/.*)$/.exec(arg) ?? [];
  if (!existsSync(source)) continue;
  const to = join(tree, target);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(resolve(source), to, { recursive: true, verbatimSymlinks: true });
}
for (const name of ["after-install", "after-remove", "before-remove"]) {
  const to = join(tree, "scripts", name);
  cpSync(option(`--${name}`), to);
  chmodSync(to, 0o755);
}
writeFileSync(artifact, "");
