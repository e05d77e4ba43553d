import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { probeKeychain } from "../../electron/adapters/secrets/keychain.ts";

// A file of its own: libdbus remembers for the life of a process which bus it was first told of.
describe.runIf(process.platform === "linux")("a session bus that never answers", () => {
  it("is given up after the probe's time, so that a start is not held up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "govpn-bus-"));
    const connections: Socket[] = [];
    const bus = createServer((socket) => connections.push(socket));
    await new Promise<void>((resolve) => bus.listen(join(folder, "bus"), resolve));
    onTestFinished(async () => {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => bus.close(resolve));
      rmSync(folder, { recursive: true });
    });
    process.env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${join(folder, "bus")}`;

    await expect(probeKeychain({ account: "/profile", probeWithinMs: 200 })).rejects.toMatchObject({
      code: "keychain_unavailable",
      message: expect.stringContaining("did not answer within 0.2 s"),
    });
  });
});
