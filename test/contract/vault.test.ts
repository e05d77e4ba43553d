import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import { createFileSecretStore } from "../../electron/adapters/secrets/file.ts";
import { createVault } from "../../electron/adapters/vault/vault.ts";
import type { DamagedDocument, Vault } from "../../shared/identity/ports.ts";
import { FakeVault } from "../fakes/vault.ts";

/** The sentences every Vault must make true. `damage` spoils what is kept of a document. */
function vaultContract(open: () => { readonly vault: Vault; damage(name: string): void }): void {
  it("has nothing under a name that was never set", async () => {
    expect(await open().vault.get("rooms")).toBeUndefined();
  });

  it("gives back what was set, byte for byte", async () => {
    const { vault } = open();
    const text = 'quotes " and \\ and \n lines, ünïcödé 🔑, trailing space ';
    await vault.set("rooms", text);
    expect(await vault.get("rooms")).toBe(text);
    await vault.set("rooms", "");
    expect(await vault.get("rooms")).toBe("");
  });

  it("takes documents that are longer than any keychain's secret", async () => {
    const { vault } = open();
    const text = "a policy ".repeat(100_000);
    await vault.set("trust", text);
    expect(await vault.get("trust")).toBe(text);
  });

  it("keeps names apart, and forgets what is deleted, and only that", async () => {
    const { vault } = open();
    await vault.set("rooms", "a");
    await vault.set("known-members", "b");
    await vault.delete("rooms");
    await vault.delete("rooms");
    expect(await vault.get("rooms")).toBeUndefined();
    expect(await vault.get("known-members")).toBe("b");
  });

  it("ends with what was set last when much is set at once", async () => {
    const { vault } = open();
    await Promise.all(Array.from({ length: 12 }, (_, i) => vault.set("rooms", `state ${i}`)));
    expect(await vault.get("rooms")).toBe("state 11");
  });

  it("tells once of a document that is damaged, goes on without it, and with what is set then", async () => {
    const { vault, damage } = open();
    const told: DamagedDocument[] = [];
    vault.events.on("damaged", (document) => told.push(document));
    await vault.set("rooms", "a");
    await vault.set("trust", "b");
    damage("rooms");
    expect(await vault.get("rooms")).toBeUndefined();
    expect(await vault.get("rooms")).toBeUndefined();
    expect(told).toMatchObject([{ code: "vault_damaged", name: "rooms" }]);
    await vault.set("rooms", "anew");
    expect(await vault.get("rooms")).toBe("anew");
    expect(await vault.get("trust")).toBe("b");
    expect(told).toHaveLength(1);
  });
}

describe("the fake vault", () => {
  vaultContract(() => {
    const vault = new FakeVault();
    return { vault, damage: (name) => vault.damage(name) };
  });
});

describe("the vault of a profile", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "govpn-vault-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  vaultContract(() => {
    const secrets = createFileSecretStore(join(folder, "secrets.json"));
    return {
      vault: createVault({ profileDir: folder, secrets, random: secureRandom }),
      damage: (name) => {
        const files = readdirSync(join(folder, "vault")).filter((file) => file.startsWith(`${name}.`));
        for (const file of files) writeFileSync(join(folder, "vault", file), "{}");
      },
    };
  });
});
