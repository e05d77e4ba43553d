// @ts-check
/**
 * `npm run package [-- electron-builder's arguments]` makes installers of this checkout for this system in dist/package.
 * `npm run package -- --check` needs no Electron: it has electron-builder pack the app around a stand-in for it, opens
 * what came out, and says whether it is whole.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dist, ensureBuilt } from "./bundle.mjs";
import { endChildren, finish } from "./children.mjs";
import { checkApp, FUSE_SENTINEL, fuseProblems, installerProblems, systemProblems } from "./package-check.mjs";
import { ensureNatives } from "./package-natives.mjs";
import { thirdPartyLicences } from "./package-notices.mjs";
import {
  ensureInstalled,
  exitOnSetupError,
  root,
  SetupError,
  sayToStderr,
  seconds,
  writeWithFolders,
} from "./setup.mjs";

const out = join(dist, "package");
const config = "build/electron-builder.mjs";
const cli = join(root, "node_modules/electron-builder/cli.js");

/** @param {readonly string[]} args */
async function main(args) {
  await ensureInstalled();
  await ensureBuilt(["desktop", "renderer"]);
  writeWithFolders(join(dist, "package-notices/THIRD-PARTY-LICENSES"), thirdPartyLicences());
  const started = Date.now();
  const problems = args.includes("--check") ? await check() : await make(args);
  for (const problem of problems) console.log(`× ${problem}`);
  if (problems.length > 0) throw new SetupError(`the package is not as it should be: ${problems.length} problems`);
  sayToStderr(`The package is whole (${seconds(started)})`);
}

/** Installers, for this system or those that the arguments name. @param {readonly string[]} args */
async function make(args) {
  if (!process.env.GITHUB_REPOSITORY) {
    throw new SetupError("an installer names its home: set GITHUB_REPOSITORY=owner/name, as GitHub Actions does");
  }
  rmSync(out, { recursive: true, force: true });
  // One app for both of Apple's processors is two apps put together, and each half holds the binaries of both.
  if (process.platform === "darwin") await ensureNatives("darwin", ["x64", "arm64"]);
  const publish = args.some((arg) => arg.startsWith("--publish")) ? [] : ["--publish", "never"];
  const { code } = await finish(process.execPath, [cli, "--config", config, ...publish, ...args], "show");
  if (code !== 0) throw new SetupError(`electron-builder ended with status ${code}`);
  const { problems, report } = installerProblems(out);
  for (const app of unpackedApps()) {
    const checked = await checkApp(app);
    problems.push(...checked.problems, ...fuseProblems(app.program));
    report.push(...checked.report);
  }
  for (const line of report) console.log(line);
  if (report.length === 0) problems.push(`nothing came out in ${out}`);
  return problems;
}

/** Where each system's app keeps its resources, and the program with the fuses. */
const LAYOUTS = {
  linux: { platform: "linux", resources: "resources", program: "govpn-desktop" },
  win: { platform: "win32", resources: "resources", program: "GoVPN.exe" },
  mac: {
    platform: "darwin",
    resources: "GoVPN.app/Contents/Resources",
    program: "GoVPN.app/Contents/Frameworks/Electron Framework.framework/Electron Framework",
  },
};

/** What electron-builder leaves beside its installers, by the names it gives it: "linux-unpacked", "mac-universal". */
function unpackedApps() {
  return readdirSync(out).flatMap((folder) => {
    const [, system = "", arch = "x64"] = /^(linux|win|mac)(?:-(arm64|universal))?(?:-unpacked)?$/.exec(folder) ?? [];
    const layout = LAYOUTS[/** @type {keyof typeof LAYOUTS} */ (system)];
    if (!layout) return [];
    const { platform, resources, program } = layout;
    return [{ platform, arch, resources: join(out, folder, resources), program: join(out, folder, program) }];
  });
}

/** The version that the stand-in says it is: the one whose types we have. */
function electronVersion() {
  return JSON.parse(readFileSync(join(root, "node_modules/electron/package.json"), "utf8")).version;
}

/**
 * Everything but Electron is real: electron-builder, its configuration, the files, the archive, the fuses. On Linux also
 * what a deb or an rpm lays out.
 */
async function check() {
  const scratch = join(dist, `.build/package-check-${process.pid}`);
  const standIn = join(scratch, "electron");
  try {
    makeStandIn(standIn);
    const isLinux = process.platform === "linux";
    const targets = isLinux ? ["--linux", "deb", "rpm"] : ["--dir"];
    const args = [
      ...targets,
      `--${process.arch}`,
      `-c.electronDist=${standIn}`,
      `-c.electronVersion=${electronVersion()}`,
      `-c.directories.output=${join(scratch, "out")}`,
      "-c.compression=store",
    ];
    const env = {
      GITHUB_REPOSITORY: process.env.GITHUB_REPOSITORY ?? "nobody/nothing",
      CUSTOM_FPM_PATH: fileURLToPath(new URL("package-fpm.cjs", import.meta.url)),
    };
    const { code, output } = await finish(
      process.execPath,
      [cli, "--config", config, "--publish", "never", ...args],
      "hold",
      env,
    );
    if (code !== 0) throw new SetupError(`electron-builder ended with status ${code}:\n${output}`);
    return await look(join(scratch, "out"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function look(folder) {
  const names = readdirSync(folder);
  const unpacked = join(folder, names.find((name) => name.endsWith("-unpacked")) ?? "");
  const app = { resources: join(unpacked, "resources"), platform: process.platform, arch: process.arch };
  const { problems, report } = await checkApp(app);
  for (const line of report) console.log(line);
  problems.push(...fuseProblems(join(unpacked, "govpn-desktop")));
  const trees = names.filter((name) => name.endsWith(".tree"));
  if (process.platform === "linux" && trees.length !== 2) problems.push("a deb and an rpm were asked for");
  for (const tree of trees) {
    problems.push(...systemProblems(join(folder, tree)).map((problem) => `${tree.replace(/\.tree$/, "")}: ${problem}`));
  }
  return problems;
}

/** A folder that electron-builder takes for Electron: the files it touches, and a program with nothing but fuses. */
function makeStandIn(/** @type {string} */ folder) {
  mkdirSync(join(folder, "resources"), { recursive: true });
  mkdirSync(join(folder, "locales"));
  const wire = `${FUSE_SENTINEL}\u0001\u0009${"0".repeat(9)}`;
  writeFileSync(join(folder, "electron"), `no program, but its fuses: ${wire}`, "latin1");
  chmodSync(join(folder, "electron"), 0o755);
  for (const file of ["LICENSE", "LICENSES.chromium.html", "version", "chrome-sandbox", "locales/en-US.pak"]) {
    writeFileSync(join(folder, file), "stand-in\n");
  }
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => {
    endChildren();
    process.kill(process.pid, signal);
  });
}
if (!existsSync(cli)) console.error("govpn: electron-builder is not installed yet");
main(process.argv.slice(2)).catch(exitOnSetupError);
