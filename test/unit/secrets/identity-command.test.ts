import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { openProfile } from "../../../electron/adapters/profile/profile.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import type { Keychain } from "../../../electron/adapters/secrets/open.ts";
import { openSecretStore } from "../../../electron/adapters/secrets/open.ts";
import { identityCommand } from "../../../electron/cli/commands/identity.ts";
import { askHidden } from "../../../electron/cli/commands/passphrase.ts";
import { loadIdentity } from "../../../electron/main/identity/identity.ts";
import { FailureError } from "../../../shared/base/result.ts";
import { useTemporaryFolder } from "../profile/temporary-folder.ts";

const folder = useTemporaryFolder();
const profile = (name: string) => join(folder(), name);
const noKeychain: Keychain = {
  probe: () => Promise.reject(new FailureError({ code: "keychain_unavailable", message: "There is no keychain." })),
  open: () => {
    throw new Error("there is no keychain");
  },
};

/** What a run of the command line printed, and its exit status. */
interface Ran {
  readonly status: number | undefined;
  readonly said: string;
  readonly events: readonly Record<string, unknown>[];
  readonly complaint: string | undefined;
  readonly asked: readonly string[];
}

interface World {
  readonly env?: Record<string, string>;
  /** What is typed at hidden prompts, in turn. */
  readonly typed?: readonly string[];
  readonly input?: string;
}

async function govpn(args: readonly string[], { env = {}, typed, input = "" }: World = {}): Promise<Ran> {
  const said: string[] = [];
  const events: Record<string, unknown>[] = [];
  const asked: string[] = [];
  const answers = [...(typed ?? [])];
  let status: number | undefined;
  let complaint: string | undefined;
  const ports = {
    env,
    askHidden: async (question: string) => {
      asked.push(question);
      return answers.shift();
    },
    createOutput: (json: boolean) => ({
      json,
      say: (line = "") => {
        // The real one takes a line at a time, and makes a line break visible.
        expect(line).not.toMatch(/[\r\n]/);
        said.push(line);
      },
      emit: (event: object) => void events.push({ ...event }),
      complain: (code: string, message: string) => {
        complaint = `${code}: ${message}`;
      },
    }),
    exit: (code: number) => {
      status = code;
    },
    readInput: async () => input,
    keychain: noKeychain,
    log2N: 10,
  };
  const command = identityCommand(ports);
  const root = command.createCommand("govpn").option("--profile <dir>").option("--json").exitOverride();
  await root.addCommand(command).parseAsync(["node", "govpn", ...args]);
  return { status, said: said.join("\n"), events, complaint, asked };
}

let publicKey = "";
beforeEach(async () => {
  publicKey = await makeIdentity(profile("a"));
});

describe("govpn identity show", () => {
  it("prints key, addresses and store, and the warning of a plain file", async () => {
    const ran = await govpn(["--profile", profile("a"), "identity", "show"]);
    expect(ran.status).toBe(0);
    expect(ran.said).toContain(publicKey);
    expect(ran.said).toMatch(/100\.\d+\.\d+\.\d+, fd67:6f76:706e:/);
    expect(ran.said).toContain("unencrypted");
    expect(ran.events).toMatchObject([{ event: "identity", publicKey, store: "file" }]);
  });

  it("makes no identity where there is none", async () => {
    const ran = await govpn(["--profile", profile("new"), "identity", "show"]);
    expect(ran).toMatchObject({ status: 1, complaint: expect.stringMatching(/^no_identity: .*govpn up/) });
    expect(existsSync(join(profile("new"), "secrets.json"))).toBe(false);
  });
});

