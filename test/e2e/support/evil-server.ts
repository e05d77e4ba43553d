import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

/**
 * `evil-server --page FILE`: what an attacker brings along, on ports of this machine's loopback.
 *
 * - "url": serves the attacker's page, under any name that leads here, and tells which cookies came with it;
 * - "naive": has the paths of GoVPN's user interface and none of its defences. An attack that learns nothing from it
 *   would prove nothing;
 * - "closed": a port where nobody listens, as on a computer without GoVPN.
 */

const { values } = parseArgs({ options: { page: { type: "string", default: "" } } });
const page = readFileSync(values.page);

/** Asks for what its page tells it to, as a page does, and for what other pages load, if it could. */
const SERVICE_WORKER = `
self.onactivate = (event) => event.waitUntil(clients.claim());
self.onmessage = async ({ data, ports: [port] }) => {
  try {
    const response = await fetch(data, { mode: "no-cors", credentials: "include" });
    port.postMessage(response.type);
  } catch (error) {
    port.postMessage(error.name);
  }
};
self.onfetch = () => {};
`;

function answerEvil({ url, headers }: IncomingMessage, response: ServerResponse): void {
  if (url === "/cookies") return send(response, "text/plain", headers.cookie ?? "");
  if (url === "/worker.js") return send(response, "text/javascript", SERVICE_WORKER);
  send(response, "text/html", page);
}

function answerNaive(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", headers } = request;
  response.setHeader("Access-Control-Allow-Origin", headers.origin ?? "*");
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Access-Control-Allow-Methods", "*, PUT, DELETE");
  response.setHeader("Access-Control-Allow-Headers", "content-type, x-evil");
  response.setHeader("Timing-Allow-Origin", "*");
  if (headers.accept === "text/event-stream") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: hello\n\n");
  } else if (url.endsWith(".js")) send(response, "text/javascript", "");
  else if (url.endsWith(".css")) send(response, "text/css", "");
  else if (url.endsWith(".svg"))
    send(response, "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
  else if (url === "/session") send(response, "application/json", '{"key":"readable"}');
  else send(response, "text/html", "<!doctype html><title>Naive</title><button>Leave the room</button>");
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const evil = createServer(answerEvil);
const naive = createServer(answerNaive);
new WebSocketServer({ server: naive });
const closed = createServer();
const [evilPort, naivePort, closedPort] = await Promise.all([evil, naive, closed].map(listen));
closed.close();
console.log(
  JSON.stringify({
    event: "listening",
    url: `http://127.0.0.1:${evilPort}`,
    naive: `http://127.0.0.1:${naivePort}`,
    closed: `http://127.0.0.1:${closedPort}`,
  }),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const server of [evil, naive]) {
      server.close();
      server.closeAllConnections();
    }
  });
}
