import { describe, expect, it } from "vitest";
import { createKeychainSecretStore, probeKeychain } from "../../electron/adapters/secrets/keychain.ts";

// A file of its own: libdbus remembers for the life of a process which bus it was first told of.
describe.runIf(process.platform === "linux")("a machine without a Secret Service", () => {
  it("fails at once and clearly, in the probe and in every call", async () => {
    process.env.DBUS_SESSION_BUS_ADDRESS = "unix:path=/nonexistent/govpn-test-bus";
    const account = "/profile";
    const store = createKeychainSecretStore({ account });
    const unavailable = {
      code: "keychain_unavailable",
      message: expect.stringContaining("The keychain cannot be used"),
    };
    const start = performance.now();
    await expect(probeKeychain({ account })).rejects.toMatchObject(unavailable);
    await expect(store.get("identity")).rejects.toMatchObject(unavailable);
    await expect(store.set("identity", "x")).rejects.toMatchObject(unavailable);
    await expect(store.delete("identity")).rejects.toMatchObject(unavailable);
    await expect(store.names()).rejects.toMatchObject(unavailable);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
