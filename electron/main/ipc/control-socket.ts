import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Logger } from "../../../shared/base/logger.ts";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { type ControlApi, decodeControlCall } from "../../../shared/ipc/control.ts";
import { encodeReply, MAX_REQUEST_LENGTH } from "../../../shared/ipc/wire.ts";

/** Commands, and scripts that watch: more at once than anybody needs, fewer than a runaway script opens. */
const MAX_CLIENTS = 64;

/**
 * Serves the host's API on a Unix socket (a named pipe on Windows) that only its owner can open: the folder is 0700,
 * the socket 0600. Whoever holds the profile's lock may take the path over from a crash.
 */
export async function serveControl(
  path: string,
  host: ControlApi,
  logger: Logger,
): Promise<Result<{ close(): Promise<void> }>> {
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on("close", () => clients.delete(socket));
    socket.on("error", (error) => logger.debug("a control client went away", { error: error.message }));
    serveClient(socket, host, logger);
  });
  server.maxConnections = MAX_CLIENTS;
  try {
    if (process.platform !== "win32") await rm(path, { force: true });
    await listen(server, path);
    if (process.platform !== "win32") await chmod(path, 0o600);
  } catch (error) {
    return fail("control_socket", `the control socket ${path} cannot be opened: ${messageOf(error)}`);
  }
  return ok({
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        // What was answered is flushed first.
        for (const client of clients) client.end();
      }),
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function serveClient(socket: Socket, host: ControlApi, logger: Logger): void {
  let waiting = 0;
  socket.on("data", (chunk: Buffer) => {
    // A line that never ends is no request. What readline has emitted is forgotten here at the next line break.
    waiting = chunk.includes(0x0a) ? chunk.length - chunk.lastIndexOf(0x0a) : waiting + chunk.length;
    if (waiting > MAX_REQUEST_LENGTH) socket.destroy();
  });
  const lines = createInterface({ input: socket });
  // The socket's own listener has told it already.
  lines.on("error", () => {});
  lines.on("line", (line) => {
    answer(line, host)
      .then((reply) => socket.writable && socket.write(`${reply}\n`))
      .catch((error) => logger.error("a control request failed", { error: messageOf(error) }));
  });
}

async function answer(line: string, host: ControlApi): Promise<string> {
  const call = decodeControlCall(line);
  if (!call.ok) return encodeReply(call.error.id ?? 0, call);
  const { id, method, params } = call.value;
  try {
    return encodeReply(id, await host.call(method, params));
  } catch (error) {
    return encodeReply(id, fail("internal", messageOf(error)));
  }
}
