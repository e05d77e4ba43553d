// @ts-check
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { extractAll, extractFile, listPackage, statFile } from "@electron/asar";
import { finish } from "./children.mjs";
import { fuses } from "./fuses.mjs";
import { isProduct, lockedPackages, nameOf, productPackages } from "./package-notices.mjs";

/**
 * What must be true of a packaged app, looked at from outside: whether it can start, whether it holds what it must and
 * nothing else. Each question answers with what is wrong, in sentences.
 */

/** @typedef {{resources: string, platform: string, arch: string}} Packaged An unpacked app's resources, and whom it is for. */

/** An installer may have this many bytes. */
export const INSTALLER_BUDGET = 120 * 1000 * 1000;
/** Of these Electron itself takes up to 100 MB, compressed; the rest is ours. */
export const APP_BUDGET = 20 * 1000 * 1000;

/** All that may lie at the top of the archive. */
const TOP = ["LICENSE", "THIRD-PARTY-LICENSES", "dist", "node_modules", "package.json"];
const BELOW_DIST = ["chunks", "desktop", "renderer"];
/** Sources, maps and documents are for those who build it. Chromium reads no TypeScript. */
const UNWANTED = /\.(ts|mts|cts|tsx|map|md|c|cc|h|gyp|pdb)$/;
/** As the bundler writes it. */
const OWN_IMPORT = /(?:^|[\s;}])(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;
const NATIVE = /\.(node|so|dll|dylib)$/;

/**
 * The packages with binaries, and how the one for a system is called.
 * @type {Record<string, (platform: string, arch: string) => string>}
 */
const NATIVE_PACKAGES = {
  koffi: (platform, arch) => `node_modules/@koromix/koffi-${platform}-${arch}/`,
  keytar: (platform, arch) => `node_modules/@napi-rs/keyring-${platform}-${arch}`,
  libsql: (platform, arch) => `node_modules/@libsql/${platform}-${arch}`,
  "node-datachannel": (platform, arch) => `node_modules/@node-datachannel/${platform}-${arch}`,
  "sodium-native": (platform, arch) => `node_modules/sodium-native/prebuilds/${platform}-${arch}/`,
};

/**
 * @param {Packaged} app
 * @returns {Promise<{problems: string[], report: string[]}>}
 */
export async function checkApp(app) {
  const archive = join(app.resources, "app.asar");
  if (!existsSync(archive)) return { problems: [`there is no ${archive}`], report: [] };
  const files = listPackage(archive, { isPack: false })
    .map((file) => file.replaceAll("\\", "/").slice(1))
    .filter((file) => !("files" in statFile(archive, file)));
  const size = appSize(app.resources);
  const problems = [
    ...strangers(files),
    ...manifestProblems(archive, files),
    ...nativeProblems(app, archive, files),
    ...licenceProblems(archive, files),
    ...(await startProblems(app, archive)),
    ...(size.compressed > APP_BUDGET ? [`the app alone is ${megabytes(size.compressed)} compressed`] : []),
  ];
  const report = [
    `app.asar: ${files.length} files, ${installed(files).length} packages`,
    `resources: ${megabytes(size.bytes)}, ${megabytes(size.compressed)} compressed (budget ${megabytes(APP_BUDGET)})`,
  ];
  return { problems, report };
}

/**
 * Nothing but what was meant: no tests, no sources, no package that only a developer needs.
 * @param {readonly string[]} files
 */
export function strangers(files) {
  const locked = Object.entries(lockedPackages());
  const product = new Set(locked.filter(([, each]) => isProduct(each)).map(([path]) => nameOf(path)));
  const allowed = (/** @type {string} */ file) => {
    const [top = "", second = ""] = file.split("/");
    return TOP.includes(top) && (top !== "dist" || BELOW_DIST.includes(second)) && !UNWANTED.test(file);
  };
  return [
    ...files.filter((file) => !allowed(file)).map((file) => `${file} does not belong into the app`),
    ...installed(files)
      // By name: electron-builder lays packages out anew.
      .filter((path) => !product.has(nameOf(path)))
      .map((path) => `${path} is no dependency of the product`),
  ];
}

/** The packages that are in the archive, by their paths. @param {readonly string[]} files */
function installed(files) {
  return files
    .filter((file) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
    .map((file) => dirname(file));
}

/**
 * @param {string} archive
 * @param {readonly string[]} files
 */
function manifestProblems(archive, files) {
  const manifest = JSON.parse(extractFile(archive, "package.json").toString("utf8"));
  const entries = [manifest.main, "dist/desktop/preload.cjs", "dist/renderer/index.html"];
  const problems = entries.filter((entry) => !files.includes(entry)).map((entry) => `the entry ${entry} is missing`);
  for (const file of files.filter((each) => /^dist\/(desktop|chunks)\/.*\.mjs$/.test(each))) {
    for (const [, target = ""] of extractFile(archive, file).toString("utf8").matchAll(OWN_IMPORT)) {
      const wanted = posix.join(dirname(file), target);
      if (!files.includes(wanted)) problems.push(`${file} imports ${wanted}, which is missing`);
    }
  }
  if (manifest.desktopName !== "govpn-desktop.desktop") problems.push("the app does not know its desktop entry");
  for (const field of ["devDependencies", "scripts"]) {
    if (Object.keys(manifest[field] ?? {}).length > 0) problems.push(`package.json still has its ${field}`);
  }
  return problems;
}

/**
 * Every native package has its binary for this system, outside of the archive, where the system can open it.
 * @param {Packaged} app
 * @param {string} archive
 * @param {readonly string[]} files
 */
function nativeProblems({ resources, platform, arch }, archive, files) {
  const natives = files.filter((file) => NATIVE.test(file));
  const problems = natives
    .filter(
      (file) => !("unpacked" in statFile(archive, file)) || !existsSync(join(resources, "app.asar.unpacked", file)),
    )
    .map((file) => `${file} is inside the archive, where the system cannot open it`);
  const arches = arch === "universal" ? ["x64", "arm64"] : [arch];
  for (const [name, folderOf] of Object.entries(NATIVE_PACKAGES)) {
    for (const each of arches) {
      const folder = folderOf(platform, each);
      if (!natives.some((file) => file.startsWith(folder)))
        problems.push(`${name} has no binary for ${platform}-${each}`);
    }
  }
  const others = natives.filter(
    (file) => !new RegExp(`[/-]${platform}[-/_]`).test(file) && /(darwin|linux|win32)/.test(file),
  );
  problems.push(...others.map((file) => `${file} is for another system`));
  return problems;
}

/**
 * @param {string} archive
 * @param {readonly string[]} files
 */
function licenceProblems(archive, files) {
  const missing = ["LICENSE", "THIRD-PARTY-LICENSES"].filter((file) => !files.includes(file));
  if (missing.length > 0) return missing.map((file) => `${file} is missing`);
  const text = extractFile(archive, "THIRD-PARTY-LICENSES").toString("utf8");
  const needed = new Set([...installed(files), ...productPackages()].map(nameOf));
  return [...needed].filter((name) => !text.includes(`\n${name} `)).map((name) => `the licence of ${name} is missing`);
}

/**
 * Whether every package that the program imports can be found and loaded from what is in the archive, with nothing around
 * it. Only where this machine is of the kind that the app is for.
 * @param {Packaged} app
 * @param {string} archive
 */
async function startProblems({ platform, arch }, archive) {
  if (platform !== process.platform || arch !== process.arch) return [];
  const folder = mkdtempSync(join(tmpdir(), "govpn-package-"));
  try {
    extractAll(archive, folder);
    const programs = ["desktop", "chunks"].flatMap((name) => filesOf(join(folder, "dist", name), ".mjs"));
    const code = programs.map((file) => readFileSync(file, "utf8")).join("\n");
    const names = new Set(
      [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"./][^"]*)"/g)].map(([, name = ""]) => name),
    );
    const problems = [];
    // A file among the app's own, so that packages are looked for where the app looks, and nowhere else.
    const probe = join(folder, "dist/desktop/probe.mjs");
    writeFileSync(probe, "await import(process.argv[2]); process.exit(0);");
    for (const name of names) {
      if (name === "electron" || name.startsWith("node:")) continue;
      const { code: status, output } = await finish(process.execPath, [probe, name], "hold");
      if (status !== 0) problems.push(`${name} cannot be loaded: ${firstError(output)}`);
    }
    if (names.size === 0) problems.push("the app's programs import nothing, which cannot be");
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {string} ending
 */
function filesOf(folder, ending) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(ending));
  return files.map((file) => join(folder, file));
}

/** @param {string} output */
function firstError(output) {
  return output.split("\n").find((line) => /^\w*Error\b.*:/.test(line)) ?? output.slice(0, 200);
}

/**
 * The fuses of Electron's program are as build/fuses.mjs says.
 * @param {string} program
 */
export function fuseProblems(program) {
  const wire = fuseWire(program);
  if (!wire) return [`${basename(program)} has no fuses`];
  return Object.entries(fuses)
    .filter(([name, value]) => wire[FUSE_ORDER.indexOf(name)] !== (value ? "1" : "0"))
    .map(([name, value]) => `the fuse ${name} is not ${value ? "on" : "off"}`);
}

/** Of fuse wire version 1 (electron/build/fuses/fuses.json5). */
const FUSE_ORDER = [
  "runAsNode",
  "enableCookieEncryption",
  "enableNodeOptionsEnvironmentVariable",
  "enableNodeCliInspectArguments",
  "enableEmbeddedAsarIntegrityValidation",
  "onlyLoadAppFromAsar",
  "loadBrowserProcessSpecificV8Snapshot",
  "grantFileProtocolExtraPrivileges",
];
/** What stands before the wire in the program; a version and a length follow. */
export const FUSE_SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";

/** @param {string} program */
function fuseWire(program) {
  const bytes = readFileSync(program);
  const at = bytes.indexOf(FUSE_SENTINEL);
  if (at < 0) return undefined;
  const start = at + FUSE_SENTINEL.length;
  return bytes.toString("latin1", start + 2, start + 2 + (bytes[start + 1] ?? 0));
}

/**
 * What a deb or an rpm puts on the machine beside the app.
 * @param {string} tree as build/package-fpm.cjs lays it out
 */
export function systemProblems(tree) {
  const needed = [
    "opt/GoVPN/govpn-desktop",
    "opt/GoVPN/resources/app.asar",
    "usr/libexec/govpn-netconf",
    "usr/share/polkit-1/actions/org.govpn.netconf.policy",
    "usr/lib/systemd/system/govpn-netconf.service",
    ...[16, 32, 48, 64, 128, 256, 512].map((size) => `usr/share/icons/hicolor/${size}x${size}/apps/govpn-desktop.png`),
  ];
  const problems = needed.filter((file) => !existsSync(join(tree, file))).map((file) => `/${file} is missing`);
  const read = (/** @type {string} */ file) =>
    existsSync(join(tree, file)) ? readFileSync(join(tree, file), "utf8") : "";
  const entry = read("usr/share/applications/govpn-desktop.desktop");
  for (const line of [
    /^Exec=\/opt\/GoVPN\/govpn-desktop .*%U$/m,
    /^MimeType=(.*;)?x-scheme-handler\/govpn;/m,
    /^Icon=govpn-desktop$/m,
    // What Electron calls its windows by `desktopName`: else they stand in a dock beside the icon that started them.
    /^StartupWMClass=govpn-desktop$/m,
  ]) {
    if (!line.test(entry)) problems.push(`the desktop entry has no ${line.source}`);
  }
  if (!/^profile "govpn-desktop" "\/opt\/GoVPN\/govpn-desktop"/m.test(read("opt/GoVPN/resources/apparmor-profile"))) {
    problems.push("the AppArmor profile is not about /opt/GoVPN/govpn-desktop");
  }
  if (problems.length === 0 && (statSync(join(tree, "usr/libexec/govpn-netconf")).mode & 0o777) !== 0o755) {
    problems.push("govpn-netconf cannot be run");
  }
  for (const name of ["after-install", "after-remove", "before-remove"]) {
    const script = read(`scripts/${name}`);
    if (!script.startsWith("#!/bin/sh")) problems.push(`the script ${name} is missing`);
    if (/\$\{(executable|sanitizedProductName)\}/.test(script)) problems.push(`the script ${name} is not filled in`);
  }
  return problems;
}

/**
 * No installer is larger than its budget.
 * @param {string} folder
 */
export function installerProblems(folder) {
  const report = [];
  const problems = [];
  for (const file of readdirSync(folder)) {
    if (!/\.(deb|rpm|AppImage|exe|dmg|zip)$/.test(file)) continue;
    const { size } = statSync(join(folder, file));
    report.push(`${file}: ${megabytes(size)}`);
    if (size > INSTALLER_BUDGET)
      problems.push(`${file} is ${megabytes(size)}, over the budget of ${megabytes(INSTALLER_BUDGET)}`);
  }
  return { problems, report };
}

/** @param {string} resources */
function appSize(resources) {
  let bytes = 0;
  let compressed = 0;
  for (const file of readdirSync(resources, { recursive: true, encoding: "utf8" })) {
    const path = join(resources, file);
    if (!statSync(path).isFile()) continue;
    const content = readFileSync(path);
    bytes += content.length;
    compressed += gzipSync(content, { level: 6 }).length;
  }
  return { bytes, compressed };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
