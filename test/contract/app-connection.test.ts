import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/adapters/clock.ts";
import { type AppConnection, serveApp, type WatchableApp } from "../../electron/main/ipc/app-connection.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { ok, type Result } from "../../shared/base/result.ts";
import type { AppMethod, AppState } from "../../shared/ipc/app.ts";
import { type AppClient, createAppClient } from "../../shared/ipc/client.ts";
import { applyPatch, diff } from "../../shared/ipc/patch.ts";
import { MAX_APP_REQUEST_LENGTH } from "../../shared/ipc/wire.ts";

// The window's contract from end to end, over each kind of transport: what holds of one must hold of all.

/** One connection: the host's end to serve, and the window's. */
interface Pair {
  readonly host: AppConnection;
  readonly window: { send(text: string): void; close(): void; onText: (text: string) => void; onClose: () => void };
  end(): Promise<void>;
}

async function linePair(): Promise<Pair> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  const near = createConnection(address.port, "127.0.0.1");
  const [far] = (await once(server, "connection")) as [Socket];
  for (const socket of [near, far]) socket.on("error", () => {});
  const host: AppConnection = {
    get unsent() {
      return far.writableLength;
    },
    send: (text) => far.write(`${text}\n`),
    close: () => far.destroy(),
    onFrame: () => {},
    onClose: () => {},
  };
  createInterface({ input: far }).on("line", (line) => host.onFrame(line));
  far.on("close", () => host.onClose());
  const window: Pair["window"] = {
    send: (text) => near.write(`${text}\n`),
    close: () => near.destroy(),
    onText: () => {},
    onClose: () => {},
  };
  createInterface({ input: near }).on("line", (line) => window.onText(line));
  near.on("close", () => window.onClose());
  return {
    host,
    window,
    end: async () => {
      near.destroy();
      far.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function portPair(): Promise<Pair> {
  const { port1, port2 } = new MessageChannel();
  const host: AppConnection = {
    send: (text) => port1.postMessage(text),
    close: () => port1.close(),
    onFrame: () => {},
    onClose: () => {},
  };
  const window: Pair["window"] = {
    send: (text) => port2.postMessage(text),
    close: () => port2.close(),
    onText: () => {},
    onClose: () => {},
  };
  const listen = (port: MessagePort, onText: (text: string) => void, onClose: () => void) => {
    port.on("message", onText);
    port.on("close", onClose);
  };
  listen(
    port1,
    (text) => host.onFrame(text),
    () => host.onClose(),
  );
  listen(
    port2,
    (text) => window.onText(text),
    () => window.onClose(),
  );
  return { host, window, end: async () => port1.close() };
}

class FakeApp implements WatchableApp {
  state = { wanted: true, rooms: {} } as unknown as AppState;
  readonly calls: { method: AppMethod; params: unknown }[] = [];
  answer: (method: AppMethod) => Promise<Result<unknown>> = async (method) => ok({ said: method });
  readonly #watchers = new Set<(state: AppState) => void>();

  call = (async (method: AppMethod, params: unknown) => {
    this.calls.push({ method, params });
    return this.answer(method);
  }) as WatchableApp["call"];

  watch(onState: (state: AppState) => void) {
    this.#watchers.add(onState);
    return { state: this.state, dispose: () => void this.#watchers.delete(onState) };
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  become(change: object): void {
    this.state = applyPatch(this.state, change) as AppState;
    for (const watcher of [...this.#watchers]) watcher(this.state);
  }
}

const transports: [string, () => Promise<Pair>][] = [
  ["lines on a socket", linePair],
  ["a message channel", portPair],
];

describe.each(transports)("the contract over %s", (_, connect) => {
  let pair: Pair;
  let app: FakeApp;
  let client: AppClient;
  let received: number;

  beforeEach(async () => {
    pair = await connect();
    app = new FakeApp();
    received = 0;
    serveApp(pair.host, app, systemClock, silentLogger);
    const { window } = pair;
    const mine = createAppClient({ send: (text) => window.send(text), clock: systemClock });
    client = mine;
    window.onText = (text) => {
      received += text.length;
      mine.receive(text);
    };
    // Of this test's own: it may come in the middle of the next.
    window.onClose = () => mine.closed();
  });
  afterEach(async () => {
    client.closed();
    await pair.end();
  });

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async function live(): Promise<void> {
    client.opened();
    await until(() => client.isLive);
  }

  it("brings the state, and from then on what changes of it", async () => {
    await live();
    expect(client.state).toEqual(app.state);
    app.become({ wanted: false });
    app.become({ rooms: { den: { name: "Räume 🎉\n", members: {} } } });
    await until(() => client.state?.rooms["den" as RoomId] !== undefined);
    expect(client.state).toEqual(app.state);
    app.become({ rooms: { den: null } });
    await until(() => client.state?.rooms["den" as RoomId] === undefined);
    expect(client.state).toEqual(app.state);
  });

  it("tells nobody who did not ask to watch", async () => {
    client.opened();
    pair.window.onText = () => {
      received++;
    };
    await until(() => received > 0);
    expect(app.watchers).toBe(1);
    const other = await connect();
    let told = 0;
    other.window.onText = () => told++;
    serveApp(other.host, app, systemClock, silentLogger);
    other.window.send(JSON.stringify({ id: 1, method: "doctor" }));
    await until(() => told === 1);
    app.become({ wanted: false });
    await until(() => received > 1);
    expect(told).toBe(1);
    await other.end();
  });

  it("answers each question with its own answer, whichever is ready first", async () => {
    await live();
    let release = () => {};
    app.answer = (method) =>
      method === "doctor"
        ? new Promise((resolve) => (release = () => resolve(ok([]))))
        : Promise.resolve(ok({ said: method }));
    const [slow, quick] = [client.call("doctor", {}), client.call("retryNow", {})];
    expect(await quick).toEqual(ok({ said: "retryNow" }));
    release();
    expect(await slow).toEqual(ok([]));
  });

  it("passes failures on with their code, and a defect as one", async () => {
    await live();
    app.answer = async () => ({ ok: false, error: { code: "wrong_pin", message: "no" } });
    expect(await client.call("doctor", {})).toEqual({ ok: false, error: { code: "wrong_pin", message: "no" } });
    app.answer = async () => {
      throw new Error("a bug");
    };
    expect(await client.call("doctor", {})).toMatchObject({ error: { code: "internal" } });
  });

  it("checks what is asked before anybody sees it", async () => {
    await live();
    const answers: { id: number; error?: { code: string } }[] = [];
    pair.window.onText = (text) => answers.push(JSON.parse(text));
    const tooLong = JSON.stringify({ id: 5, method: "importSettings", params: { text: "x".repeat(70_000) } });
    expect(tooLong.length).toBeGreaterThan(MAX_APP_REQUEST_LENGTH);
    for (const text of ["hello", '{"id":2,"method":"__proto__"}', '{"id":3,"method":"invite"}', tooLong]) {
      pair.window.send(text);
    }
    await until(() => answers.length === 4);
    expect(answers.map(({ error }) => error?.code)).toEqual(["malformed", "unknown_method", "bad_params", "malformed"]);
    expect(app.calls).toEqual([]);
  });

  it("holds a page gone wild to a burst, and serves it on afterwards", async () => {
    await live();
    const asked = await Promise.all(Array.from({ length: 400 }, () => client.call("retryNow", {})));
    const refused = asked.filter((answer) => !answer.ok && answer.error.code === "too_many_requests");
    expect(refused.length).toBeGreaterThan(200);
    expect(app.calls.length).toBeLessThanOrEqual(110);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await client.call("doctor", {})).ok).toBe(true);
  });

  it("does not let questions without answers pile up", async () => {
    await live();
    app.answer = () => new Promise(() => {});
    const asked = Array.from({ length: 40 }, () => client.call("doctor", {}));
    const first = await Promise.race(asked);
    expect(first).toMatchObject({ ok: false, error: { code: "too_many_requests" } });
    expect(app.calls).toHaveLength(32);
    client.closed();
    await Promise.all(asked);
  });

  it("ends on both sides with the connection", async () => {
    await live();
    expect(app.watchers).toBe(1);
    const asked = client.call("doctor", {});
    pair.window.close();
    client.closed();
    await asked;
    await until(() => app.watchers === 0);
    app.become({ wanted: false });
  });

  it("watches anew when asked again, and not twice", async () => {
    await live();
    client.opened();
    await until(() => client.isLive);
    expect(app.watchers).toBe(1);
    app.become({ wanted: false });
    await until(() => client.state?.wanted === false);
  });
});

describe("a reader that has fallen behind", () => {
  it("gets one patch of everything it missed, however much happened", async () => {
    const sent: string[] = [];
    const host = {
      unsent: 0,
      send: (text: string) => sent.push(text),
      close: () => {},
      onFrame: () => {},
      onClose: () => {},
    };
    const connection: AppConnection = host;
    const app = new FakeApp();
    serveApp(connection, app, systemClock, silentLogger);
    connection.onFrame('{"id":1,"method":"watch"}');
    const before = app.state;
    host.unsent = 1_000_000;
    for (let i = 0; i < 1_000; i++) app.become({ self: { username: `Ann ${i}`, publicKey: "k" as PublicKey } });
    expect(sent).toHaveLength(1);
    host.unsent = 0;
    while (sent.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(JSON.parse(sent[1]!)).toEqual({ patch: diff(before, app.state) });
    connection.onClose();
    expect(app.watchers).toBe(0);
  });

  it("that reads nothing any more is given up", () => {
    let isClosed = false;
    const host = {
      unsent: 0,
      send: () => {},
      close: () => {
        isClosed = true;
      },
      onFrame: () => {},
      onClose: () => {},
    };
    const connection: AppConnection = host;
    const app = new FakeApp();
    serveApp(connection, app, systemClock, silentLogger);
    connection.onFrame('{"id":1,"method":"watch"}');
    host.unsent = 100_000_000;
    connection.onFrame('{"id":2,"method":"watch"}');
    expect(isClosed).toBe(true);
    expect(app.watchers).toBe(0);
  });
});