describe("govpn identity export and import", () => {
  it("take an identity to another profile, with the passphrase typed", async () => {
    const file = join(folder(), "identity.txt");
    const typed = ["correct horse", "correct horse"];
    const exported = await govpn(["--profile", profile("a"), "identity", "export", "--out", file], { typed });
    expect(exported).toMatchObject({ status: 0, asked: [expect.stringContaining("seal"), "Again: "] });
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const args = ["--profile", profile("b"), "identity", "import", file];
    const imported = await govpn(args, { typed: ["correct horse"] });
    expect(imported.status).toBe(0);
    expect(imported.events).toMatchObject([{ event: "imported", publicKey, changed: true }]);
    expect((await govpn(["--profile", profile("b"), "identity", "show"])).said).toContain(publicKey);
  });

  it("work through a pipe, with passphrases from a file and from the environment", async () => {
    const file = join(folder(), "passphrase");
    writeFileSync(file, "correct horse\n");
    const args = ["--profile", profile("a"), "--json", "identity", "export", "--passphrase-file", file];
    const { events, asked } = await govpn(args);
    expect(asked).toEqual([]);
    const input = String(events[0]?.text);
    const world = { input, env: { GOVPN_PASSPHRASE: "correct horse" } };
    const imported = await govpn(["--profile", profile("b"), "identity", "import", "-"], world);
    // The passphrase in the environment also seals the new profile's store.
    expect(imported.events).toMatchObject([{ publicKey, store: "sealed-file" }]);
  });

  it("do not overwrite an older export", async () => {
    const file = join(folder(), "identity.txt");
    writeFileSync(file, "older");
    const env = { GOVPN_PASSPHRASE: "correct horse" };
    const ran = await govpn(["--profile", profile("a"), "identity", "export", "--out", file], { env });
    expect(ran).toMatchObject({ status: 1, complaint: expect.stringContaining("export_not_written") });
    expect(readFileSync(file, "utf8")).toBe("older");
  });

  it("refuse passphrases that differ, are short, or are not given", async () => {
    const args = ["--profile", profile("a"), "identity", "export"];
    const complaintOf = async (world: World) => (await govpn(args, world)).complaint;
    expect(await complaintOf({ typed: ["correct horse", "correct hoarse"] })).toContain("passphrases_differ");
    expect(await complaintOf({ typed: ["short", "short"] })).toContain("passphrase_too_short");
    expect(await complaintOf({})).toContain("GOVPN_PASSPHRASE");
  });

  it("replace another identity only when told to", async () => {
    const env = { GOVPN_PASSPHRASE: "correct horse" };
    const { said: input } = await govpn(["--profile", profile("a"), "identity", "export"], { env });
    const other = await makeIdentity(profile("b"));
    const args = ["--profile", profile("b"), "identity", "import", "-"];
    expect(await govpn(args, { env, input })).toMatchObject({
      status: 1,
      complaint: expect.stringMatching(/^identity_exists: .*--replace/),
    });
    const trust = join(profile("b"), "vault", "trust.sealed.json");
    mkdirSync(join(trust, ".."), { mode: 0o700 });
    writeFileSync(trust, "the room keys of the other", { mode: 0o600 });
    const replaced = await govpn([...args, "--replace"], { env, input });
    expect(replaced).toMatchObject({ status: 0, events: [{ publicKey, replaced: other }] });
    expect(existsSync(trust)).toBe(false);
  });

  it("refuse to change an identity under a running GoVPN", async () => {
    const opened = await openProfile(profile("a"));
    const lock = opened.ok ? await opened.value.lock() : opened;
    if (!lock.ok) throw new Error(lock.error.message);
    const ran = await govpn(["--profile", profile("a"), "identity", "move", "--to", "sealed"], {
      env: { GOVPN_PASSPHRASE: "correct horse" },
    });
    expect(ran).toMatchObject({ status: 1, complaint: expect.stringMatching(/^profile_in_use: .*govpn down/) });
    await lock.value.release();
  });
});

