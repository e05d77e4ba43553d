import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXCEPTIONS, isAllowed, mayStay } from "../../../build/licences.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface LockedPackage {
  readonly version?: string;
  readonly name?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly inBundle?: boolean;
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

/** What a package asks for as "name": "range". An alias is "npm:name@range". */
const RANGE = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?[\^~<>=|&\s\d.x*a-zA-Z-]+$/;
const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;

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

  it("are locked at one version each, and ask the registry for others, never a git repository, a file or an address", () => {
    expect(packages.filter(([, { version = "" }]) => !EXACT.test(version)).map(([path]) => path)).toEqual([]);
    const asked = Object.entries(lock.packages).flatMap(
      ([path, { dependencies, devDependencies, optionalDependencies }]) =>
        Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(([name, range]) => ({
          path,
          name,
          range,
        })),
    );
    expect(asked.length).toBeGreaterThan(packages.length);
    expect(asked.filter(({ range }) => !RANGE.test(range))).toEqual([]);
    expect(packages.filter(([, each]) => each.link || each.inBundle).map(([path]) => path)).toEqual([]);
  });

  it("are locked as package.json asks: what npm ci refuses is noticed before it does", () => {
    const { dependencies, devDependencies } = lock.packages[""] ?? {};
    expect({ dependencies, devDependencies }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
  });

  it("are installed by npm ci, which takes what is locked, wherever CI or a launcher installs them", () => {
    const [ci = "", release = "", launchers = ""] = [".ci/run", ".github/workflows/release.yml", "build/setup.mjs"].map(
      (file) => readFileSync(`${root}${file}`, "utf8"),
    );
    expect(`${ci}\n${release}`).not.toMatch(/\bnpm (i|install|add|update|exec)\b|\bnpx\b/);
    expect(release).toContain("- run: npm ci\n");
    expect(launchers).toContain('["ci", "--no-audit"');
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

  it("have licences that we can keep, the developers' as the product's", () => {
    const refused = packages
      .filter(([path, { license }]) => !mayStay(nameOf(path), license))
      .map(([path, { license }]) => `${nameOf(path)}: ${license}`);
    expect(refused).toEqual([]);
  });

  it("have an exception from that only where it is still needed, and with a reason", () => {
    for (const [name, reason] of EXCEPTIONS) {
      expect(reason).toMatch(/\w{3,} \w+/);
      expect(packages.map(([path]) => nameOf(path))).toContain(name);
    }
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
    ["GPL-3.0 OR (MIT AND ISC)", true],
    ["MIT AND GPL-3.0", false],
    ["(MIT OR GPL-3.0) AND GPL-3.0", false],
    ["MIT AND (GPL-3.0 OR ISC)", true],
    ["GPL-3.0", false],
    ["Apache-2.0 WITH LLVM-exception", false],
    ["(MIT", false],
    ["SEE LICENSE IN LICENSE", false],
    ["", false],
  ])("%s is allowed: %s", (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });

  it("is read for what it means where a package we know writes it in its own way", () => {
    expect(mayStay("node-datachannel", "MPL 2.0")).toBe(true);
    expect(mayStay("somebody-else", "MPL 2.0")).toBe(false);
    expect(mayStay("somebody-else", undefined)).toBe(false);
  });
});

describe("a checkout", () => {
  it("asks for the same Node everywhere", () => {
    expect(manifest.engines.node).toBe(">=20.19.0");
    expect(readFileSync(`${root}build/setup.mjs`, "utf8")).toContain("OLDEST_NODE = [20, 19]");
    expect(readFileSync(`${root}README.md`, "utf8")).toContain("Node 20.19");
  });

  it("has what a reader looks for first", () => {
    for (const file of ["README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", ".ci/run"])
      expect(existsSync(`${root}${file}`)).toBe(true);
  });
});
