import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A checkout with the real launchers, the bundler as its one installed package, and a program of a few lines. */
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "govpn-checkout-"));
  cpSync(join(root, "build"), join(checkout, "build"), { recursive: true });
  cpSync(join(root, "package-lock.json"), join(checkout, "package-lock.json"));
  const lock = readFileSync(join(checkout, "package-lock.json"));
  // Stamped as installed, so that no test ever starts npm.
  write("node_modules/.govpn-installed", createHash("sha256").update(lock).digest("hex"));
  symlinkSync(join(root, "node_modules/rolldown"), join(checkout, "node_modules/rolldown"));
  write("package.json", '{ "type": "module" }');
  write("electron/cli/word.ts", 'export const word: string = "first";\n');
  write(
    "electron/cli/main.ts",
    'import { word } from "./word.ts";\n\nconsole.log(word, process.argv.slice(2).join("|"));\n',
  );
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function write(file: string, text: string) {
  const path = join(checkout, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function launch(launcher: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`build/${launcher}.mjs`, ...args], {
    cwd: checkout,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the bundler", () => {
  it("bundles what is stale and leaves the rest", () => {
    expect(launch("bundle", "govpn").stderr).toMatch(/Built dist\/govpn\.mjs/);
    expect(launch("bundle", "govpn").stderr).not.toMatch(/Built/);
    write("electron/cli/word.ts", 'export const word: string = "second";\n');
    expect(launch("bundle", "govpn").stderr).toMatch(/Built/);
    expect(launch("govpn").stdout).toBe("second \n");
  });

  it("goes by content: a file that was only touched is not stale", () => {
    launch("bundle", "govpn");
    const later = new Date(Date.now() + 5000);
    utimesSync(join(checkout, "electron/cli/word.ts"), later, later);
    expect(launch("bundle", "govpn").stderr).not.toMatch(/Built/);
  });

  it("makes what was deleted again", () => {
    launch("bundle", "govpn");
    rmSync(join(checkout, "dist/govpn.mjs"));
    expect(launch("bundle", "govpn").stderr).toMatch(/Built/);
  });

  it("says in a sentence what is wrong with a source, and leaves the old bundle as it was", () => {
    launch("bundle", "govpn");
    const before = statSync(join(checkout, "dist/govpn.mjs")).mtimeMs;
    write("electron/cli/word.ts", "export const word: string = ;\n");
    const failed = launch("bundle", "govpn");
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/^govpn: the bundle "govpn" could not be made: /m);
    expect(failed.stderr).not.toMatch(/\n {4}at /);
    expect(statSync(join(checkout, "dist/govpn.mjs")).mtimeMs).toBe(before);
    expect(readdirSync(join(checkout, "dist/.build"))).toEqual(["govpn.json"]);
  });

  it("loads a part of the program only when it is asked for", () => {
    write("electron/cli/heavy.ts", 'console.log("heavy is loaded");\n\nexport const heavy = 1;\n');
    write("electron/cli/main.ts", 'if (process.argv[2] === "heavy") await import("./heavy.ts");\n');
    expect(launch("govpn", "heavy").stdout).toBe("heavy is loaded\n");
    expect(launch("govpn").stdout).toBe("");
    expect(readdirSync(join(checkout, "dist/chunks")).filter((file) => /^heavy-.*\.mjs$/.test(file))).toHaveLength(1);
  });

  it("refuses a target that it does not know", () => {
    expect(launch("bundle", "nothing")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/no target "nothing"/),
    });
  });
});

describe("the window's page", () => {
  beforeEach(() => {
    symlinkSync(join(root, "node_modules/vite"), join(checkout, "node_modules/vite"));
    // Without our own plug-ins, which would have to be installed too.
    write("build/renderer.vite.config.ts", 'export default { root: "renderer", base: "./" };\n');
    write("renderer/index.html", '<!doctype html><script type="module" src="./main.ts"></script>\n');
    write("renderer/main.ts", 'document.title = "first";\n');
    for (const folder of ["shared/base", "shared/ipc"]) mkdirSync(join(checkout, folder), { recursive: true });
  });

  const assets = () => readdirSync(join(checkout, "dist/renderer/assets"));

  it("is bundled with files that are named by their content", () => {
    expect(launch("bundle", "renderer").stderr).toMatch(/Built dist\/renderer\/index\.html \(2 files\)/);
    const [script = ""] = assets();
    expect(script).toMatch(/^index-[\w-]{8}\.js$/);
    expect(readFileSync(join(checkout, "dist/renderer/index.html"), "utf8")).toContain(`src="./assets/${script}"`);
    expect(launch("bundle", "renderer").stderr).not.toMatch(/Built/);
  });

  it("is stale when a source was changed, added or removed, and leaves the old page's files for who has it open", () => {
    launch("bundle", "renderer");
    const [before = ""] = assets();
    write("renderer/main.ts", 'document.title = "second";\n');
    expect(launch("bundle", "renderer").stderr).toMatch(/Built/);
    expect(assets()).toHaveLength(2);
    expect(assets()).toContain(before);
    write("renderer/another.ts", "export {};\n");
    expect(launch("bundle", "renderer").stderr).toMatch(/Built/);
    rmSync(join(checkout, "renderer/another.ts"));
    expect(launch("bundle", "renderer").stderr).toMatch(/Built/);
    expect(launch("bundle", "renderer").stderr).not.toMatch(/Built/);
  });

  it("is said in a sentence not to be made, and the programs are made all the same", () => {
    write("renderer/main.ts", 'import "./nowhere.ts";\n');
    const failed = launch("bundle");
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/Built dist\/govpn\.mjs/);
    expect(failed.stderr).toMatch(/the bundle "renderer" could not be made: .*nowhere/s);
    expect(failed.stderr).not.toMatch(/\n {4}at /);
  });
});