describe("govpn identity move", () => {
  const move = (...args: string[]) => ["--profile", profile("a"), "identity", "move", ...args];

  it("seals the key, changes the passphrase, and unseals it again", async () => {
    const sealed = await govpn(move("--to", "sealed"), { typed: ["correct horse", "correct horse"] });
    expect(sealed).toMatchObject({
      status: 0,
      events: [{ event: "moved", from: "file", to: "sealed-file", count: 1 }],
    });
    expect(existsSync(join(profile("a"), "secrets.json"))).toBe(false);

    const env = { GOVPN_PASSPHRASE: "correct horse", GOVPN_NEW_PASSPHRASE: "battery staple" };
    expect(await govpn(move("--to", "sealed"), { env })).toMatchObject({ status: 0 });
    const old = await govpn(move("--to", "file"), { env: { GOVPN_PASSPHRASE: "correct horse" } });
    expect(old).toMatchObject({ status: 1, complaint: "wrong_passphrase: The passphrase is wrong." });

    const back = await govpn(move("--to", "file"), { typed: ["battery staple"] });
    expect(back).toMatchObject({ status: 0, events: [{ from: "sealed-file", to: "file" }] });
    expect((await govpn(["--profile", profile("a"), "identity", "show"])).said).toContain(publicKey);
  });

  it("says why the keychain cannot take it, and leaves it where it is", async () => {
    const ran = await govpn(move("--to", "keychain"));
    expect(ran.status).toBe(1);
    expect((await govpn(["--profile", profile("a"), "identity", "show"])).status).toBe(0);
  });
});

describe("the secret key", () => {
  it("is in nothing that any of these commands prints", async () => {
    const secret = JSON.parse(readFileSync(join(profile("a"), "secrets.json"), "utf8")).secrets.identity;
    const env = { GOVPN_PASSPHRASE: "correct horse", GOVPN_NEW_PASSPHRASE: "battery staple" };
    const on = (...args: string[]) => ["--profile", profile("a"), "identity", ...args];
    const exported = await govpn(on("export"), { env });
    const input = exported.said;
    const runs = [
      exported,
      await govpn(on("show"), { env }),
      await govpn(on("import", "-"), { env, input }),
      await govpn(on("import", "-"), { env: { GOVPN_PASSPHRASE: "wrong wrong" }, input }),
      await govpn(on("move", "--to", "sealed"), { env }),
      await govpn(on("move", "--to", "file"), { env: {} }),
    ];
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 1, 0, 1]);
    for (const ran of runs) {
      expect(JSON.stringify(ran)).not.toContain(secret.slice(0, 16));
      expect(JSON.stringify(ran)).not.toMatch(/correct horse|battery staple/);
    }
  });
});

describe("a hidden question", () => {
  it("takes what is typed up to Enter, with corrections, and shows none of it", async () => {
    const { terminal, shown, type } = fakeTerminal();
    const answer = askHidden("Passphrase: ", terminal);
    type("wrong\u0015corrrr", "\u007f\u007fect horse\r");
    expect(await answer).toBe("correct horse");
    expect(shown.join("")).toBe("Passphrase: \n");
    expect(terminal.modes).toEqual([true, false]);
  });

  it("is given up at Ctrl+C", async () => {
    const { terminal, type } = fakeTerminal();
    const answer = askHidden("Passphrase: ", terminal);
    type("corr\u0003");
    expect(await answer).toBeUndefined();
    expect(terminal.modes).toEqual([true, false]);
  });

  it("is not asked where there is no terminal", async () => {
    expect(await askHidden("Passphrase: ", { input: new PassThrough(), output: process.stderr })).toBeUndefined();
  });
});

function fakeTerminal() {
  const shown: string[] = [];
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void modes.push(isRaw),
  });
  const terminal = { input, output: { write: (text: string) => void shown.push(text) }, modes };
  const type = (...texts: string[]) => {
    for (const text of texts) input.write(text);
  };
  return { terminal, shown, type };
}

async function makeIdentity(dir: string): Promise<string> {
  const opened = await openProfile(dir);
  if (!opened.ok) throw new Error(opened.error.message);
  const secrets = await openSecretStore({ profileDir: dir, prefer: "file" });
  const identity = secrets.ok ? await loadIdentity(secrets.value.store, secureRandom) : secrets;
  if (!identity.ok) throw new Error(identity.error.message);
  return identity.value.signer.publicKey;
}
