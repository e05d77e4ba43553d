import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { widenReceiveBuffers } from "../../electron/adapters/tun/index.ts";

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function bound(family: "udp4" | "udp6"): Promise<Socket> {
  const socket = createSocket(family);
  sockets.push(socket);
  socket.bind(0, family === "udp4" ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  // Less than any limit, so that there is something to widen.
  socket.setRecvBufferSize(16 * 1024);
  return socket;
}

describe.skipIf(process.platform !== "linux")("widening receive buffers", () => {
  it.each(["udp4", "udp6"] as const)(
    "reaches a socket of this process by its port, %s, and no other",
    async (family) => {
      const [wanted, other] = [await bound(family), await bound(family)];
      const before = other.getRecvBufferSize();
      expect(widenReceiveBuffers([wanted.address().port])).toBe(1);
      expect(wanted.getRecvBufferSize()).toBeGreaterThan(2 * before);
      expect(other.getRecvBufferSize()).toBe(before);
    },
  );

  it("does nothing for a port that is nobody's", async () => {
    const socket = await bound("udp4");
    const { port } = socket.address();
    const before = socket.getRecvBufferSize();
    expect([widenReceiveBuffers([port === 1 ? 2 : 1]), widenReceiveBuffers([])]).toEqual([0, 0]);
    expect(socket.getRecvBufferSize()).toBe(before);
  });
});
