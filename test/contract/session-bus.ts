import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { sessionBusSocket } from "../../electron/adapters/secrets/session-bus.ts";
import {
  answerTo,
  type BusMessage,
  busCall,
  padded,
  refusalOf,
  takeMessage,
  text,
  textsIn,
  VARIANT_TRUE,
} from "./bus-messages.ts";

/** A D-Bus session of its own, with nothing on it. */
export interface SessionBus {
  /** With the bus's address in it. */
  readonly env: { readonly PATH: string; readonly DBUS_SESSION_BUS_ADDRESS: string };
  /** Owns a name, as the program would that people expect there, until `stop`. */
  own(name: string): Promise<void>;
  /** Is a desktop that shows tray icons, until `stop`. @returns the names of those that were given to it, as they come */
  showTray(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const hasSessionBus = process.platform === "linux" && spawnSync("dbus-run-session", ["--version"]).status === 0;

export async function startSessionBus(): Promise<SessionBus> {
  const script = 'echo "$DBUS_SESSION_BUS_ADDRESS"; cat >/dev/null';
  const session = spawn("dbus-run-session", ["--", "sh", "-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const [address] = (await once(createInterface(session.stdout), "line")) as [string];
  const env = { PATH: process.env.PATH ?? "", DBUS_SESSION_BUS_ADDRESS: address };
  const sockets: Socket[] = [];
  const own = async (name: string, answer: Answer = refusalOf) => {
    sockets.push(await ownName(sessionBusSocket(env) ?? "", name, answer));
  };
  return {
    env,
    own: (name) => own(name),
    showTray: async () => {
      const icons: string[] = [];
      await own("org.kde.StatusNotifierWatcher", trayWatcher(icons));
      return icons;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      const ended = once(session, "exit");
      session.stdin.end();
      await ended;
    },
  };
}

/** What is sent for a call. */
type Answer = (call: BusMessage, serial: number) => Buffer;

/** The watcher of the StatusNotifierItem specification: programs ask it whether anybody shows icons, and give it theirs. */
function trayWatcher(icons: string[]): Answer {
  return (call, serial) => {
    const words = textsIn(call.body);
    if (call.member === "RegisterStatusNotifierItem") {
      icons.push(...words);
      return answerTo(call, serial);
    }
    const isAsked = call.member === "Get" && words[1] === "IsStatusNotifierHostRegistered";
    return isAsked ? answerTo(call, serial, VARIANT_TRUE) : refusalOf(call, serial);
  };
}

/** The handshake of the D-Bus specification, then Hello and RequestName. The name is owned for as long as the socket is. */
async function ownName(path: string, name: string, answer: Answer): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(`${process.getuid?.()}`).toString("hex")}\r\n`);
  await once(socket, "data");
  socket.write("BEGIN\r\n");
  socket.write(busCall(1, "Hello"));
  // From the next multiple of four on come the flags, which are none.
  const wanted = Buffer.concat([padded(text(name), 4), Buffer.alloc(4)]);
  socket.write(busCall(2, "RequestName", { signature: "su", bytes: wanted }));
  let serial = 2;
  let heard: Buffer = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      for (let taken = takeMessage(heard); taken; taken = takeMessage(heard)) {
        heard = taken.rest;
        const { message } = taken;
        if (message.isCall) socket.write(answer(message, ++serial));
        else if (message.member === "NameAcquired" && textsIn(message.body)[0] === name) resolve();
      }
    });
  });
  return socket;
}
