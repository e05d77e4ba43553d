import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { MAX_IDLE_MS } from "./limits.ts";

export const SOCKET_PATH = "/ws";

/** PEM texts. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
}

export interface HttpPages {
  /** Whether whoever asks may have another page now. */
  readonly mayAsk: (request: IncomingMessage) => boolean;
  /** The JSON of /health. */
  readonly health: () => object;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * The HTTP side of the server: two pages for operators, and a hint for whoever came with the wrong address.
 * @param handshakeMs from the connection's beginning to the end of its request, TLS by itself: whoever takes longer goes.
 */
export function createHttpServer(pages: HttpPages, tls: TlsOptions | undefined, handshakeMs: number): Server {
  const timeouts = {
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: handshakeMs / 2,
    maxHeaderSize: 16 * 1024,
  };
  const listener: RequestListener = (request, response) => void answer(request, response, pages);
  const server = tls
    ? createTlsServer({ ...timeouts, ...tls, minVersion: "TLSv1.2", handshakeTimeout: handshakeMs }, listener)
    : createServer(timeouts, listener);
  // An answer that is not fetched, a body that does not end. WebSockets take themselves out of it.
  server.setTimeout(MAX_IDLE_MS);
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, pages: HttpPages): Promise<void> {
  if (!pages.mayAsk(request)) {
    response.setHeader("Connection", "close");
    return json(response, 429, { error: "Too many requests; try again in a minute." });
  }
  // Bodies are not read here; the connection is not kept for one either.
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    response.setHeader("Connection", "close");
    return json(response, 405, { error: "Only GET is understood here." });
  }
  switch (request.url?.split("?", 1)[0]) {
    case "/health":
      return json(response, 200, pages.health());
    case "/metrics": {
      const { contentType, text } = await pages.metrics();
      return send(response, 200, contentType, text);
    }
    case SOCKET_PATH:
      response.setHeader("Upgrade", "websocket");
      return json(response, 426, { error: "This is a WebSocket endpoint: connect with ws:// or wss://." });
    default:
      return json(response, 404, {
        error: `Nothing here. This is a GoVPN signaling server: WebSockets connect to ${SOCKET_PATH}, /health and /metrics are pages.`,
      });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  send(response, status, "application/json; charset=utf-8", `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body);
}