describe("npm run govpn", () => {
  it("passes arguments on as they are, and keeps standard output for the program", () => {
    expect(launch("govpn", "a b", "--json", "")).toMatchObject({ status: 0, stdout: "first a b|--json|\n" });
  });

  it("is silent when there is nothing to do", () => {
    launch("govpn");
    expect(launch("govpn").stderr).toBe("");
  });

  it("ends as the program ends", () => {
    write("electron/cli/main.ts", "process.exitCode = 2;\n");
    expect(launch("govpn").status).toBe(2);
  });

  it("names the source line when the program throws", () => {
    write(
      "electron/cli/main.ts",
      'type Text = string;\n\nconst words: Text = "gone wrong";\nthrow new Error(words);\n',
    );
    expect(launch("govpn")).toMatchObject({ status: 1, stderr: expect.stringMatching(/electron\/cli\/main\.ts:4/) });
  });

  it.each(["SIGINT", "SIGTERM"] as const)("hands the program its %s", async (signal) => {
    write(
      "electron/cli/main.ts",
      `const wait = setInterval(() => {}, 1000);
process.once("${signal}", () => {
  console.log("asked to end");
  clearInterval(wait);
  process.exitCode = 7;
});
console.log("ready");
`,
    );
    const child = spawn(process.execPath, ["build/govpn.mjs"], { cwd: checkout, stdio: ["ignore", "pipe", "ignore"] });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout === "ready\n") child.kill(signal);
    });
    const [code] = await once(child, "close");
    expect([code, stdout]).toEqual([7, "ready\nasked to end\n"]);
  });
});

describe("npm start", () => {
  it("sets up, saying so, and runs `govpn start` with what it was given", () => {
    const { status, stdout, stderr } = launch("start", "--port", "1");
    expect(stderr).toMatch(/^GoVPN Desktop on Node [^\n]+\nBuilt dist\/govpn\.mjs/);
    expect([status, stdout]).toEqual([0, "first start|--ui|--port|1\n"]);
    // Options are the headless host's: whoever gives them does not miss an app.
    expect(stderr).not.toMatch(/desktop app/);
  });

  it("says in one line why there is no desktop app, and serves the user interface to a browser", () => {
    const { status, stdout, stderr } = launch("start");
    expect([status, stdout]).toEqual([0, "first start|--ui\n"]);
    expect(stderr).toMatch(/^No desktop app: [^\n]+\. Its user interface is served to a browser instead\.$/m);
  });
});

describe("npm run bench", () => {
  it("lists the benchmarks", () => {
    expect(launch("bench").stdout).toBe("There are no benchmarks\n");
    write("test/bench/lanes.ts", "console.log(process.argv.slice(2));\n");
    write("test/bench/signaling.ts", "export {};\n");
    expect(launch("bench").stdout).toBe("npm run bench -- NAME\n  lanes\n  signaling\n");
    expect(existsSync(join(checkout, "dist"))).toBe(false);
  });
});

describe("npm test", () => {
  beforeEach(() => symlinkSync(join(root, "node_modules/vitest"), join(checkout, "node_modules/vitest")));

  /** The end of what it prints. The checkout's bundles cannot be made: that is a failure of its own. */
  function end(project: string): string {
    write(
      `test/${project}/shy.test.ts`,
      `import { expect, it } from "vitest";
let tries = 0;
it("comes when it is called twice", () => expect(++tries, "called once").toBe(2));
it("never comes", () => expect(tries, "not at all").toBe(-1));
`,
    );
    const { stdout } = launch("test", project, `test/${project}/shy.test.ts`);
    return stdout.slice(stdout.lastIndexOf("Slowest files"));
  }

  it("names a test on real time that passed on its second try, with what went wrong at first", () => {
    const printed = end("contract");
    expect(printed).toMatch(
      /^Passed on the second try\n {2}test\/contract\/shy\.test\.ts > comes when it is called twice: called once.*\n\n/m,
    );
    expect(printed).toMatch(/^Failed\n {2}bundles: .+\n {2}test\/contract\/shy\.test\.ts > never comes: not at all/m);
    expect(printed).toMatch(/\n1 passed, 2 failed, 0 skipped\n$/);
  });

  it("gives a test on a fake clock no second try", () => {
    const printed = end("unit");
    expect(printed).not.toContain("second try");
    expect(printed).toMatch(/\n0 passed, 3 failed, 0 skipped\n$/);
  });

  it("runs the specs of the window on Electron alone where it is told to, and says why it cannot", () => {
    const { status, stderr } = launch("test", "e2e", "--electron");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^govpn: there is no Electron here: .+\n$/),
    });
    expect(launch("test", "unit", "--electron")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("e2e alone"),
    });
  });
});
