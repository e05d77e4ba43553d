import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { DurableFiles } from "../../../electron/adapters/profile/atomic-file.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { moveSecrets } from "../../../electron/adapters/secrets/move.ts";
import { openSecretStore } from "../../../electron/adapters/secrets/open.ts";
import { inspectVault } from "../../../electron/adapters/vault/inspect.ts";
import { createVault } from "../../../electron/adapters/vault/vault.ts";
import { FailureError } from "../../../shared/base/result.ts";
import type { DamagedDocument, SecretStore } from "../../../shared/identity/ports.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";
import { failing, reached } from "../profile/failing-files.ts";
import { useTemporaryFolder } from "../profile/temporary-folder.ts";

const folder = useTemporaryFolder();
const fileOf = (name: string) => join(folder(), "vault", `${name}.sealed.json`);
const filesNow = () => (existsSync(join(folder(), "vault")) ? readdirSync(join(folder(), "vault")).sort() : []);

let secrets: FakeSecretStore;
let told: DamagedDocument[];
beforeEach(() => {
  secrets = new FakeSecretStore();
  told = [];
});

/** The vault of this profile as the next start of the program opens it. */
function open(store: SecretStore = secrets, files?: DurableFiles) {
  const vault = createVault({ profileDir: folder(), secrets: store, random: secureRandom, ...(files && { files }) });
  vault.events.on("damaged", (document) => told.push(document));
  return vault;
}

