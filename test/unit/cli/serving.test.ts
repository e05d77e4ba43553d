import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { nextSteps } from "../../../electron/cli/serving.ts";

const ethernet = () => ({
  eth0: [{ address: "192.168.1.5", family: "IPv4", internal: false } as NetworkInterfaceInfo],
});

describe("what to type next beside a running server", () => {
  it("dials the address that other machines reach it by, so that the invitation is good for them too", () => {
    expect(nextSteps("ws://0.0.0.0:8080/ws", ethernet)).toEqual([
      "On this machine or another, create a room:",
      expect.stringMatching(/govpn.* up --server ws:\/\/192\.168\.1\.5:8080\/ws --create "My room"$/),
    ]);
  });

  it("dials this machine where the server listens on nothing else, and says how to let others in", () => {
    expect(nextSteps("ws://127.0.0.1:8080/ws", ethernet)).toEqual([
      "In another terminal, create a room:",
      expect.stringMatching(/govpn.* up --server ws:\/\/127\.0\.0\.1:8080\/ws --create "My room"$/),
      "Other machines cannot reach this server. To let them in: --host 0.0.0.0",
    ]);
  });

  it("dials this machine where there is no network", () => {
    const [, command, ...more] = nextSteps("ws://0.0.0.0:8080/ws", () => ({}));
    expect(command).toMatch(/up --server ws:\/\/127\.0\.0\.1:8080\/ws --create "My room"$/);
    expect(more).toEqual([]);
  });

  it.each(["wss://0.0.0.0:443/ws", "wss://[::]:443/ws", "wss://0.0.0.0/ws"])(
    "asks for a certificate's name, of %s",
    (url) => {
      const [, command] = nextSteps(url, ethernet);
      expect(command).toMatch(/up --server wss:\/\/NAME(:443)?\/ws --create "My room"$/);
    },
  );
});
