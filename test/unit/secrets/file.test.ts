import { chmodSync, chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { createFileSecretStore } from "../../../electron/adapters/secrets/file.ts";
import { createSealedFileSecretStore } from "../../../electron/adapters/secrets/sealed-file.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { useTemporaryFolder } from "../profile/temporary-folder.ts";

const folder = useTemporaryFolder();
const path = () => join(folder(), "secrets.json");
const isUnix = process.platform !== "win32";

const stores: readonly [string, () => SecretStore][] = [
  ["the file store", () => createFileSecretStore(path())],
  ["the sealed-file store", () => sealed("correct horse")],
];

describe.each(stores)("%s", (_name, open) => {
  it.runIf(isUnix)("writes a file that only its owner may open", async () => {
    await open().set("identity", "secret");
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it.runIf(isUnix).each([0o640, 0o604, 0o602, 0o610])(
    "refuses a file of mode %o, and says how to mend it",
    async (mode) => {
      await open().set("identity", "secret");
      chmodSync(path(), mode);
      const refusal = { code: "unsafe_permissions", message: expect.stringContaining(`chmod 600 ${path()}`) };
      await expect(open().get("identity")).rejects.toMatchObject(refusal);
      await expect(open().set("identity", "other")).rejects.toMatchObject(refusal);
      chmodSync(path(), 0o600);
      expect(await open().get("identity")).toBe("secret");
    },
  );

  it.runIf(process.getuid?.() === 0)("refuses a file of another user", async () => {
    await open().set("identity", "secret");
    chownSync(path(), 12345, 12345);
    await expect(open().get("identity")).rejects.toMatchObject({ code: "unsafe_owner" });
  });

  it.runIf(isUnix)("refuses a link, wherever it leads", async () => {
    writeFileSync(join(folder(), "elsewhere"), "{}", { mode: 0o600 });
    symlinkSync(join(folder(), "elsewhere"), path());
    await expect(open().get("identity")).rejects.toMatchObject({ code: "unreadable" });
  });

  it.each(["", "{", "[]", '{"v":1}', '{"v":2,"secrets":{}}', '{"v":1,"secrets":{"identity":7}}'])(
    "refuses the damaged content %j without quoting it, and does not overwrite it",
    async (content) => {
      writeFileSync(path(), content, { mode: 0o600 });
      await expect(open().get("identity")).rejects.toMatchObject({
        code: expect.stringMatching(/^(unreadable|envelope_damaged)$/),
      });
      await expect(open().set("identity", "x")).rejects.toThrow();
      expect(readFileSync(path(), "utf8")).toBe(content);
    },
  );

  it("sees what another process has stored meanwhile", async () => {
    const store = open();
    await store.set("identity", "old");
    await open().set("identity", "new");
    expect(await store.get("identity")).toBe("new");
  });
});

describe("the sealed-file store", () => {
  it("shows nothing of a secret, or of its name, in the file", async () => {
    await sealed("correct horse").set("identity", "the-secret-itself");
    expect(readFileSync(path(), "utf8")).not.toMatch(/the-secret-itself|identity/);
  });

  it("rejects a wrong passphrase in every call, and changes nothing", async () => {
    await sealed("correct horse").set("identity", "secret");
    const before = readFileSync(path(), "utf8");
    const intruder = sealed("battery staple");
    const refusal = { code: "wrong_passphrase" };
    await expect(intruder.get("identity")).rejects.toMatchObject(refusal);
    await expect(intruder.set("identity", "theirs")).rejects.toMatchObject(refusal);
    await expect(intruder.delete("identity")).rejects.toMatchObject(refusal);
    await expect(intruder.names()).rejects.toMatchObject(refusal);
    await expect(intruder.reseal("battery staple")).rejects.toMatchObject(refusal);
    expect(readFileSync(path(), "utf8")).toBe(before);
  });

  it("opens under a new passphrase only, once it was sealed anew, and stays open for who did it", async () => {
    const store = sealed("correct horse");
    await store.set("identity", "secret");
    const other = sealed("correct horse");
    expect(await other.get("identity")).toBe("secret");
    await store.reseal("battery staple");
    expect(await store.get("identity")).toBe("secret");
    expect(await sealed("battery staple").get("identity")).toBe("secret");
    await expect(sealed("correct horse").get("identity")).rejects.toMatchObject({ code: "wrong_passphrase" });
    // One that was open from before must not go on with the old key either.
    await expect(other.get("identity")).rejects.toMatchObject({ code: "wrong_passphrase" });
  });

  it("never writes two envelopes with one nonce", async () => {
    const store = sealed("correct horse");
    const nonces = new Set<string>();
    for (let i = 0; i < 5; i++) {
      await store.set("identity", "same");
      nonces.add(JSON.parse(readFileSync(path(), "utf8")).cipher.nonce);
    }
    expect(nonces.size).toBe(5);
  });
});

function sealed(passphrase: string) {
  return createSealedFileSecretStore({ path: path(), passphrase, random: secureRandom, log2N: 10 });
}
