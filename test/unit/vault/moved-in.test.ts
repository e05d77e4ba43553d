import { beforeEach, describe, expect, it } from "vitest";
import { movedIn } from "../../../electron/adapters/vault/moved-in.ts";
import { FailureError } from "../../../shared/base/result.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";
import { FakeVault } from "../../fakes/vault.ts";

let secrets: FakeSecretStore;
let inner: FakeVault;
beforeEach(async () => {
  secrets = new FakeSecretStore();
  inner = new FakeVault();
  await secrets.set("identity", "the identity");
  await secrets.set("rooms", "from before");
});

const start = () => movedIn(inner, secrets, "rooms");

describe("a document that earlier versions kept in the secret store", () => {
  it("moves into the vault when it is first asked for, and nothing else does", async () => {
    expect(await start().get("rooms")).toBe("from before");
    expect(await inner.get("rooms")).toBe("from before");
    expect(await secrets.names()).toEqual(["identity"]);
    expect(await start().get("rooms")).toBe("from before");
  });

  it("stays where it is while others are asked for", async () => {
    expect(await start().get("trust")).toBeUndefined();
    expect(await secrets.get("rooms")).toBe("from before");
  });

  it("does not come back over what is written at once", async () => {
    const vault = start();
    await Promise.all([vault.set("rooms", "newer"), vault.get("rooms")]);
    expect(await start().get("rooms")).toBe("newer");
    expect(await secrets.get("rooms")).toBeUndefined();
  });

  it("is deleted in both places", async () => {
    await start().delete("rooms");
    expect(await start().get("rooms")).toBeUndefined();
    expect(await secrets.names()).toEqual(["identity"]);
  });

  it("moves at the next start when the vault could not be written: it is deleted only then", async () => {
    const vault = start();
    inner.failWith = new FailureError({ code: "unwritable", message: "full" });
    await expect(vault.get("rooms")).rejects.toMatchObject({ code: "unwritable" });
    expect(await secrets.get("rooms")).toBe("from before");
    inner.failWith = undefined;
    expect(await vault.get("rooms")).toBe("from before");
    expect(await secrets.get("rooms")).toBeUndefined();
  });

  it("that is in both, because of a crash on the way, counts for less than what the vault has made of it", async () => {
    await inner.set("rooms", "newer");
    expect(await start().get("rooms")).toBe("newer");
    expect(await secrets.get("rooms")).toBeUndefined();
  });

  it("waits for a keychain that is locked", async () => {
    const vault = start();
    secrets.failWith = new FailureError({ code: "keychain_locked", message: "locked" });
    await expect(vault.get("rooms")).rejects.toMatchObject({ code: "keychain_locked" });
    secrets.failWith = undefined;
    expect(await vault.get("rooms")).toBe("from before");
  });

  it("tells of damage as the vault does", async () => {
    await start().get("rooms");
    inner.damage("rooms");
    const vault = start();
    const told: string[] = [];
    vault.events.on("damaged", ({ name }) => told.push(name));
    expect(await vault.get("rooms")).toBeUndefined();
    expect(told).toEqual(["rooms"]);
  });
});
