import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askHost } from "../../electron/cli/control-client.ts";
import { serveControl } from "../../electron/main/ipc/control-socket.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { ControlApi, ControlMethod } from "../../shared/ipc/control.ts";
import { decodeReply, MAX_REQUEST_LENGTH } from "../../shared/ipc/wire.ts";

// The real socket, and a host that answers what the test says.

let folder: string;
let path: string;
let control: { close(): Promise<void> };
let calls: { method: ControlMethod; params: unknown }[];
let answer: (method: ControlMethod) => Promise<Result<unknown>>;
let sockets: Socket[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "govpn-control-"));
  path = join(folder, "control.sock");
  calls = [];
  sockets = [];
  answer = async (method) => ok({ said: method });
  control = await serve();
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await control.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(): Promise<typeof control> {
  const host = {
    call: (method: ControlMethod, params: unknown) => {
      calls.push({ method, params });
      return answer(method);
    },
  } as unknown as ControlApi;
  const served = await serveControl(path, host, silentLogger);
  if (!served.ok) throw new Error(served.error.message);
  return served.value;
}

async function client(): Promise<{ socket: Socket; replies: AsyncIterator<string>; closed: Promise<void> }> {
  const socket = connect(path);
  sockets.push(socket);
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  return { socket, replies: createInterface({ input: socket })[Symbol.asyncIterator](), closed };
}

async function next(replies: AsyncIterator<string>) {
  const line = await replies.next();
  return line.done ? undefined : decodeReply(line.value);
}

const request = (id: number, method: string, params: object = {}) => `${JSON.stringify({ id, method, params })}\n`;

describe.skipIf(process.platform === "win32")("the control socket", () => {
  it("can be opened by its owner alone", () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("answers each request with its id, several on one connection", async () => {
    const { socket, replies } = await client();
    socket.write(request(1, "status") + request(2, "leave", { roomId: "den" }));
    const answers = [await next(replies), await next(replies)];
    expect(answers.map((reply) => reply?.id).sort()).toEqual([1, 2]);
    expect(calls).toEqual([
      { method: "status", params: {} },
      { method: "leave", params: { roomId: "den" } },
    ]);
  });

  it("answers a request that comes in pieces, and one that ends in CRLF", async () => {
    const { socket, replies } = await client();
    const text = request(3, "status").replace("\n", "\r\n");
    socket.setNoDelay(true);
    for (const piece of [text.slice(0, 9), text.slice(9, 20), text.slice(20)]) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise(setImmediate);
    }
    expect(await next(replies)).toEqual({ id: 3, result: ok({ said: "status" }) });
  });

  it("answers nonsense with a failure and keeps the connection", async () => {
    const { socket, replies } = await client();
    socket.write(`hello\n\n${request(4, "reboot")}${request(5, "ping", { member: 7 })}${request(6, "status")}`);
    const codes = [];
    for (let i = 0; i < 5; i++) {
      const reply = await next(replies);
      codes.push(!reply || reply.result.ok ? reply?.id : reply.result.error.code);
    }
    expect(codes.sort()).toEqual([6, "bad_params", "malformed", "malformed", "unknown_method"].sort());
    expect(calls).toEqual([{ method: "status", params: {} }]);
  });

  it("hangs up on a line that never ends, having kept little of it", async () => {
    const { socket, closed } = await client();
    const chunk = Buffer.alloc(64 * 1024, "x");
    let written = 0;
    while (!socket.destroyed && written < 64 * 1024 * 1024) {
      written += chunk.length;
      if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
    }
    await closed;
    expect(written).toBeLessThan(8 * 1024 * 1024);
    expect(calls).toEqual([]);
  });

  it("refuses a request that is a whole line but too long", async () => {
    const { socket, replies } = await client();
    const padded = JSON.stringify({ id: 1, method: "status", params: {}, padding: "x".repeat(MAX_REQUEST_LENGTH) });
    socket.write(`${padded}\n`);
    const reply = await next(replies);
    expect(reply === undefined || !reply.result.ok).toBe(true);
    expect(calls).toEqual([]);
  });

  it("reports a host that throws as a failure", async () => {
    answer = async () => {
      throw new Error("a bug");
    };
    const { socket, replies } = await client();
    socket.write(request(1, "status"));
    expect(await next(replies)).toEqual({ id: 1, result: fail("internal", "a bug") });
  });

  it("does not mind clients that leave before their answer", async () => {
    let release = () => {};
    answer = () => new Promise((resolve) => (release = () => resolve(ok({}))));
    const { socket } = await client();
    socket.write(request(1, "status"));
    while (calls.length === 0) await new Promise(setImmediate);
    socket.destroy();
    release();
    answer = async () => ok({ alive: true });
    const other = await client();
    other.socket.write(request(2, "status"));
    expect(await next(other.replies)).toEqual({ id: 2, result: ok({ alive: true }) });
  });

  it("serves on while others hold connections open and say nothing", async () => {
    for (let i = 0; i < 40; i++) await client();
    const { socket, replies } = await client();
    socket.write(request(1, "status"));
    expect((await next(replies))?.id).toBe(1);
  });

  it("turns away more clients than it takes, and takes new ones when others leave", async () => {
    const crowd = [];
    for (let i = 0; i < 64; i++) crowd.push(await client());
    const surplus = await client();
    await surplus.closed;
    crowd[0]!.socket.destroy();
    await crowd[0]!.closed;
    for (;;) {
      const { socket, replies } = await client();
      socket.write(request(1, "status"));
      if (await next(replies)) break;
    }
    expect(calls).toHaveLength(1);
  });

  it("flushes what was answered before it closes, and waits for nobody who says nothing", async () => {
    const silent = await client();
    const { socket, replies } = await client();
    answer = async () => ok({ blob: "x".repeat(2 * 1024 * 1024) });
    socket.write(request(1, "status"));
    while (calls.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    const closing = control.close();
    expect((await next(replies))?.result.ok).toBe(true);
    socket.destroy();
    await silent.closed;
    await closing;
  });

  it("takes over the path that a crash left behind", async () => {
    await control.close();
    writeFileSync(path, "left behind");
    control = await serve();
    const { socket, replies } = await client();
    socket.write(request(1, "status"));
    expect((await next(replies))?.id).toBe(1);
  });

  it("says which path it could not open", async () => {
    const served = await serveControl(join(folder, "missing", "x.sock"), {} as ControlApi, silentLogger);
    expect(served).toMatchObject({ ok: false, error: { code: "control_socket" } });
  });

  describe("asked by the command line", () => {
    it("gives the answer", async () => {
      expect(await askHost(folder, "setUsername", { username: "Ann" })).toEqual(ok({ said: "setUsername" }));
      expect(calls).toEqual([{ method: "setUsername", params: { username: "Ann" } }]);
    });

    it("is not running when nobody listens, or somebody hangs up", async () => {
      await control.close();
      expect(await askHost(folder, "status", {})).toMatchObject({ ok: false, error: { code: "not_running" } });
      rmSync(path, { force: true });
      expect(await askHost(folder, "status", {})).toMatchObject({ ok: false, error: { code: "not_running" } });
      control = await serve();
      answer = () => new Promise(() => {});
      const asked = askHost(folder, "status", {});
      while (calls.length === 0) await new Promise(setImmediate);
      await control.close();
      expect(await asked).toMatchObject({ ok: false, error: { code: "not_running" } });
    });
  });
});
