import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createDialer, type SocketTiming } from "../../electron/adapters/sockets/ws-client.ts";
import { MAX_SERVER_FRAME_BYTES } from "../../shared/protocols/govpn/messages.ts";
import type { DialSignaling, SignalingSocket } from "../../shared/signaling/ports.ts";
import { FakeSocket } from "../fakes/socket.ts";

/** The server's end of one socket, as the suite needs it. */
interface ServerEnd {
  send(text: string): void;
  close(): void;
  received: string[];
}

interface Network {
  /** Dials the server. */
  dial(): SignalingSocket;
  /** Dials where nobody listens. */
  dialNobody(): SignalingSocket;
  /** The server's end of the next socket. */
  accepted(): Promise<ServerEnd>;
  end(): Promise<void>;
}

/** Everything that a socket told its owner, and a way to wait for it. */
class Owner {
  readonly told: string[] = [];
  #changed: () => void = () => {};

  constructor(socket: SignalingSocket) {
    socket.onOpen = () => this.#tell("open");
    socket.onMessage = (text) => this.#tell(`message ${text}`);
    socket.onClose = (reason) => this.#tell(`close ${reason}`);
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#changed();
  }

  async until(isThere: (told: readonly string[]) => boolean): Promise<void> {
    while (!isThere(this.told)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  opened = () => this.until((told) => told.includes("open"));
  closed = () => this.until((told) => told.some((what) => what.startsWith("close")));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function realNetwork(): Promise<Network> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dial = createDialer();
  return {
    dial: () => dial(`ws://127.0.0.1:${port}/ws`),
    // The discard port: nothing listens there on a machine that runs tests.
    dialNobody: () => dial("ws://127.0.0.1:9/ws"),
    accepted: async () => {
      const [ws] = (await once(server, "connection")) as [WebSocket];
      const received: string[] = [];
      ws.on("message", (data) => received.push(String(data)));
      return { send: (text) => ws.send(text), close: () => ws.close(1001, "restarting"), received };
    },
    end: async () => {
      for (const ws of server.clients) ws.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function fakeNetwork(): Promise<Network> {
  const waiting: FakeSocket[] = [];
  return {
    dial: () => {
      const socket = new FakeSocket("ws://fake/ws");
      waiting.push(socket);
      socket.accept();
      return socket;
    },
    dialNobody: () => {
      const socket = new FakeSocket("ws://fake/ws");
      socket.end("connection refused");
      return socket;
    },
    accepted: async () => {
      await until(() => waiting.length > 0);
      const socket = waiting.shift() as FakeSocket;
      const received: string[] = [];
      socket.onText = (text) => received.push(text);
      return {
        send: (text) => socket.deliver(text),
        close: () => socket.end("closed by the server (1001: restarting)"),
        received,
      };
    },
    end: async () => {},
  };
}

describe.each([
  ["over the ws package", realNetwork],
  ["in memory", fakeNetwork],
])("a signaling socket %s", (_, makeNetwork) => {
  let network: Network;
  beforeEach(async () => {
    network = await makeNetwork();
  });
  afterEach(() => network.end());

  async function connect() {
    const accepted = network.accepted();
    const socket = network.dial();
    const owner = new Owner(socket);
    await owner.opened();
    return { socket, owner, server: await accepted };
  }

  it("does nothing before its owner has set the handlers, then opens once", async () => {
    const { owner, socket } = await connect();
    expect(owner.told).toEqual(["open"]);
    socket.close();
    await owner.closed();
  });

  it("carries text both ways, in order and unharmed", async () => {
    const { socket, owner, server } = await connect();
    const texts = ["{}", "gr\u00fc\u00df \u{1f44b}", "x".repeat(60_000)];
    for (const text of texts) socket.send(text);
    await until(() => server.received.length === 3);
    expect(server.received).toEqual(texts);
    for (const text of texts) server.send(text);
    await owner.until((told) => told.length === 4);
    expect(owner.told.slice(1)).toEqual(texts.map((text) => `message ${text}`));
    socket.close();
  });

  it("says once that the server closed it, and why", async () => {
    const { socket, owner, server } = await connect();
    server.send("last words");
    server.close();
    await owner.closed();
    expect(owner.told).toEqual(["open", "message last words", "close closed by the server (1001: restarting)"]);
    socket.close();
    socket.send("too late");
    socket.probe();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(owner.told).toHaveLength(3);
  });

  it("says once that it is closed when its owner closes it", async () => {
    const { socket, owner } = await connect();
    socket.close();
    socket.close();
    await owner.closed();
    expect(owner.told).toEqual(["open", "close closed"]);
  });

  it("says so when its owner gives up before it is open", async () => {
    const socket = network.dial();
    const owner = new Owner(socket);
    socket.close();
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close closed");
  });

  it("loses what is sent before it is open", async () => {
    const accepted = network.accepted();
    const socket = network.dial();
    const owner = new Owner(socket);
    socket.send("too early");
    socket.probe();
    await owner.opened();
    const server = await accepted;
    socket.send("in time");
    await until(() => server.received.length > 0);
    expect(server.received).toEqual(["in time"]);
    socket.close();
  });

  it("says why when nobody answers, without ever being open", async () => {
    const owner = new Owner(network.dialNobody());
    await owner.closed();
    expect(owner.told).toEqual(["close connection refused"]);
  });
});

describe("a socket of the ws package", () => {
  const quick: Partial<SocketTiming> = {
    handshakeMs: 150,
    pingEveryMs: 100,
    pongWithinMs: 100,
    probeWithinMs: 60,
    silenceMs: 400,
    closeWithinMs: 50,
  };
  let ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends) end();
    ends = [];
  });

  const listen = async (server: Server) => {
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => sockets.add(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  async function wsServer(options: { autoPong?: boolean } = {}) {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: true, ...options });
    await once(server, "listening");
    ends.push(() => {
      for (const ws of server.clients) ws.terminate();
      server.close();
    });
    return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws` };
  }

  async function connected(url: string, server: WebSocketServer, dial: DialSignaling = createDialer(quick)) {
    const accepted = once(server, "connection");
    const socket = dial(url);
    const owner = new Owner(socket);
    const [ws, request] = await accepted;
    await owner.opened();
    return { socket, owner, ws: ws as WebSocket, request };
  }

  const reasonOf = async (url: string, timing = quick) => {
    const owner = new Owner(createDialer(timing)(url));
    await owner.closed();
    return owner.told;
  };

  it("notices within two ping intervals that an answering server has fallen silent", async () => {
    const { server, url } = await wsServer({ autoPong: false });
    const { owner, ws } = await connected(url, server);
    // One answer, so that it is known to answer; then as if the path had gone.
    ws.once("ping", (data) => ws.pong(data));
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close the server stopped answering");
  });

  it("bears with a server that never answers pings, as long as anything comes", async () => {
    const { server, url } = await wsServer({ autoPong: false });
    const { owner, ws } = await connected(url, server);
    const own = setInterval(() => ws.ping(), 150);
    ends.push(() => clearInterval(own));
    for (let pings = 0; pings < 8; pings++) await once(ws, "ping");
    expect(owner.told).toEqual(["open"]);
    clearInterval(own);
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close nothing was heard from the server for 0.4 s");
  });

  it("stays with a server that answers, however little it says", async () => {
    const { server, url } = await wsServer();
    const { owner, ws } = await connected(url, server);
    for (let pings = 0; pings < 8; pings++) await once(ws, "ping");
    expect(owner.told).toEqual(["open"]);
  });

  it("finds out quickly when it is asked to", async () => {
    const { server, url } = await wsServer({ autoPong: false });
    const { socket, owner, ws } = await connected(url, server, createDialer({ ...quick, pingEveryMs: 60_000 }));
    ws.once("ping", (data) => ws.pong(data));
    socket.probe();
    await once(ws, "ping");
    // The pong of the first must have arrived before the second is asked for.
    ws.send("answered");
    await owner.until((told) => told.includes("message answered"));
    socket.probe();
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close the server stopped answering");
  });

  it("knows from the start whether the server answers, so that a path lost at once is noticed", async () => {
    const { server, url } = await wsServer({ autoPong: false });
    const { socket, owner, ws } = await connected(url, server, createDialer({ ...quick, pingEveryMs: 60_000 }));
    await once(ws, "ping");
    ws.pong();
    ws.send("answered");
    await owner.until((told) => told.includes("message answered"));
    socket.probe();
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close the server stopped answering");
  });

  it("waits for nothing once the machine has lost the address that it speaks from", async () => {
    const { server, url } = await wsServer();
    const lost: string[] = [];
    const dial = createDialer({ ...quick, probeWithinMs: 60_000 }, undefined, (address) => !lost.includes(address));
    const { socket, owner, ws } = await connected(url, server, dial);
    socket.probe();
    await once(ws, "ping");
    expect(owner.told).toEqual(["open"]);
    lost.push("127.0.0.1");
    socket.probe();
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close this machine's address has changed");
  });

  it("gives up on a handshake that nobody answers", async () => {
    const host = await listen(createTcpServer());
    expect(await reasonOf(`ws://${host}/ws`)).toEqual(["close the server did not answer within 0.15 s"]);
  });

  it("says that a web server is no signaling server", async () => {
    const http = createHttpServer((_, response) => response.writeHead(404).end());
    const host = await listen(http);
    expect(await reasonOf(`ws://${host}/ws`)).toEqual(["close no signaling server there: the answer was HTTP 404"]);
  });

  it("says that a server without TLS is one", async () => {
    const { url } = await wsServer();
    expect(await reasonOf(url.replace("ws://", "wss://"))).toEqual(["close the server does not speak TLS here"]);
  });

  it("says that an address cannot be dialled, like any other failure", async () => {
    const [told] = await reasonOf("http//nonsense");
    expect(told).toMatch(/^close not a server's address: /);
  });

  it("accepts the largest frame of the protocol, and hangs up at a larger one", async () => {
    const { server, url } = await wsServer();
    const { owner, ws } = await connected(url, server);
    ws.send("x".repeat(MAX_SERVER_FRAME_BYTES));
    await owner.until((told) => told.length === 2);
    ws.send("x".repeat(MAX_SERVER_FRAME_BYTES + 1));
    await owner.closed();
    expect(owner.told.at(-1)).toBe(`close the server sent a frame over ${MAX_SERVER_FRAME_BYTES} bytes`);
  });

  it("reads JSON in binary frames too", async () => {
    const { server, url } = await wsServer();
    const { owner, ws } = await connected(url, server);
    ws.send(Buffer.from("{}"), { binary: true });
    await owner.until((told) => told.includes("message {}"));
  });

  it("offers no compression", async () => {
    const { server, url } = await wsServer();
    const { request } = await connected(url, server);
    expect(request.headers["sec-websocket-extensions"]).toBeUndefined();
  });

  it("does not wait for a server that ignores its closing", async () => {
    const { server, url } = await wsServer();
    const { socket, owner, ws } = await connected(url, server);
    ws.pause();
    socket.close();
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close closed");
  });

  it("says what the server said at closing, fit for a screen", async () => {
    const { server, url } = await wsServer();
    const { owner, ws } = await connected(url, server);
    ws.close(1008, "too\u0007 many");
    await owner.closed();
    expect(owner.told.at(-1)).toBe("close closed by the server (1008: too  many)");
  });

  it("says that the connection was lost when the server vanishes", async () => {
    const { server, url } = await wsServer();
    const { owner, ws } = await connected(url, server);
    ws.terminate();
    await owner.closed();
    expect(owner.told.at(-1)).toMatch(/^close connection (lost|reset)$/);
  });
});
