// @ts-check
/**
 * Bundles to dist/: `node build/bundle.mjs [target …]`. npm packages stay outside the bundles of programs, so that native
 * ones find their binaries and `npm ci` alone decides versions. The window's page takes what it uses of them in.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { finish } from "./children.mjs";
import {
  ensureInstalled,
  exitOnSetupError,
  messageOf,
  readIfThere,
  root,
  SetupError,
  sayToStderr,
  seconds,
  writeWithFolders,
} from "./setup.mjs";

export const dist = join(root, "dist");

/** @typedef {"govpn" | "desktop" | "renderer" | "bench" | "test"} Target A group of entries that is bundled, and goes stale, together. */

/**
 * What is bundled: the file under dist/ and the source of each entry.
 * @type {Record<Target, () => Record<string, string>>}
 */
export const targets = {
  govpn: () => programs({ govpn: "electron/cli/main.ts" }),
  desktop: () => (existsSync(join(root, DESKTOP_MAIN)) ? desktopEntries() : {}),
  renderer: () => {
    const page = "renderer/index.html";
    return existsSync(join(root, page)) ? { [page]: page } : {};
  },
  bench: () => programs(Object.fromEntries(benchmarks().map((name) => [`bench/${name}`, `test/bench/${name}.ts`]))),
  test: () =>
    programs({
      "test/desktop-session": "test/e2e/support/desktop-session.ts",
      "test/document-server": "test/fakes/document-server-main.ts",
      "test/evil-server": "test/e2e/support/evil-server.ts",
      "test/file-server": "test/netns/lab/file-server.ts",
      "test/lab-holder": "test/netns/lab/holder.ts",
      "test/namespaces": "test/netns/lab/namespaces.ts",
      "test/plain-member": "test/netns/lab/plain-member.ts",
      "test/probe-member": "test/netns/lab/probe-member.ts",
    }),
};

const DESKTOP_MAIN = "electron/main/desktop/main.ts";

function desktopEntries() {
  const tray = filesBelow(join(root, "build/icons"), "tray").map((file) => [basename(file), `build/icons/${file}`]);
  const icons = [...tray, ["256x256.png", "build/icons/app/256x256.png"]];
  return {
    "desktop/main.mjs": DESKTOP_MAIN,
    "desktop/engine.mjs": "electron/engine/engine-process.ts",
    "desktop/preload.cjs": "electron/preload/preload.ts",
    ...Object.fromEntries(icons.map(([name, source]) => [`desktop/icons/${name}`, source])),
  };
}

/** @param {Record<string, string>} entries by name, without .mjs */
function programs(entries) {
  return Object.fromEntries(Object.entries(entries).map(([name, source]) => [`${name}.mjs`, source]));
}

/** @returns {string[]} the names of the benchmarks, in order */
export function benchmarks() {
  const folder = join(root, "test/bench");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => basename(file, ".ts"))
    .sort();
}

/**
 * A chunk of an older build is kept this long: a program that started before a rebuild may load it yet.
 */
const OLD_CHUNK_MS = 24 * 60 * 60 * 1000;

/** @typedef {{path: string, modified: number, sha256: string}} Input One source file as it was when last bundled. */
/** @typedef {{recipe: string, inputs: Input[], outputs: string[]}} Manifest What a target was bundled from, and to. */

/**
 * Bundles the targets that are stale. Quiet when there is nothing to do. One that cannot be bundled does not keep the
 * others from it.
 * @param {readonly Target[]} [wanted]
 * @param {import("./setup.mjs").Say} [say]
 */
