import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { moveSecrets } from "../../../electron/adapters/secrets/move.ts";
import {
  type Keychain,
  type OpenSecretStoreOptions,
  openSecretStore,
} from "../../../electron/adapters/secrets/open.ts";
import { FailureError } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";
import { useTemporaryFolder } from "../profile/temporary-folder.ts";

const folder = useTemporaryFolder();
const passphrase = "correct horse";
let keychain: FakeKeychain;
beforeEach(() => {
  keychain = new FakeKeychain();
});

describe("the first run", () => {
  it("uses the keychain when it works, and warns of nothing", async () => {
    const opened = await open();
    expect(opened.store.kind).toBe("keychain");
    expect(opened.warning).toBeUndefined();
  });

  it("uses the sealed file when there is a passphrase", async () => {
    expect((await open({ passphrase })).store.kind).toBe("sealed-file");
  });

  it("falls back to a plain file without a keychain, and says so and why", async () => {
    keychain.failWith("keychain_unavailable", "There is no keychain.");
    const { store, warning } = await open();
    expect(store.kind).toBe("file");
    expect(warning).toEqual({
      code: "secrets_in_plain_file",
      message: expect.stringContaining("There is no keychain"),
    });
  });

  it("does not fall back when the keychain was asked for", async () => {
    keychain.failWith("keychain_unavailable", "There is no keychain.");
    expect(await failureOf({ prefer: "keychain" })).toBe("keychain_unavailable");
  });

  it("wants a passphrase, and a decent one, for the sealed file", async () => {
    expect(await failureOf({ prefer: "sealed" })).toBe("passphrase_needed");
    expect(await failureOf({ passphrase: "short" })).toBe("passphrase_too_short");
  });

  it("leaves no trace of a choice until something is stored", async () => {
    keychain.failWith("keychain_unavailable", "There is no keychain.");
    const { store } = await open();
    await store.get("identity");
    expect(readdirSync(folder())).toEqual([]);
    keychain.works();
    expect((await open()).store.kind).toBe("keychain");
  });
});

describe("a later run", () => {
  it("fails when the keychain that has the identity is locked, and does not turn to a file", async () => {
    await (await open()).store.set("identity", "kept");
    keychain.failWith("keychain_locked", "The keychain is locked.");
    expect(await failureOf()).toBe("keychain_locked");
    expect(await failureOf({ passphrase })).toBe("keychain_locked");
    keychain.works();
    expect(await (await open()).store.get("identity")).toBe("kept");
  });

  it("keeps to the plain file though the keychain works by now, and warns again", async () => {
    await (await open({ prefer: "file" })).store.set("identity", "kept");
    const { store, warning } = await open({ passphrase });
    expect(await store.get("identity")).toBe("kept");
    expect(warning?.code).toBe("secrets_in_plain_file");
  });

  it("keeps to the keychain though there is a passphrase by now, and says that it is not used", async () => {
    await (await open()).store.set("identity", "kept");
    const { store, warning } = await open({ passphrase });
    expect(store.kind).toBe("keychain");
    expect(warning?.code).toBe("passphrase_not_used");
  });

  it("wants the passphrase of a sealed file, and the right one, before anything else happens", async () => {
    await (await open({ passphrase })).store.set("identity", "kept");
    expect(await failureOf()).toBe("passphrase_needed");
    expect(await failureOf({ passphrase: "battery staple" })).toBe("wrong_passphrase");
    expect(await (await open({ passphrase })).store.get("identity")).toBe("kept");
  });

  it("refuses to open another store than the one in use", async () => {
    await (await open()).store.set("identity", "kept");
    expect(await failureOf({ prefer: "file" })).toBe("secrets_elsewhere");
    expect(await failureOf({ prefer: "sealed", passphrase })).toBe("secrets_elsewhere");
  });

  it("fails when the keychain has lost what was put there, unless something is to be imported", async () => {
    await (await open()).store.set("identity", "kept");
    keychain.forgetEverything();
    expect(await failureOf()).toBe("secrets_missing");
    expect((await open({ allowMissing: true })).store.kind).toBe("keychain");
  });

  it("fails when the file that held the secrets is gone", async () => {
    await (await open({ prefer: "file" })).store.set("identity", "kept");
    rmSync(join(folder(), "secrets.json"));
    expect(await failureOf()).toBe("secrets_missing");
  });

  it("finds a file of secrets though the record of it is lost", async () => {
    await (await open({ prefer: "file" })).store.set("identity", "kept");
    rmSync(join(folder(), "secret-store.json"));
    expect(await (await open()).store.get("identity")).toBe("kept");
  });

  it("fails rather than guess when the record is damaged", async () => {
    writeFileSync(join(folder(), "secret-store.json"), "{", { mode: 0o600 });
    expect(await failureOf()).toBe("secret_store_unknown");
  });
});

