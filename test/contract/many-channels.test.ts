import { afterEach, describe, expect, it } from "vitest";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { PeerTransport } from "../../shared/mesh/ports.ts";
import { ForeignPeer } from "../fakes/foreign-peer.ts";

// Real WebRTC, of which one end does not keep to what ours does.

const ended: (() => void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) end();
  await releaseWebrtc();
});

/** A connection of ours to an end that only the test steers. Resolves when ours is open. */
async function connected() {
  const ours: PeerTransport = webrtcTransports({ iceServers: [], logger: silentLogger })({ initiator: true });
  const other = new ForeignPeer((signal) => ours.signal(signal));
  ended.push(
    () => ours.close(),
    () => other.close(),
  );
  const closed = new Promise<string>((resolve) => {
    ours.onClose = resolve;
  });
  ours.onSignal = (signal) => other.signal(signal);
  await new Promise<void>((resolve) => {
    ours.onOpen = resolve;
  });
  return { ours, other, closed };
}

describe("a peer that opens channels of its own", () => {
  it("has each of a few closed, and keeps its connection", async () => {
    const { ours, other } = await connected();
    const closures = Array.from({ length: 5 }, (_, n) => {
      const channel = other.openChannel(`extra ${n}`);
      return new Promise<void>((resolve) => channel.onClosed(resolve));
    });
    await Promise.all(closures);
    expect(ours.sendControl("still here")).toBe(true);
  });

  it("loses its connection over thousands, and this process does not grow with them", async () => {
    const { ours, other, closed } = await connected();
    const before = process.memoryUsage.rss();
    let opened = 0;
    try {
      for (; opened < 2_000; opened++) {
        const channel = other.openChannel(`extra ${opened}`);
        channel.onOpen(() => channel.isOpen() && channel.sendMessage("x".repeat(1_000)));
      }
    } catch {
      // The connection has ended meanwhile.
    }
    expect(await closed).toBe("the other end opened channels without end");
    expect(ours.sendControl("nobody")).toBe(false);
    expect(opened).toBeGreaterThan(16);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });

  it("cannot make a message so large that it fills this process", async () => {
    const { ours, other } = await connected();
    const texts: string[] = [];
    ours.onControl = (text) => void texts.push(text);
    const channel = other.openChannel("big");
    await new Promise<void>((resolve) => channel.onClosed(resolve));
    expect(() => channel.sendMessage("x".repeat(50_000_000))).toThrow();
    expect(texts).toEqual([]);
  });
});
