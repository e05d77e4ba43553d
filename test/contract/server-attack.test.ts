import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TrustedProxies } from "../../electron/server/client-address.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../electron/server/server.ts";
import { attackPins } from "../bench/pins/attack.ts";
import { FakeClock, settle } from "../fakes/clock.ts";
import { DocumentClient, Identity } from "../fakes/document-client.ts";
import { RawClient, type RawFrame } from "../fakes/raw-websocket.ts";
import { FakeRoomStore } from "../fakes/room-store.ts";
import { ShiftedClock } from "../fakes/shifted-clock.ts";

// The real server under attack, through real sockets. What is counted rather than seen is in test/unit/server.

let servers: RunningServer[];
let clients: { end(): void }[];

beforeEach(() => {
  servers = [];
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.end();
  for (const server of servers) await server.close();
});

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ host: "127.0.0.1", port: 0, store: new FakeRoomStore(), ...options });
  servers.push(server);
  return server;
}

/** A server that takes a proxy's word for addresses, so that a test can have many. */
function behindProxy(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const proxies = TrustedProxies.parse(["127.0.0.1"]);
  if (!proxies.ok) throw new Error(proxies.error.message);
  return start({ trustedProxies: proxies.value, ...options });
}

async function connect(server: RunningServer, headers: Record<string, string> = {}, identity = new Identity()) {
  const client = await DocumentClient.connect(server.url, identity, { headers });
  clients.push({ end: () => client.socket.terminate() });
  return client;
}

async function raw(server: RunningServer, headers = ""): Promise<RawClient> {
  const client = await RawClient.upgraded(server.port, headers);
  clients.push(client);
  return client;
}

async function plain(server: RunningServer): Promise<RawClient> {
  const client = await RawClient.connect(server.port);
  clients.push(client);
  return client;
}

