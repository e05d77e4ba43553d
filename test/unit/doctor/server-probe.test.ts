import { createHash } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { probeServer } from "../../../electron/adapters/net/server-probe.ts";

describe("looking at a server", () => {
  it("recognises a GoVPN server by its health page and its WebSocket handshake", async () => {
    const url = await serve(healthPage({ status: "ok", rooms: 2, members: 5 }), { upgrades: true });
    const report = await probeServer(url, 2_000);
    expect(report.health).toMatchObject({ state: "govpn", members: 5, latencyMs: expect.any(Number) });
    expect(report.upgrade).toMatchObject({ state: "websocket", latencyMs: expect.any(Number) });
    expect(Math.abs(report.clockOffsetMs ?? Number.NaN)).toBeLessThan(2_000);
  });

  it("looks for the health page beside the WebSocket, also below a path", async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    await probeServer(url.replace("/ws", "/vpn/ws"), 2_000);
    expect(asked.sort()).toEqual(["/vpn/health", "/vpn/ws"]);
  });

  it("tells a web server that is no signaling server", async () => {
    const url = await serve((_, response) => response.writeHead(404).end("<h1>Not here</h1>"));
    const report = await probeServer(url, 2_000);
    expect(report.health).toMatchObject({ state: "other", status: 404 });
    expect(report.upgrade).toEqual({ state: "refused", status: 404 });
  });

  it("does not take a handshake for accepted that answers another key", async () => {
    const url = await serve(healthPage({}), { upgrades: true, acceptFor: "another key" });
    expect((await probeServer(url, 2_000)).upgrade).toEqual({ state: "refused", status: 101 });
  });

  it("does not take just any JSON for a health page, nor an endless one", async () => {
    const plain = await serve(healthPage({ status: "ok" }));
    expect((await probeServer(plain, 2_000)).health.state).toBe("other");
    const endless = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(8_192)));
      };
      response.on("drain", more);
      more();
    });
    expect((await probeServer(endless, 2_000)).health.state).toBe("other");
  });

  it("measures how far the clocks are apart", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { Date: new Date(Date.now() + 600_000).toUTCString() }).end();
    });
    const { clockOffsetMs = 0 } = await probeServer(url, 2_000);
    expect(Math.abs(clockOffsetMs - 600_000)).toBeLessThan(2_000);
  });

  it("knows no time where the server sends none", async () => {
    const url = await serve((_, response) => {
      response.sendDate = false;
      response.end();
    });
    expect(await probeServer(url, 2_000)).not.toHaveProperty("clockOffsetMs");
  });

  it("says why nothing could be reached", async () => {
    const url = await serve(healthPage({}));
    const { port } = new URL(url);
    const refused = createTcpServer();
    await new Promise<void>((resolve) => refused.listen(0, "127.0.0.1", resolve));
    const free = (refused.address() as AddressInfo).port;
    await new Promise((resolve) => refused.close(resolve));
    const report = await probeServer(`ws://127.0.0.1:${free}/ws`, 2_000);
    expect(report.upgrade).toMatchObject({ state: "unreachable", code: "ECONNREFUSED" });
    expect(report.health).toMatchObject({ state: "unreachable", code: "ECONNREFUSED" });
    const tls = await probeServer(`wss://127.0.0.1:${port}/ws`, 2_000);
    expect(tls.upgrade).toMatchObject({ state: "unreachable", code: expect.stringMatching(/SSL|EPROTO/) });
  });

  it("does not wait for a server that says nothing", async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const report = await probeServer(`ws://127.0.0.1:${port}/ws`, 100);
    expect(report.upgrade).toEqual({ state: "unreachable", code: "ETIMEDOUT", reason: "no answer within 0.1 s" });
  });
});

function healthPage(page: object): RequestListener {
  return (_, response) => void response.end(JSON.stringify(page));
}

interface Upgrading {
  readonly upgrades?: boolean;
  readonly acceptFor?: string;
}

/** An HTTP server on loopback; the URL of its /ws. */
async function serve(listener: RequestListener, { upgrades = false, acceptFor }: Upgrading = {}): Promise<string> {
  const server: Server = createServer(listener);
  if (upgrades) {
    server.on("upgrade", (request, socket) => {
      const key = acceptFor ?? request.headers["sec-websocket-key"];
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.on("error", () => {});
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    });
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
}