describe("a vault", () => {
  it("leaves no trace of being looked into", async () => {
    expect(await open().get("rooms")).toBeUndefined();
    await open().delete("rooms");
    expect(readdirSync(folder())).toEqual([]);
    expect(await secrets.names()).toEqual([]);
  });

  it("has its documents again at the next start", async () => {
    await open().set("rooms", "kept");
    expect(await open().get("rooms")).toBe("kept");
    expect(told).toEqual([]);
  });

  it("keeps one key in the secret store, short enough for every keychain", async () => {
    await open().set("rooms", "a");
    await open().set("trust", "b");
    expect(await secrets.names()).toEqual(["vault_key"]);
    expect(await secrets.get("vault_key")).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it("lets nobody else look: neither at the folder, nor at a file, nor at what is in it", async () => {
    await open().set("rooms", "the PIN is 4821");
    expect(statSync(join(folder(), "vault")).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf("rooms")).mode & 0o777).toBe(0o600);
    expect(readFileSync(fileOf("rooms"), "utf8")).not.toContain("4821");
  });

  it("refuses a document that could not be read again, and keeps the one there is", async () => {
    const vault = open();
    await vault.set("rooms", "kept");
    await expect(vault.set("rooms", "x".repeat(16 * 1024 * 1024 + 1))).rejects.toMatchObject({ code: "unwritable" });
    expect(await vault.get("rooms")).toBe("kept");
  });

  it("reads again a document that is as long as one may be", async () => {
    const text = "\\".repeat(16 * 1024 * 1024);
    await open().set("known-members", text);
    expect((await open().get("known-members"))?.length).toBe(text.length);
  });

  it.each(["../rooms", "a/b", "", "Rooms", "x".repeat(33)])("takes %j for no name", async (name) => {
    await expect(open().get(name)).rejects.toThrow("no name");
    await expect(open().set(name, "")).rejects.toThrow("no name");
    await expect(open().delete(name)).rejects.toThrow("no name");
  });

  it("works on after its key was wiped from memory", async () => {
    const vault = open();
    await vault.set("rooms", "kept");
    vault.dispose();
    expect(await vault.get("rooms")).toBe("kept");
    vault.dispose();
    await vault.set("rooms", "later");
    expect(await open().get("rooms")).toBe("later");
  });
});

describe("a document that cannot be opened", () => {
  const spoilt: [string, (text: string) => string][] = [
    ["empty", () => ""],
    ["cut", (text) => text.slice(0, text.length / 2)],
    [
      "changed in one character",
      (text) => text.replace(/("ciphertext": ".)(.)/, (_, a, b) => a + (b === "A" ? "B" : "A")),
    ],
    ["no document", () => "[]"],
  ];

  it.each(spoilt)("because it is %s, is set aside as it is, and told of", async (_, spoil) => {
    await open().set("rooms", "a");
    const damaged = spoil(readFileSync(fileOf("rooms"), "utf8"));
    writeFileSync(fileOf("rooms"), damaged);
    expect(await open().get("rooms")).toBeUndefined();
    expect(told).toEqual([
      {
        code: "vault_damaged",
        name: "rooms",
        movedTo: expect.stringMatching(/\/vault\/rooms\.sealed\.json\.damaged-\d{4}-\d\d-\d\dT/),
        message: expect.stringContaining(fileOf("rooms")),
      },
    ]);
    expect(readFileSync(told[0]!.movedTo, "utf8")).toBe(damaged);
    expect(await open().get("rooms")).toBeUndefined();
    expect(told).toHaveLength(1);
  });

  it("because it lies in another's place, is set aside, and the other is untouched", async () => {
    const vault = open();
    await vault.set("rooms", "a");
    await vault.set("trust", "b");
    renameSync(fileOf("trust"), fileOf("rooms"));
    expect(await open().get("rooms")).toBeUndefined();
    expect(told).toMatchObject([{ name: "rooms" }]);
  });

  it("because it is under another key, is set aside", async () => {
    await open().set("rooms", "a");
    const other = new FakeSecretStore();
    await other.set("vault_key", Buffer.alloc(32, 9).toString("base64"));
    expect(await open(other).get("rooms")).toBeUndefined();
    expect(told).toMatchObject([{ message: expect.stringContaining("another key") }]);
  });

  it("because the key is gone, is set aside, and a new key made for what comes then", async () => {
    await open().set("rooms", "a");
    await secrets.delete("vault_key");
    const vault = open();
    expect(await vault.get("rooms")).toBeUndefined();
    await vault.set("rooms", "anew");
    expect(await open().get("rooms")).toBe("anew");
    expect(told).toMatchObject([{ message: expect.stringContaining("not in the secret store") }]);
  });

  it("is never written over unread", async () => {
    await open().set("rooms", "a");
    writeFileSync(fileOf("rooms"), "damaged");
    await open().set("rooms", "anew");
    expect(readFileSync(told[0]!.movedTo, "utf8")).toBe("damaged");
    expect(await open().get("rooms")).toBe("anew");
  });

  it("is set aside with all others when a new key takes the place of a lost one", async () => {
    await open().set("rooms", "a");
    await open().set("trust", "b");
    await secrets.delete("vault_key");
    await open().set("known-members", "c");
    expect(told.map(({ name }) => name).sort()).toEqual(["rooms", "trust"]);
    expect(await open().get("known-members")).toBe("c");
  });

  it("keeps what the store has for a key, and is none, beside the new key", async () => {
    await secrets.set("vault_key", "no key");
    await open().set("rooms", "a");
    expect(await open().get("rooms")).toBe("a");
    expect(await secrets.get("vault_key_unusable")).toBe("no key");
  });

  it("stays where it is while the secret store cannot be asked", async () => {
    await open().set("rooms", "a");
    secrets.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    const vault = open();
    await expect(vault.get("rooms")).rejects.toMatchObject({ code: "keychain_locked" });
    await expect(vault.set("rooms", "b")).rejects.toMatchObject({ code: "keychain_locked" });
    secrets.failWith = undefined;
    expect(await vault.get("rooms")).toBe("a");
    expect(told).toEqual([]);
  });

  it("stays where it is when it cannot be set aside, and is not written over either", async () => {
    await open().set("rooms", "a");
    writeFileSync(fileOf("rooms"), "damaged");
    const vault = open(secrets, failing(0, "throws"));
    await expect(vault.get("rooms")).rejects.toMatchObject({ code: "unreadable" });
    expect(readFileSync(fileOf("rooms"), "utf8")).toBe("damaged");
    expect(told).toEqual([]);
  });

  it("that others may open, or that is a link, is refused as every file of secrets is", async () => {
    await open().set("rooms", "a");
    chmodSync(fileOf("rooms"), 0o644);
    await expect(open().get("rooms")).rejects.toMatchObject({ code: "unsafe_permissions" });
    chmodSync(fileOf("rooms"), 0o600);
    symlinkSync(fileOf("rooms"), fileOf("trust"));
    await expect(open().get("trust")).rejects.toMatchObject({ code: "unreadable" });
  });
});

describe("a store that does not keep the key", () => {
  it("is found out before anything is sealed under it", async () => {
    const forgetful: SecretStore = {
      kind: "keychain",
      get: async () => undefined,
      set: async () => undefined,
      delete: async () => undefined,
      names: async () => [],
    };
    await expect(open(forgetful).set("rooms", "a")).rejects.toMatchObject({ code: "not_kept" });
    expect(filesNow()).toEqual([]);
  });
});

describe("a write of the vault", () => {
  it("that is cut off at any call leaves the old document or the new, and never neither", async () => {
    const found: (string | undefined)[] = [];
    for (let call = 0; call <= 8; call++) {
      await open().set("rooms", "old");
      const files = failing(call, "dies");
      const ended = open(secrets, files).set("rooms", "new");
      await Promise.race([ended, reached(files, call)]);
      await files.release();
      found.push(await open().get("rooms"));
    }
    expect(found).toEqual([...Array(5).fill("old"), ...Array(4).fill("new")]);
    expect(told).toEqual([]);
  });

  it("that fails at any call says so, and the next one works", async () => {
    for (let call = 0; call < 8; call++) {
      await open().set("rooms", "old");
      const files = failing(call, "throws");
      const vault = open(secrets, files);
      await expect(vault.set("rooms", "new")).rejects.toMatchObject({ code: "unwritable" });
      await files.release();
      expect(["old", "new"]).toContain(await vault.get("rooms"));
      await vault.set("rooms", "newer");
      expect(await open().get("rooms")).toBe("newer");
    }
    expect(filesNow()).toEqual(["rooms.sealed.json"]);
    expect(told).toEqual([]);
  });

  it("does not stop the ones after it", async () => {
    const vault = open(secrets, failing(2, "throws"));
    const [first, second] = await Promise.allSettled([vault.set("rooms", "a"), vault.set("rooms", "b")]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
    expect(await open().get("rooms")).toBe("b");
  });
});

describe("a look at the vault", () => {
  it("tells which documents open, which do not, and what was set aside, and changes nothing", async () => {
    expect(await inspectVault(folder(), secrets)).toMatchObject({ documents: [], unopenable: [], setAside: [] });
    await open().set("rooms", "a");
    await open().set("trust", "b");
    writeFileSync(fileOf("trust"), "damaged");
    const before = filesNow();
    expect(await inspectVault(folder(), secrets)).toEqual({
      dir: join(folder(), "vault"),
      documents: ["rooms"],
      unopenable: ["trust"],
      setAside: [],
    });
    expect(filesNow()).toEqual(before);
    await open().get("trust");
    expect(await inspectVault(folder(), secrets)).toMatchObject({
      unopenable: [],
      setAside: [expect.stringMatching(/^trust\.sealed\.json\.damaged-/)],
    });
    await secrets.delete("vault_key");
    expect(await inspectVault(folder(), secrets)).toMatchObject({ documents: [], unopenable: ["rooms"] });
  });
});

describe("the vault's key", () => {
  it("moves with the other secrets, to a sealed file and on, and the documents stay where they are", async () => {
    const profileDir = folder();
    const keychain = { probe: async () => undefined, open: () => secrets };
    const first = await openSecretStore({ profileDir, keychain });
    if (!first.ok) throw new Error(first.error.message);
    await first.value.store.set("identity", "a key");
    await open(first.value.store).set("rooms", "kept");
    const passphrase = "correct horse";
    expect(
      await moveSecrets({ profileDir, keychain, to: "sealed", newPassphrase: passphrase, log2N: 4 }),
    ).toMatchObject({
      ok: true,
      value: { count: 2 },
    });
    expect(await secrets.names()).toEqual([]);
    const sealed = await openSecretStore({ profileDir, keychain, passphrase });
    if (!sealed.ok) throw new Error(sealed.error.message);
    expect(await open(sealed.value.store).get("rooms")).toBe("kept");
    expect(await moveSecrets({ profileDir, keychain, to: "file", passphrase, log2N: 4 })).toMatchObject({ ok: true });
    const plain = await openSecretStore({ profileDir, keychain });
    if (!plain.ok) throw new Error(plain.error.message);
    expect(await open(plain.value.store).get("rooms")).toBe("kept");
    expect(told).toEqual([]);
  });
});
