import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAllowed } from "../../../build/licences.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));

// `npm run audit` and `npm run sbom`, on a checkout whose npm says what the test wants.

let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "govpn-supply-"));
  for (const part of ["build", "package.json", "package-lock.json", "renderer"]) {
    cpSync(join(root, part), join(checkout, part), { recursive: true });
  }
  mkdirSync(join(checkout, "docs"));
  writeFileSync(join(checkout, "docs/dependencies.md"), "| GHSA-aaaa-bbbb-cccc | explained |\n");
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function run(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
  const options = { cwd: checkout, encoding: "utf8", env, maxBuffer: 2 ** 26 } as const;
  return spawnSync(process.execPath, [`build/${script}.mjs`, ...args], options);
}

/** Runs `npm run audit` with an npm that answers this. */
function audit(report: object) {
  const bin = join(checkout, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "report.json"), JSON.stringify(report));
  writeFileSync(join(bin, "npm"), `#!/bin/sh\ncat "${join(bin, "report.json")}"\nexit 1\n`);
  chmodSync(join(bin, "npm"), 0o755);
  const { npm_execpath: _, ...env } = process.env;
  return run("audit", [], { ...env, PATH: `${bin}${delimiter}${env.PATH}` });
}

const advisory = (number: string) => ({
  title: "Takes a stranger's word",
  url: `https://github.com/advisories/${number}`,
  severity: "high",
  range: "<9.0.0",
});
const vulnerable = (name: string, ...numbers: string[]) => ({
  vulnerabilities: { [name]: { name, via: numbers.map(advisory), nodes: [`node_modules/${name}`] } },
});

describe.skipIf(process.platform === "win32")("npm run audit", () => {
  it("ends with 0 when no package has a known vulnerability", () => {
    expect(audit({ vulnerabilities: {} })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^No known vulnerability in \d+ packages\.\n$/),
    });
  });

  it("ends with 1 and names each that is not explained, and whether people who use the product have it", () => {
    const product = audit(vulnerable("ws", "GHSA-dddd-eeee-ffff"));
    expect(product.status).toBe(1);
    expect(product.stdout).toContain("× ws <9.0.0 (of the product), high: Takes a stranger's word");
    expect(product.stdout).toMatch(/^1 unexplained/m);
  });

  it("tells the tools of developers from the product", () => {
    expect(audit(vulnerable("vitest", "GHSA-dddd-eeee-ffff")).stdout).toContain("vitest <9.0.0 (of developers only)");
  });

  it("ends with 0 when docs/dependencies.md explains each", () => {
    const { status, stdout } = audit(vulnerable("ws", "GHSA-aaaa-bbbb-cccc"));
    expect(stdout).toContain("explained in docs/dependencies.md: ws");
    expect(status).toBe(0);
  });

  it("counts a package once that is only touched through another", () => {
    const report = { vulnerabilities: { tool: { name: "tool", via: ["ws"], nodes: [] } } };
    expect(audit(report).status).toBe(0);
  });

  it("ends with 2 when the registry does not answer: not knowing is not being safe", () => {
    const refused = audit({ message: "405 Method Not Allowed", statusCode: 405 });
    expect(refused.status).toBe(2);
    expect(refused.stdout).toContain("Not known: the registry did not answer the audit (405 Method Not Allowed).");
  });
});

describe("npm run sbom", () => {
  interface Component {
    readonly name: string;
    readonly purl: string;
    readonly hashes: readonly { readonly alg: string }[];
    readonly licenses: readonly { readonly expression?: string; readonly license?: { readonly id: string } }[];
  }

  it("lists what the product is made of on every system, each with its checksum and licence, and no tool of developers", () => {
    const { status, stdout, stderr } = run("sbom");
    expect(stderr).not.toContain("govpn:");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^dist\/govpn-desktop\.cdx\.json: \d+ packages, each with its licence and checksum\n$/);
    const bom = JSON.parse(readFileSync(join(checkout, "dist/govpn-desktop.cdx.json"), "utf8"));
    expect(bom).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { name: "govpn-desktop", type: "application" } },
    });
    const components: readonly Component[] = bom.components;
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["ws", "keytar", "node-datachannel", "react", "electron"]));
    expect(names).toEqual(expect.arrayContaining(["@libsql/win32-x64-msvc", "@napi-rs/keyring-darwin-arm64"]));
    for (const tool of ["vitest", "typescript", "electron-builder", "@biomejs/biome", "playwright"]) {
      expect(names).not.toContain(tool);
    }
    for (const { name, purl, hashes, licenses } of components) {
      expect(purl, name).toMatch(/^pkg:npm\/.+@\d/);
      expect(hashes[0]?.alg, name).toBe("SHA-512");
      const [licence] = licenses;
      expect(isAllowed(licence?.expression ?? licence?.license?.id ?? ""), name).toBe(true);
    }
    const refs = new Set(bom.components.map((each: { "bom-ref": string }) => each["bom-ref"]));
    for (const { dependsOn } of bom.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
  });
});