const text = (payload: string, fields: Partial<RawFrame> = {}): RawFrame => ({ opcode: 1, payload, ...fields });
const health = (server: RunningServer, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}/health`, { headers });

describe("a connection that takes its time", () => {
  const quick = { limits: { handshakeMs: 200 } };

  it("is cut off when it says nothing", async () => {
    const silent = await plain(await start(quick));
    await silent.closed();
  });

  it("is cut off when its request comes a byte at a time", async () => {
    const server = await start(quick);
    const slow = await plain(server);
    const request = `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Padding: ${"x".repeat(1000)}`;
    let sent = 0;
    const timer = setInterval(() => slow.write(request[sent++] ?? "x"), 20);
    const answer = await slow.closed().finally(() => clearInterval(timer));
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 |^$/);
    expect(sent).toBeLessThan(100);
  });

  it("is cut off when its request has a body that does not end", async () => {
    const server = await start(quick);
    const slow = await plain(server);
    slow.write(`POST /health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 1000000\r\n\r\n`);
    const timer = setInterval(() => slow.write("x"), 20);
    await slow.closed().finally(() => clearInterval(timer));
  });

  it("is dropped when a frame comes so slowly that it cannot answer a ping", async () => {
    const clock = new FakeClock();
    const slow = await raw(await start({ clock }));
    slow.write(Buffer.of(0x81, 0x80 | 100, 0, 0, 0, 0));
    for (let i = 0; i < 55; i++) {
      slow.write("x");
      await clock.advance(1_000);
    }
    await slow.closed();
  });

  it("does not keep others waiting", async () => {
    const server = await start(quick);
    for (let i = 0; i < 50; i++) (await plain(server)).write("GET /ws HT");
    expect(await (await connect(server)).createRoom()).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe("a frame that is not as it should be", () => {
  it("in ten thousand pieces closes the connection before they are put together", async () => {
    const client = await raw(await start());
    client.send(text("{", { isUnfinished: true }));
    for (let i = 0; i < 10_000; i++) client.send({ opcode: 0, payload: " ", isUnfinished: true });
    expect(await client.closeCode()).toBe(1008);
  });

  it("that announces a gigabyte closes it before any of that has come", async () => {
    const client = await raw(await start());
    client.send(text("", { claimedLength: 1024 ** 3 }));
    expect(await client.closeCode()).toBe(1009);
  });

  it("whose pieces come to too much closes it", async () => {
    const client = await raw(await start());
    client.send(text("x".repeat(60_000), { isUnfinished: true }));
    client.send({ opcode: 0, payload: "x".repeat(60_000) });
    expect(await client.closeCode()).toBe(1009);
  });

  it("compressed closes it, for compression is not agreed to, so that nothing blows up", async () => {
    const client = await raw(await start(), "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    expect(client.head.toLowerCase()).not.toContain("sec-websocket-extensions");
    client.send(text("\x01", { isCompressed: true }));
    expect(await client.closeCode()).toBe(1002);
  });

  it("without a mask closes it, as one that a page made a browser send", async () => {
    const client = await raw(await start());
    client.send(text("{}", { isUnmasked: true }));
    expect(await client.closeCode()).toBe(1002);
  });

  it("binary is held to the same limits as any other", async () => {
    const client = await raw(await start());
    for (let i = 0; i < 100; i++) client.send({ opcode: 2, payload: "x" });
    expect((await client.frames()).map(({ opcode }) => opcode)).toEqual([...Array(20).fill(1), 8]);
  });
});

describe("a flood of pings", () => {
  it("is answered as often as there may be messages, and then closed", async () => {
    const server = await start({ limits: { messageBurst: 100 } });
    const client = await raw(server);
    for (let i = 0; i < 500; i++) client.send({ opcode: 9, payload: "p" });
    const frames = await client.frames();
    expect(frames.filter(({ opcode }) => opcode === 10).length).toBeLessThan(150);
    expect(frames.at(-1)?.opcode).toBe(8);
  });

  it("from a client that does not read is answered up to a megabyte, whatever its limits", async () => {
    const most = 1_000_000_000;
    const server = await start({
      limits: { messageBurst: most, messagesPerSecond: most, byteBurst: most, bytesPerSecond: most },
    });
    const deaf = await raw(server);
    deaf.pause();
    const pings = { opcode: 9, payload: "p".repeat(125) } satisfies RawFrame;
    const flood = Array<RawFrame>(1_000).fill(pings);
    let isCut = false;
    const cut = deaf.closed().then(() => {
      isCut = true;
    });
    // The kernel takes some megabytes of answers before the server has to keep any.
    for (let i = 0; i < 500 && !isCut; i++) {
      deaf.send(...flood);
      await settle();
    }
    const metrics = async () => await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    while (!(await metrics()).includes('govpn_connections_dropped_total{why="slow"} 1')) await settle();
    deaf.resume();
    await cut;
  });
});

describe("a web page", () => {
  it("may not connect, wherever it is from, and nobody is asked", async () => {
    const server = await start();
    for (const Origin of ["https://evil.example", `http://127.0.0.1:${server.port}`, "null", "file://"]) {
      await expect(connect(server, { Origin })).rejects.toThrow("403");
    }
  });

  it("may connect from where the server's operator says", async () => {
    const server = await start({ allowedOrigins: ["https://vpn.example"] });
    await (await connect(server, { Origin: "https://vpn.example" })).createRoom();
    await expect(connect(server, { Origin: "https://vpn.example.evil" })).rejects.toThrow("403");
  });

  it("reads none of the operator's pages from another site", async () => {
    const response = await health(await start(), { Origin: "https://evil.example" });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("an address", () => {
  const from = (address: string) => ({ "X-Forwarded-For": address });
  // Its allowances come back with time, and on a busy machine a test takes some.
  const clock = new FakeClock();

  it("may not open and close sockets without end", async () => {
    const server = await behindProxy({ clock, limits: { maxConnectionsPerAddress: 5 } });
    for (let i = 0; i < 5; i++) await (await connect(server, from("198.51.100.1"))).close();
    await expect(connect(server, from("198.51.100.1"))).rejects.toThrow("429");
    await connect(server, from("198.51.100.2"));
  });

  it("may not fetch pages without end", async () => {
    const server = await behindProxy({ clock });
    const statuses = new Set<number>();
    for (let i = 0; i < 120; i++) statuses.add((await health(server, from("198.51.100.1"))).status);
    expect([...statuses]).toEqual([200]);
    expect((await health(server, from("198.51.100.1"))).status).toBe(429);
    expect((await health(server, from("198.51.100.2"))).status).toBe(200);
  });
});

describe("a server full of sockets that say nothing", () => {
  it("gives the place of the oldest of them to a newcomer, and of no member", async () => {
    const clock = new ShiftedClock();
    const server = await start({ clock, limits: { maxConnections: 4 } });
    const owner = await connect(server);
    const roomId = await owner.createRoom();
    const silent = [await connect(server), await connect(server), await connect(server)];
    await expect(connect(server)).rejects.toThrow("503");
    clock.shift(10_000);
    const newcomer = await connect(server);
    await silent[0]?.closed;
    expect(await newcomer.join(roomId)).toMatchObject({ type: "RoomJoined" });
    expect(await owner.next("PeerJoined")).toMatchObject({ public_key: newcomer.publicKey });
    expect(await (await health(server)).json()).toMatchObject({ connections: 4 });
  });
});

describe("a room's PIN", () => {
  it("is compared with at most 200 wrong ones a day, through a restart, and members still get in", async () => {
    const store = new FakeRoomStore();
    const figures = await attackPins({
      openStore: () => store,
      addresses: 40,
      memberKeys: 10,
      ownerKey: false,
      hours: 26,
      everyMinutes: 60,
    });
    expect(figures.tried).toBe(26 * 50);
    expect(figures.compared + figures.refused).toBe(figures.tried);
    expect(figures.comparedInADay).toBeLessThanOrEqual(200);
    expect(figures.comparedInADay).toBeGreaterThan(100);
    expect(figures.owner).toEqual({ letIn: 26, of: 26 });
    expect(figures.member).toEqual({ letIn: 26, of: 26 });
  });

  it("is so even if sixty members' keys and the owner's were stolen", async () => {
    const store = new FakeRoomStore();
    const figures = await attackPins({
      openStore: () => store,
      addresses: 40,
      memberKeys: 60,
      ownerKey: true,
      hours: 24,
      everyMinutes: 60,
    });
    expect(figures.comparedInADay).toBeLessThanOrEqual(200);
    expect(figures.comparedInADay).toBeGreaterThan(150);
  });
});
