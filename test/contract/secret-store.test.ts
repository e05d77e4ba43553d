import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import { createFileSecretStore } from "../../electron/adapters/secrets/file.ts";
import { createKeychainSecretStore, probeKeychain } from "../../electron/adapters/secrets/keychain.ts";
import { createSealedFileSecretStore } from "../../electron/adapters/secrets/sealed-file.ts";
import type { SecretStore } from "../../shared/identity/ports.ts";
import { FakeSecretStore } from "../fakes/secrets.ts";
import { type KeyringSession, keyringMissing, startKeyringSession } from "./gnome-keyring.ts";

/** The sentences every SecretStore must make true. */
function secretStoreContract(open: () => SecretStore): void {
  it("has nothing under a name that was never set", async () => {
    const store = open();
    expect(await store.get("identity")).toBeUndefined();
    expect(await store.names()).toEqual([]);
  });

  it("gives back what was set, byte for byte", async () => {
    const store = open();
    const secret = 'quotes " and \\ and \n lines, ünïcödé 🔑, trailing space ';
    await store.set("identity", secret);
    expect(await store.get("identity")).toBe(secret);
  });

  it("replaces what was set before", async () => {
    const store = open();
    await store.set("identity", "old");
    await store.set("identity", "new");
    expect(await store.get("identity")).toBe("new");
    expect(await store.names()).toEqual(["identity"]);
  });

  it("keeps names apart and lists them", async () => {
    const store = open();
    await store.set("identity", "a");
    await store.set("room_pin/abc", "b");
    expect(await store.get("identity")).toBe("a");
    expect(await store.get("room_pin/abc")).toBe("b");
    expect([...(await store.names())].sort()).toEqual(["identity", "room_pin/abc"]);
  });

  it("takes a name that objects have by nature for a name like any other", async () => {
    const store = open();
    expect(await store.get("constructor")).toBeUndefined();
    await store.set("constructor", "x");
    expect(await store.get("constructor")).toBe("x");
  });

  it("forgets what is deleted, and only that", async () => {
    const store = open();
    await store.set("identity", "a");
    await store.set("other", "b");
    await store.delete("identity");
    expect(await store.get("identity")).toBeUndefined();
    expect(await store.names()).toEqual(["other"]);
  });

  it("does not mind deleting what is not there", async () => {
    const store = open();
    await expect(store.delete("identity")).resolves.toBeUndefined();
  });

  it("loses nothing when many are set at once", async () => {
    const store = open();
    const names = Array.from({ length: 12 }, (_, i) => `name-${i}`);
    await Promise.all(names.map((name) => store.set(name, `secret of ${name}`)));
    expect([...(await store.names())].sort()).toEqual([...names].sort());
    for (const name of names) expect(await store.get(name)).toBe(`secret of ${name}`);
  });
}

/** For stores that outlive the process: `open` opens the same one again, as the next start does. */
function lastingSecretStoreContract(open: () => SecretStore): void {
  secretStoreContract(open);

  it("still has it when opened again", async () => {
    await open().set("identity", "kept");
    expect(await open().get("identity")).toBe("kept");
  });
}

describe("the fake secret store", () => {
  secretStoreContract(() => new FakeSecretStore());
});

describe("the file secret store", () => {
  const folder = temporaryFolder();
  lastingSecretStoreContract(() => createFileSecretStore(join(folder(), "secrets.json")));
});

describe("the sealed-file secret store", () => {
  const folder = temporaryFolder();
  const open = () =>
    createSealedFileSecretStore({
      path: join(folder(), "secrets.sealed.json"),
      passphrase: "correct horse",
      random: secureRandom,
      log2N: 10,
    });
  lastingSecretStoreContract(open);
});

const missing = keyringMissing();
if (missing) console.warn(`skipped: the keychain store on a real keyring, because ${missing}`);

describe.skipIf(missing)("the keychain secret store on a real gnome-keyring", () => {
  let keyring: KeyringSession;
  let accounts = 0;
  let account = "";

  beforeAll(async () => {
    keyring = await startKeyringSession();
    process.env.DBUS_SESSION_BUS_ADDRESS = keyring.busAddress;
  });
  beforeEach(() => {
    account = `/profiles/${accounts++}`;
  });
  afterAll(() => keyring.stop());

  lastingSecretStoreContract(() => createKeychainSecretStore({ account }));

  it("passes its probe, and leaves nothing behind", async () => {
    await probeKeychain({ account });
    expect(await createKeychainSecretStore({ account }).get("probe")).toBeUndefined();
  });

  it("keeps two profiles apart", async () => {
    await createKeychainSecretStore({ account: "/one" }).set("identity", "1");
    await createKeychainSecretStore({ account: "/two" }).set("identity", "2");
    expect(await createKeychainSecretStore({ account: "/one" }).get("identity")).toBe("1");
  });

  it("says that it is locked when nobody unlocks it, instead of looking empty or being overwritten", async () => {
    const store = createKeychainSecretStore({ account });
    await store.set("identity", "kept");
    await keyring.lock();
    await expect(store.get("identity")).rejects.toMatchObject({ code: "keychain_locked" });
    await expect(store.set("identity", "overwritten")).rejects.toMatchObject({ code: "keychain_locked" });
    await expect(store.delete("identity")).rejects.toMatchObject({ code: "keychain_locked" });
    await expect(probeKeychain({ account })).rejects.toMatchObject({ code: "keychain_locked" });
    await keyring.unlock();
    expect(await store.get("identity")).toBe("kept");
  });
});

/** A new folder for each test of the surrounding describe. */
function temporaryFolder(): () => string {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "govpn-secrets-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return () => folder;
}
