import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { sessionBusSocket } from "../../electron/adapters/secrets/session-bus.ts";

/** A D-Bus session of its own, with nothing on it. */
export interface SessionBus {
  /** With the bus's address in it. */
  readonly env: NodeJS.ProcessEnv;
  /** Owns a name, as the program would that people expect there, until `stop`. */
  own(name: string): Promise<void>;
  stop(): Promise<void>;
}

export const hasSessionBus = process.platform === "linux" && spawnSync("dbus-run-session", ["--version"]).status === 0;

export async function startSessionBus(): Promise<SessionBus> {
  const script = 'echo "$DBUS_SESSION_BUS_ADDRESS"; cat >/dev/null';
  const session = spawn("dbus-run-session", ["--", "sh", "-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const [address] = (await once(createInterface(session.stdout), "line")) as [string];
  const env = { PATH: process.env.PATH ?? "", DBUS_SESSION_BUS_ADDRESS: address };
  let socket: Socket | undefined;
  return {
    env,
    own: async (name) => {
      socket = await ownName(sessionBusSocket(env) ?? "", name);
    },
    stop: async () => {
      socket?.destroy();
      const ended = once(session, "exit");
      session.stdin.end();
      await ended;
    },
  };
}

/** The handshake of the D-Bus specification, then Hello and RequestName. The name is owned for as long as the socket is. */
async function ownName(path: string, name: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(`${process.getuid?.()}`).toString("hex")}\r\n`);
  await once(socket, "data");
  socket.write("BEGIN\r\n");
  socket.write(call(1, "Hello", "", Buffer.alloc(0)));
  const text = Buffer.from(name);
  // A string with its length and its NUL, then from the next multiple of four on the flags, which are none.
  const body = Buffer.alloc(Math.ceil((4 + text.length + 1) / 4) * 4 + 4);
  body.writeUInt32LE(text.length, 0);
  text.copy(body, 4);
  socket.write(call(2, "RequestName", "su", body));
  let heard = "";
  while (!heard.includes("NameAcquired\0") || !heard.includes(`${name}\0`)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    heard += chunk.toString("latin1");
  }
  return socket;
}

/** A method call to the bus itself, as bytes. */
function call(serial: number, member: string, signature: string, body: Buffer): Buffer {
  const fields = [
    field(1, "o", "/org/freedesktop/DBus"),
    field(2, "s", "org.freedesktop.DBus"),
    field(3, "s", member),
    field(6, "s", "org.freedesktop.DBus"),
    ...(signature ? [signatureField(signature)] : []),
  ];
  // Each begins at a multiple of eight; so does the body.
  const array = fields.reduce((all, next) => Buffer.concat([pad(all, 8), next]), Buffer.alloc(0));
  const head = Buffer.alloc(16);
  head.write("l", 0); // little endian
  head.writeUInt8(1, 1); // a method call
  head.writeUInt8(1, 3); // version of the protocol
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(array.length, 12);
  return Buffer.concat([pad(Buffer.concat([head, array]), 8), body]);
}

function field(code: number, type: string, value: string): Buffer {
  const text = Buffer.from(value);
  const bytes = Buffer.alloc(8 + text.length + 1);
  bytes.set([code, 1, type.charCodeAt(0), 0], 0);
  bytes.writeUInt32LE(text.length, 4);
  text.copy(bytes, 8);
  return bytes;
}

function signatureField(signature: string): Buffer {
  return Buffer.from([8, 1, "g".charCodeAt(0), 0, signature.length, ...Buffer.from(signature), 0]);
}

function pad(bytes: Buffer, to: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
}
