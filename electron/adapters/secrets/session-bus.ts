import { connect } from "node:net";
import { FailureError } from "../../../shared/base/result.ts";

/**
 * Waits for the D-Bus session bus to say a first word. The native package dials the bus in a constructor, on this
 * very thread, and libdbus has no time-out for that part: a bus that accepts and then says nothing would stop the
 * whole process for good. (Once the bus answers, libdbus gives up on a silent Secret Service after 2 s by itself.)
 * Resolves at once where there is no bus to wait for: the package's own failure then says so.
 * @throws FailureError "keychain_unavailable"
 */
export async function sessionBusAnswers(withinMs: number): Promise<void> {
  const path = process.platform === "linux" ? sessionBusSocket(process.env) : undefined;
  if (path === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path);
    const silent = new FailureError({
      code: "keychain_unavailable",
      message: `The keychain cannot be used: the D-Bus session bus did not answer within ${withinMs / 1000} s.`,
    });
    const timer = setTimeout(() => end(() => reject(silent)), withinMs);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    // The D-Bus specification's handshake: a zero byte, then SASL EXTERNAL with the uid in hex. Any answer is an answer.
    socket.on("connect", () =>
      socket.write(`\0AUTH EXTERNAL ${Buffer.from(`${process.getuid?.()}`).toString("hex")}\r\n`),
    );
    for (const event of ["data", "end", "error"]) socket.on(event, () => end(resolve));
  });
}

/** The socket of DBUS_SESSION_BUS_ADDRESS, or the default one; undefined for none and for other transports. */
export function sessionBusSocket(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = env.DBUS_SESSION_BUS_ADDRESS;
  if (!address) return env.XDG_RUNTIME_DIR ? `${env.XDG_RUNTIME_DIR}/bus` : undefined;
  // "unix:path=/run/user/1000/bus,guid=...;tcp:..." : the first is what libdbus tries first, percent-encoded.
  const match = /^unix:(?:[^;]*,)?(path|abstract)=([^,;]+)/.exec(address);
  if (!match) return undefined;
  const name = decodeURIComponent(match[2] ?? "");
  return match[1] === "abstract" ? `\0${name}` : name;
}