export async function ensureBuilt(wanted = allTargets(), say = sayToStderr) {
  /** @type {string[]} */
  const problems = [];
  for (const target of wanted) {
    const entries = targets[target]();
    if (Object.keys(entries).length === 0) continue;
    const recipe = recipeOf(target, entries);
    if (isFresh(target, recipe)) continue;
    const started = Date.now();
    try {
      const outputs = await bundle(target, entries, recipe);
      const names = Object.keys(entries).flatMap((file) => (isLoaded(file) ? [`dist/${file}`] : []));
      say(`Built ${names.join(", ")} (${outputs} files) in ${seconds(started)}`);
    } catch (error) {
      problems.push(`the bundle "${target}" could not be made: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) throw new SetupError(problems.join("\n"));
}

/**
 * Whether it is a program or a page, and not something that one of them needs.
 * @param {string} file
 */
function isLoaded(file) {
  return /\.([mc]js|html)$/.test(file);
}

function allTargets() {
  return /** @type {Target[]} */ (Object.keys(targets));
}

/** @param {Target} target */
const manifestFile = (target) => join(dist, ".build", `${target}.json`);

/**
 * What besides the contents of the sources decides the result: the entries, this file, the bundler's version, and for
 * the page which sources there are (a new one may hold a new style).
 * @param {Target} target
 * @param {Record<string, string>} entries
 */
function recipeOf(target, entries) {
  const bundler = readFileSync(join(root, "node_modules/rolldown/package.json"), "utf8");
  const parts = [entries, JSON.parse(bundler).version, target === "renderer" && pageSources().sort()];
  return sha256(JSON.stringify(parts) + readFileSync(new URL(import.meta.url)));
}

/**
 * @param {Target} target
 * @param {string} recipe
 */
function isFresh(target, recipe) {
  const text = readIfThere(manifestFile(target));
  if (text === undefined) return false;
  /** @type {Manifest} */
  const manifest = JSON.parse(text);
  if (manifest.recipe !== recipe) return false;
  return manifest.outputs.every((file) => existsSync(join(dist, file))) && manifest.inputs.every(isUnchanged);
}

/**
 * The time of change is asked first; the content decides (a checkout touches files without changing them).
 * @param {Input} input
 */
function isUnchanged({ path, modified, sha256: before }) {
  const file = join(root, path);
  if (!existsSync(file)) return false;
  return statSync(file).mtimeMs === modified || sha256(readFileSync(file)) === before;
}

/** @param {string | Buffer} content */
function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Bundles into a folder of this process and moves the files into place one by one, entries last, so that a program
 * that starts meanwhile finds either the old set whole or the new one.
 * @param {Target} target
 * @param {Record<string, string>} entries
 * @param {string} recipe
 * @returns {Promise<number>} how many files came out
 */
async function bundle(target, entries, recipe) {
  const scratch = join(dist, `.build/${target}-${process.pid}`);
  try {
    // Read before the bundler does: a file that changes meanwhile then counts as stale, never as built.
    const begun = Date.now();
    const { files, sources } =
      target === "renderer" ? await bundlePage(scratch) : await bundleEntries(scratch, entries);
    moveIntoPlace(
      scratch,
      files.sort((a, b) => Number(a in entries) - Number(b in entries)),
    );
    writeWithFolders(
      manifestFile(target),
      JSON.stringify({ recipe, inputs: inputsOf(sources, begun), outputs: files.sort() }),
    );
    removeOldChunks();
    return files.length;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @typedef {{files: string[], sources: readonly string[]}} Bundled What came out, below the folder, and what of. */

/**
 * Each entry by what it becomes: a program (.mjs), a script that stands alone (.cjs), or a file that is taken as it is.
 * @param {string} folder
 * @param {Record<string, string>} entries
 * @returns {Promise<Bundled>}
 */
async function bundleEntries(folder, entries) {
  const ending = (/** @type {string} */ file) => (/\.[mc]js$/.exec(file) ?? [""])[0];
  const of = (/** @type {string} */ wanted) =>
    Object.fromEntries(Object.entries(entries).filter(([file]) => ending(file) === wanted));
  const made = [await bundlePrograms(folder, of(".mjs"))];
  for (const [file, source] of Object.entries(of(".cjs"))) made.push(await bundleScript(folder, file, source));
  for (const [file, source] of Object.entries(of(""))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, source), join(folder, file));
    made.push({ files: [file], sources: [source] });
  }
  return { files: made.flatMap(({ files }) => files), sources: made.flatMap(({ sources }) => sources) };
}

/**
 * One CommonJS file with everything of ours in it: a sandboxed preload can load nothing but Electron's own modules.
 * @param {string} folder
 * @param {string} file
 * @param {string} source
 * @returns {Promise<Bundled>}
 */
async function bundleScript(folder, file, source) {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({ cwd: root, input: source, platform: "browser", external: ["electron"] });
  await build.write({ file: join(folder, file), format: "cjs", sourcemap: true });
  const sources = await build.watchFiles;
  await build.close();
  return { files: [file, `${file}.map`], sources };
}

/**
 * @param {string} folder
 * @param {Record<string, string>} entries
 * @returns {Promise<Bundled>}
 */
async function bundlePrograms(folder, entries) {
  const { rolldown } = await import("rolldown");
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(entries).map(([file, source]) => [file.replace(/\.mjs$/, ""), source])),
    platform: "node",
    external: (id) => !/^(\.|\0|[a-zA-Z]:)/.test(id) && !id.startsWith("/"),
    transform: { target: "node20.19" },
  });
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].mjs",
    chunkFileNames: "chunks/[name]-[hash].mjs",
  });
  const sources = await build.watchFiles;
  await build.close();
  return { files: output.map((file) => file.fileName), sources };
}

/** Everything that may end up in the window's page, which vite does not list: styles are made from what sources say. */
const PAGE_SOURCES = ["renderer", "shared/base", "shared/ipc"];
const PAGE_CONFIG = "build/renderer.vite.config.ts";

/**
 * In a process of its own: vite and its plugins are large, and what is started afterwards may run here for weeks.
 * @param {string} folder
 * @returns {Promise<Bundled>}
 */
async function bundlePage(folder) {
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const to = ["--outDir", join(folder, "renderer"), "--emptyOutDir", "--logLevel", "warn"];
  // A test runner says NODE_ENV=test, of which vite makes a page with React's own checks: half as large again, and slow.
  const env = { NODE_ENV: "production" };
  const { code, output } = await finish(process.execPath, [vite, "build", "--config", PAGE_CONFIG, ...to], "hold", env);
  // What went wrong, without where in vite it did.
  if (code !== 0) throw new SetupError(output.replace(/^ {4}at .*\n?/gm, "").trim());
  return { files: filesBelow(folder, "renderer"), sources: pageSources() };
}

function pageSources() {
  return [...PAGE_SOURCES.flatMap((folder) => filesBelow(root, folder)), PAGE_CONFIG, "package-lock.json"];
}

/**
 * @param {string} top
 * @param {string} folder below it
 * @returns {string[]} every file in it, as a path below the top
 */
function filesBelow(top, folder) {
  return readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/**
 * @param {readonly string[]} sources
 * @param {number} begun when the bundler started to read
 * @returns {Input[]}
 */
function inputsOf(sources, begun) {
  return sources.map((source) => {
    const file = resolve(root, source);
    const modified = statSync(file).mtimeMs;
    const path = relative(root, file);
    return modified < begun
      ? { path, modified, sha256: sha256(readFileSync(file)) }
      : { path, modified: 0, sha256: "" };
  });
}

/**
 * @param {string} scratch
 * @param {readonly string[]} files
 */
function moveIntoPlace(scratch, files) {
  const now = new Date();
  for (const file of files) {
    const to = join(dist, file);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(join(scratch, file), to);
    utimesSync(to, now, now);
  }
}

/** Folders of files that are named by their content, so that those of older builds pile up. */
const CHUNK_FOLDERS = ["chunks", "renderer/assets"];

/** Removes chunks that no target's newest build holds and that no program can still be waiting for. */
function removeOldChunks() {
  const current = new Set(
    allTargets().flatMap((target) => {
      const text = readIfThere(manifestFile(target));
      return text === undefined ? [] : /** @type {Manifest} */ (JSON.parse(text)).outputs;
    }),
  );
  for (const folder of CHUNK_FOLDERS.filter((name) => existsSync(join(dist, name)))) {
    for (const file of filesBelow(dist, folder)) {
      const old = Date.now() - statSync(join(dist, file)).mtimeMs > OLD_CHUNK_MS;
      if (old && !current.has(file)) rmSync(join(dist, file), { force: true });
    }
  }
}

/** @param {string[]} names */
async function main(names) {
  const unknown = names.find((name) => !(name in targets));
  if (unknown) throw new SetupError(`there is no target "${unknown}": ${allTargets().join(", ")}`);
  await ensureInstalled();
  const started = Date.now();
  await ensureBuilt(names.length > 0 ? /** @type {Target[]} */ (names) : allTargets());
  sayToStderr(`dist/ is up to date (${seconds(started)})`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2)).catch(exitOnSetupError);