describe("moving secrets", () => {
  const everyPair = (["keychain", "file", "sealed"] as const).flatMap((from) =>
    (["keychain", "file", "sealed"] as const).filter((to) => to !== from).map((to) => [from, to] as const),
  );

  it.each(everyPair)("from %s to %s takes everything along and leaves nothing behind", async (from, to) => {
    const { store } = await open({ prefer: from, ...(from === "sealed" ? { passphrase } : {}) });
    await store.set("identity", "kept");
    await store.set("other", "also kept");
    const moved = await moveSecrets({ ...common(), to, passphrase, newPassphrase: "battery staple" });
    expect(moved).toMatchObject({ ok: true, value: { count: 2 } });

    const after = await open(to === "sealed" ? { passphrase: "battery staple" } : {});
    expect(after.store.kind).toBe(to === "sealed" ? "sealed-file" : to);
    expect(await after.store.get("identity")).toBe("kept");
    expect(await after.store.get("other")).toBe("also kept");
    if (from === "keychain") expect(await keychain.store.names()).toEqual([]);
    if (from === "file") expect(existsSync(join(folder(), "secrets.json"))).toBe(false);
    if (from === "sealed") expect(existsSync(join(folder(), "secrets.sealed.json"))).toBe(false);
  });

  it("from a sealed file to a sealed file changes the passphrase", async () => {
    await (await open({ passphrase })).store.set("identity", "kept");
    await moveSecrets({ ...common(), to: "sealed", passphrase, newPassphrase: "battery staple" });
    expect(await failureOf({ passphrase })).toBe("wrong_passphrase");
    expect(await (await open({ passphrase: "battery staple" })).store.get("identity")).toBe("kept");
  });

  it("moves nothing when the new store cannot take it", async () => {
    await (await open({ prefer: "file" })).store.set("identity", "kept");
    keychain.failWith("keychain_locked", "The keychain is locked.");
    const moved = await moveSecrets({ ...common(), to: "keychain" });
    expect(moved).toMatchObject({ ok: false, error: { code: "keychain_locked" } });
    expect(await (await open()).store.get("identity")).toBe("kept");
  });

  it("moves nothing when the new store does not keep what it was given", async () => {
    await (await open({ prefer: "file" })).store.set("identity", "kept");
    keychain.keepsNothing();
    const moved = await moveSecrets({ ...common(), to: "keychain" });
    expect(moved).toMatchObject({ ok: false, error: { code: "not_kept" } });
    expect(await (await open()).store.get("identity")).toBe("kept");
  });

  it("sets aside a file that an interrupted move left where it wants to write", async () => {
    await (await open()).store.set("identity", "kept");
    writeFileSync(join(folder(), "secrets.json"), "left over", { mode: 0o600 });
    expect((await moveSecrets({ ...common(), to: "file" })).ok).toBe(true);
    expect(await (await open()).store.get("identity")).toBe("kept");
    expect(readdirSync(folder()).some((name) => name.startsWith("secrets.json.old-"))).toBe(true);
  });

  it("has nothing to do in an empty profile, or when they are there already", async () => {
    expect(await moveSecrets({ ...common(), to: "file" })).toMatchObject({ error: { code: "nothing_to_move" } });
    await (await open()).store.set("identity", "kept");
    expect(await moveSecrets({ ...common(), to: "keychain" })).toMatchObject({ error: { code: "already_there" } });
    expect(await moveSecrets({ ...common(), to: "sealed" })).toMatchObject({ error: { code: "passphrase_too_short" } });
  });
});

function common() {
  return { profileDir: folder(), keychain, log2N: 10 };
}

async function open(options: Partial<OpenSecretStoreOptions> = {}) {
  const opened = await openSecretStore({ ...common(), ...options });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

async function failureOf(options: Partial<OpenSecretStoreOptions> = {}): Promise<string> {
  const opened = await openSecretStore({ ...common(), ...options });
  return opened.ok ? `opened the ${opened.value.store.kind}` : opened.error.code;
}

class FakeKeychain implements Keychain {
  store = new FakeSecretStore("keychain");
  #isForgetful = false;

  failWith(code: string, message: string): void {
    this.store.failWith = new FailureError({ code, message });
  }

  works(): void {
    this.store.failWith = undefined;
  }

  forgetEverything(): void {
    this.store = new FakeSecretStore("keychain");
  }

  keepsNothing(): void {
    this.#isForgetful = true;
  }

  async probe(): Promise<void> {
    await this.store.names();
  }

  open(): SecretStore {
    const { store } = this;
    if (!this.#isForgetful) return store;
    return {
      kind: "keychain",
      get: async () => undefined,
      set: async () => {},
      delete: async () => {},
      names: async () => [],
    };
  }
}
