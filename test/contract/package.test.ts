import { execFile } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fuses } from "../../build/fuses.mjs";
import {
  FUSE_SENTINEL,
  fuseProblems,
  INSTALLER_BUDGET,
  installerProblems,
  strangers,
  systemProblems,
} from "../../build/package-check.mjs";
import { nativePackages } from "../../build/package-natives.mjs";
import { productPackages, thirdPartyLicences } from "../../build/package-notices.mjs";
import { play } from "../unit/desktop/shell.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** electron-builder packs the app twice over, as a deb and as an rpm, on whatever else this machine is doing. */
const PACKAGE_MS = 180_000;

describe("npm run package -- --check", () => {
  // electron-builder looks for packages below the checkout's own folder.
  const isLink = lstatSync(join(root, "node_modules")).isSymbolicLink();
  const why = isLink ? " (node_modules is a link)" : "";

  it.skipIf(isLink)(
    `packs this checkout around a stand-in and finds nothing wrong${why}`,
    async () => {
      const run = promisify(execFile)(process.execPath, ["build/package.mjs", "--check"], { cwd: root });
      const { stdout, stderr } = await run.catch((error) => {
        throw new Error(`${error.stdout}\n${error.stderr}`);
      });
      console.log(stdout.trimEnd());
      expect(stdout).not.toContain("×");
      expect(stdout).toMatch(/app\.asar: \d+ files/);
      expect(stderr).toContain("The package is whole");
    },
    PACKAGE_MS,
  );
});

describe("the check notices", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "govpn-check-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, content: string | Buffer, mode = 0o644) => {
    const path = join(folder, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content, { mode });
    chmodSync(path, mode);
    return path;
  };

  it.each([
    ["a test", "test/unit/room/room.test.ts"],
    ["a source", "shared/base/result.ts"],
    ["a source of a package", "node_modules/ws/lib/index.d.ts"],
    ["a source map", "dist/desktop/main.mjs.map"],
    ["another program's bundle", "dist/govpn.mjs"],
    ["what the bundler notes", "dist/.build/desktop.json"],
    ["a file of the checkout", ".npmrc"],
  ])("%s", (_, file) => {
    expect(strangers([file])).toEqual([`${file} does not belong into the app`]);
  });

  it("a developer's package, wherever it lies, and none of the product's", () => {
    const files = ["vitest", "ws/node_modules/vitest", "ws", "@noble/hashes"].map(
      (name) => `node_modules/${name}/package.json`,
    );
    expect(strangers(files)).toEqual([
      "node_modules/vitest is no dependency of the product",
      "node_modules/ws/node_modules/vitest is no dependency of the product",
    ]);
  });

  it("a fuse that is not as it should be, and a program without any", () => {
    const program = (wire: string) =>
      write("program", Buffer.from(`ELF…${FUSE_SENTINEL}\u0001${String.fromCharCode(wire.length)}${wire}…`, "latin1"));
    expect(fuses.runAsNode).toBe(false);
    expect(fuseProblems(program("010011000"))).toEqual([]);
    expect(fuseProblems(program("110010000"))).toEqual([
      "the fuse runAsNode is not off",
      "the fuse onlyLoadAppFromAsar is not on",
    ]);
    expect(fuseProblems(write("other", "no fuses"))).toEqual(["other has no fuses"]);
  });

  it("an installer over its budget", () => {
    write("GoVPN-1.0.0-linux-x64.deb", Buffer.alloc(1000));
    write("builder-debug.yml", Buffer.alloc(1000));
    expect(installerProblems(folder)).toEqual({ problems: [], report: ["GoVPN-1.0.0-linux-x64.deb: 0.0 MB"] });
    write("GoVPN-1.0.0-linux-x64.rpm", Buffer.alloc(INSTALLER_BUDGET + 1));
    expect(installerProblems(folder).problems).toEqual([expect.stringMatching(/rpm is 120\.0 MB, over the budget/)]);
  });

  it("whatever a deb does not put where the system looks for it", () => {
    const problems = systemProblems(folder);
    for (const missing of [
      "/usr/libexec/govpn-netconf is missing",
      "/usr/share/polkit-1/actions/org.govpn.netconf.policy is missing",
      "/usr/share/icons/hicolor/512x512/apps/govpn-desktop.png is missing",
      "the script before-remove is missing",
    ]) {
      expect(problems).toContain(missing);
    }
    expect(problems).toContainEqual(expect.stringContaining("x-scheme-handler"));
    expect(problems).toContainEqual(expect.stringContaining("StartupWMClass"));
    // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder's own
    write("scripts/after-install", "#!/bin/sh\nln -s '/opt/${executable}'\n");
    expect(systemProblems(folder)).toContain("the script after-install is not filled in");
  });
});

describe("the installer for Windows", () => {
  it("has links open the app before it has ever run, as the app says it too, and takes that away with the app", async () => {
    const builder = readFileSync(join(root, "build/electron-builder.mjs"), "utf8");
    const script = readFileSync(join(root, /^ {4}include: "(.+)",$/m.exec(builder)?.[1] ?? "absent"), "utf8");
    const { electron } = await play({ platform: "win32" });
    const [, , args] = electron.app.protocols[0] as [string, string, string[]];
    const behindProgram = args.map((arg) => `"${arg}" `).join("");
    expect(script).toContain(`'"$INSTDIR\\\${APP_EXECUTABLE_FILENAME}" ${behindProgram}"%1"'`);
    expect(script).toMatch(/customUnInstall\n {2}\$\{ifNot\} \$\{isUpdated\}\n(.*\n)* {4}DeleteRegKey SHELL_CONTEXT /);
  });
});

describe("the licences of others", () => {
  it("are there with their words, also of what the window's page has taken in, and of no developer's tool", () => {
    const text = thirdPartyLicences();
    for (const name of ["ws", "koffi", "node-datachannel", "react", "radix-ui", "i18next"]) {
      expect(text).toMatch(new RegExp(`\n${name} \\d+\\.\\d+`));
    }
    expect(text).toContain("Permission is hereby granted, free of charge");
    expect(text).toContain("Mozilla Public License");
    const names = productPackages();
    expect(names).toContain("node_modules/@fontsource-variable/inter");
    for (const tool of ["vitest", "electron-builder", "typescript"])
      expect(names).not.toContain(`node_modules/${tool}`);
  });
});

describe("the native packages", () => {
  it.each([
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "x64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
  ])("are locked for %s on %s", (platform, arch) => {
    const paths = nativePackages(platform, arch).join(" ");
    for (const name of ["@koromix/koffi", "@napi-rs/keyring", "@libsql/", "@node-datachannel/"]) {
      expect(paths).toContain(name);
    }
  });
});
