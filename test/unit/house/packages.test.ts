import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface LockedPackage {
  readonly version?: string;
  readonly name?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = <T>(file: string): T => JSON.parse(readFileSync(`${root}${file}`, "utf8")) as T;
const manifest = read<LockedPackage & { allowScripts: Record<string, boolean>; engines: { node: string } }>(
  "package.json",
);
const lock = read<{ packages: Record<string, LockedPackage> }>("package-lock.json");
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** What `path` gets when it imports `name`: the nearest one on the way up, as Node looks for it. */
function lockedFor(path: string, name: string): LockedPackage | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    const found = lock.packages[folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`];
    if (found || folder === "") return found;
  }
}

/** Licences that ask for nothing but a notice, or, for the weak copyleft of MPL, nothing of a program that only uses it. */
const LICENCES = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  // Of argparse: permissive, as Python's own.
  "Python-2.0",
  // "Do what you want": no condition at all.
  "WTFPL",
  "MPL-2.0",
  // Fonts: may be bundled with any program, not sold by themselves.
  "OFL-1.1",
  // How node-datachannel writes it.
  "MPL 2.0",
]);

/** "(MIT OR Apache-2.0)" is fine if one is, "MIT AND Zlib" only if all are. */
function isAllowed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, "$1");
  if (bare.includes(" OR ")) return bare.split(" OR ").some(isAllowed);
  return bare.split(" AND ").every((licence) => LICENCES.has(licence));
}

describe("the packages", () => {
  it("run no script when they are installed", () => {
    const withScripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
    const denied = Object.entries(manifest.allowScripts).filter(([, allowed]) => !allowed);
    expect(withScripts).toEqual(denied.map(([name]) => name));
    expect(Object.keys(manifest.allowScripts)).toHaveLength(denied.length);
  });

  it("come from the registry, each pinned by its checksum", () => {
    const registry = "https://registry.npmjs.org/";
    const loose = packages
      .filter(
        ([, { resolved = registry, integrity = "" }]) => !resolved.startsWith(registry) || !/^sha512-/.test(integrity),
      )
      .map(([path]) => nameOf(path));
    expect(loose).toEqual([]);
  });

  it("are locked for every platform: npm ci refuses a lock file that leaves binaries out", () => {
    const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies)
        .filter(([name, range]) => {
          const version = lockedFor(path, name)?.version;
          return version === undefined || (/^\d/.test(range) && version !== range);
        })
        .map(([name, range]) => `${nameOf(path)}: ${name} ${range}`),
    );
    expect(missing).toEqual([]);
  });

  it("have licences that we can keep", () => {
    const refused = packages
      .filter(([, { license = "" }]) => !isAllowed(license))
      .map(([path, { license }]) => `${nameOf(path)}: ${license}`);
    expect(refused).toEqual([]);
  });

  it("are each explained in docs/dependencies.md", () => {
    const explained = readFileSync(`${root}docs/dependencies.md`, "utf8");
    const direct = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(direct.filter((name) => !explained.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it("that are explained are still there", () => {
    const explained = readFileSync(`${root}docs/dependencies.md`, "utf8");
    const direct = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
    const named = [...explained.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = ""]) => name);
    expect(named.filter((name) => !direct.has(name))).toEqual([]);
  });
});

describe("an expression of licences", () => {
  it.each([
    ["MIT", true],
    ["(MIT OR GPL-3.0)", true],
    ["MIT AND GPL-3.0", false],
    ["GPL-3.0", false],
    ["", false],
  ])("%s is allowed: %s", (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});

describe("a checkout", () => {
  it("asks for the same Node everywhere", () => {
    expect(manifest.engines.node).toBe(">=20.19.0");
    expect(readFileSync(`${root}build/setup.mjs`, "utf8")).toContain("OLDEST_NODE = [20, 19]");
    expect(readFileSync(`${root}README.md`, "utf8")).toContain("Node 20.19");
  });

  it("has what a reader looks for first", () => {
    for (const file of ["README.md", "CHANGELOG.md", "LICENSE", ".ci/run"])
      expect(existsSync(`${root}${file}`)).toBe(true);
  });
});
