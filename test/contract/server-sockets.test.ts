import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRoomStore } from "../../electron/adapters/store/libsql-room-store.ts";
import { TrustedProxies } from "../../electron/server/client-address.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../electron/server/server.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { DocumentClient, Identity } from "../fakes/document-client.ts";
import { FakeRoomStore } from "../fakes/room-store.ts";
import { ShiftedClock } from "../fakes/shifted-clock.ts";

// What no sentence of the document says and a server on the internet needs all the same, through real sockets.

let servers: RunningServer[];
let clients: DocumentClient[];
let folder: string;

beforeEach(() => {
  servers = [];
  clients = [];
  folder = mkdtempSync(join(tmpdir(), "govpn-server-"));
});

afterEach(async () => {
  for (const client of clients) client.socket.terminate();
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ host: "127.0.0.1", port: 0, store: new FakeRoomStore(), ...options });
  servers.push(server);
  return server;
}

async function connect(server: RunningServer, identity?: Identity, headers?: Record<string, string>) {
  const client = await DocumentClient.connect(server.url, identity, {
    ...(headers && { headers }),
    rejectUnauthorized: false,
  });
  clients.push(client);
  return client;
}

const http = (server: RunningServer, path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

describe("frames", () => {
  it("over 64 KiB get an Error, and the connection goes on", async () => {
    const client = await connect(await start());
    client.sendText(`{"type":"${"x".repeat(64 * 1024)}"}`);
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Message is too large (64 KiB at most)" });
    await client.createRoom();
  });

  it("of absurd size close the connection with 1009", async () => {
    const client = await connect(await start());
    client.sendText("x".repeat(1024 * 1024));
    expect(await client.closed).toBe(1009);
  });

  it("that are binary get an Error", async () => {
    const client = await connect(await start());
    client.socket.send(Buffer.from("{}"));
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Messages must be text frames" });
  });

  it("that are wrong time and again close the connection with 1008, and its rooms see it go", async () => {
    const server = await start();
    const owner = await connect(server);
    const roomId = await owner.createRoom();
    const vandal = await connect(server);
    await vandal.join(roomId);
    for (let i = 0; i < 25; i++) vandal.sendText("{");
    expect(await vandal.closed).toBe(1008);
    expect(await owner.next("PeerLeft")).toMatchObject({ public_key: vandal.publicKey, reason: "disconnected" });
  });

  it("of one message sent twice: the second is refused, on the same connection and on another", async () => {
    const server = await start();
    const client = await connect(server);
    const frame = client.send({ type: "CreateRoom", room_name: "R", password: "1234", message_id: "once" });
    await client.next("RoomCreated");
    const thief = await connect(server);
    for (const replayer of [client, thief]) {
      replayer.sendText(frame);
      expect(await replayer.next("Error")).toEqual({
        type: "Error",
        data: "This message was already received",
        message_id: "once",
      });
    }
  });

  it("of a join without message_id may be sent again after a reconnect", async () => {
    const server = await start();
    const owner = await connect(server);
    const roomId = await owner.createRoom();
    const first = await connect(server);
    const frame = first.send({ type: "JoinRoom", room_id: roomId, password: "1234" });
    await first.next("RoomJoined");
    await first.close();
    await owner.next("PeerLeft");
    const second = await connect(server, first.identity);
    second.sendText(frame);
    expect(await second.next("RoomJoined")).toMatchObject({ room_id: roomId });
  });

  it("of another key than the connection's first are refused", async () => {
    const client = await connect(await start());
    await client.createRoom();
    client.sendText(JSON.stringify(new Identity().sign({ type: "LeaveRoom" })));
    expect(await client.next("Error")).toEqual({
      type: "Error",
      data: "This connection belongs to another public key",
    });
  });
});

describe("a client that does not read", () => {
  it("is dropped, while its peers go on", async () => {
    const server = await start({
      limits: {
        messageBurst: 100_000,
        messagesPerSecond: 100_000,
        byteBurst: 1024 ** 3,
        bytesPerSecond: 1024 ** 3,
      },
    });
    const owner = await connect(server);
    const roomId = await owner.createRoom();
    const deaf = await connect(server);
    await deaf.join(roomId);
    deaf.socket.pause();
    const offer = { type: "Offer", room_id: roomId, destination_id: deaf.publicKey, offer: "x".repeat(48 * 1024) };
    const left = owner.next("PeerLeft");
    // The kernel takes some megabytes before the server has to keep anything itself.
    const flood = async (): Promise<"never"> => {
      for (let i = 0; i < 100; i++) {
        for (let j = 0; j < 20; j++) owner.send(offer);
        await owner.drain();
      }
      return "never";
    };
    await Promise.race([left, flood()]);
    expect(await left).toMatchObject({ public_key: deaf.publicKey, reason: "disconnected" });
  });
});

describe("connections", () => {
  it("beyond the limit get 503, and a place when one is free", async () => {
    const server = await start({ limits: { maxConnections: 1 } });
    const first = await connect(server);
    await expect(connect(server)).rejects.toThrow("503");
    await first.close();
    await connect(server);
  });

  it("beyond an address's share get 429, by the address a trusted proxy names", async () => {
    const proxies = TrustedProxies.parse(["127.0.0.1"]);
    if (!proxies.ok) throw new Error(proxies.error.message);
    const server = await start({ trustedProxies: proxies.value, limits: { maxConnectionsPerAddress: 2 } });
    const from = (address: string) => connect(server, undefined, { "X-Forwarded-For": `198.51.100.1, ${address}` });
    await from("2001:db8:1:2::1");
    await from("2001:db8:1:2:ffff::2");
    await expect(from("2001:db8:1:2::3")).rejects.toThrow("429");
    await from("2001:db8:1:3::1");
  });

  it("behind a trusted proxy are rate-limited by the client's address", async () => {
    const proxies = TrustedProxies.parse(["127.0.0.1"]);
    if (!proxies.ok) throw new Error(proxies.error.message);
    const server = await start({ trustedProxies: proxies.value, limits: { rateLimitPerMinute: 1 } });
    const join = async (address: string) => {
      const client = await connect(server, undefined, { "X-Forwarded-For": address });
      return (await client.join("abc123")).data;
    };
    for (let i = 0; i < 10; i++) expect(await join("198.51.100.1")).toBe("Room does not exist");
    expect(await join("198.51.100.1")).toBe("Rate limit exceeded. Please try again later.");
    expect(await join("198.51.100.2")).toBe("Room does not exist");
  });
});

describe("shutting down", () => {
  it("closes every connection with 1001 and the store", async () => {
    const store = new FakeRoomStore();
    const server = await start({ store });
    const many = [await connect(server), await connect(server)];
    await server.close();
    expect(await Promise.all(many.map((client) => client.closed))).toEqual([1001, 1001]);
    expect(store.closed).toBe(true);
    await server.close();
  });

  it("does not wait for those who do not answer, or never became a WebSocket", async () => {
    const server = await start();
    const deaf = await connect(server);
    deaf.socket.pause();
    const tcp = connectTcp(server.port, "127.0.0.1");
    await new Promise((resolve) => tcp.once("connect", resolve));
    const ended = new Promise((resolve) => tcp.once("close", resolve));
    await server.close();
    await ended;
  });

  it("lets rooms survive, and members join again after the restart", async () => {
    const file = join(folder, "rooms.db");
    const before = await start({ store: openRoomStore(file, silentLogger) });
    const owner = await connect(before);
    const roomId = await owner.createRoom({ room_name: "Kept" });
    await before.close();
    expect(readFileSync(file).includes("1234")).toBe(false);
    const after = await start({ store: openRoomStore(file, silentLogger) });
    const again = await connect(after, owner.identity);
    expect(await again.join(roomId)).toMatchObject({ type: "RoomJoined", room_name: "Kept" });
    expect(await again.request({ type: "Rename", room_id: roomId, room_name: "Owned" })).toMatchObject({
      type: "RenameSuccess",
    });
  });
});

describe("starting", () => {
  it("on a port in use fails with a sentence, and closes the store", async () => {
    const { port } = await start();
    const store = new FakeRoomStore();
    await expect(startServer({ host: "127.0.0.1", port, store })).rejects.toMatchObject({
      code: "address_in_use",
      message: `Port ${port} on 127.0.0.1 is in use by another program.`,
    });
    expect(store.closed).toBe(true);
  });

  it("with an address of another machine fails with a sentence", async () => {
    await expect(startServer({ host: "192.0.2.1", port: 0, store: new FakeRoomStore() })).rejects.toMatchObject({
      code: "address_unavailable",
    });
  });

  it("with a broken certificate fails with a sentence", async () => {
    const tls = { cert: "nonsense", key: "nonsense" };
    await expect(startServer({ host: "127.0.0.1", port: 0, store: new FakeRoomStore(), tls })).rejects.toMatchObject({
      code: "bad_tls",
    });
  });
});

describe("TLS", () => {
  it("serves wss:// with the certificate given", async () => {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "1", "-nodes"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    const server = await start({ tls: { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") } });
    expect(server.url).toBe(`wss://127.0.0.1:${server.port}/ws`);
    const client = await connect(server);
    await client.createRoom();
  });
});

describe("pages", () => {
  it("/health says that the server lives and how much it holds", async () => {
    const server = await start();
    await (await connect(server)).createRoom();
    const response = await http(server, "/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: "ok",
      connections: 1,
      rooms: 1,
      members: 1,
      uptime_seconds: expect.any(Number),
    });
  });

  it("/metrics counts what happened, in Prometheus' text format", async () => {
    const clock = new ShiftedClock();
    const server = await start({ clock });
    const owner = await connect(server);
    const roomId = await owner.createRoom();
    const member = await connect(server);
    await member.join(roomId);
    owner.send({ type: "Offer", room_id: roomId, destination_id: member.publicKey, offer: "sdp" });
    await member.next("Offer");
    for (let i = 0; i < 4; i++) await owner.join("nowhere");
    const response = await http(server, "/metrics");
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    for (const line of [
      "govpn_connections 2",
      "govpn_rooms 1",
      "govpn_members 2",
      'govpn_messages_total{type="CreateRoom"} 1',
      'govpn_messages_total{type="JoinRoom"} 5',
      'govpn_messages_total{type="Offer"} 1',
      'govpn_errors_total{code="roomMissing"} 2',
      'govpn_errors_total{code="rateLimited"} 2',
      'govpn_rate_limited_total{limit="enter"} 2',
      "govpn_relayed_total 1",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });

  it("anything else is a 404 that tells where to go", async () => {
    const response = await http(await start(), "/");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.stringContaining("/ws") });
  });

  it("/ws without an upgrade says that it is a WebSocket endpoint, and nothing is posted anywhere", async () => {
    const server = await start();
    expect((await http(server, "/ws")).status).toBe(426);
    expect((await fetch(`http://127.0.0.1:${server.port}/health`, { method: "POST", body: "x" })).status).toBe(405);
  });
});
