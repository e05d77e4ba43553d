import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";

/** One accepted WebSocket. Handlers are set by the acceptor, synchronously, before anything can happen. */
export interface ServerSocket {
  /** Bytes handed over and not yet taken by the operating system. */
  readonly bufferedAmount: number;
  send(text: string): void;
  ping(): void;
  /** @param payload the ping's that it answers. */
  pong(payload: Uint8Array): void;
  /** Says goodbye with a code of RFC 6455 section 7.4 and waits a while for the other side's. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Stops reading; frames already read may still come. */
  pause(): void;
  resume(): void;
  /** @param bytes the frame's length as it travelled. */
  onText: (text: string, bytes: number) => void;
  onBinary: (bytes: number) => void;
  /** Answered by a pong unless somebody else is set to hear of it. */
  onPing: (payload: Uint8Array) => void;
  onPong: (bytes: number) => void;
  /** Once. */
  onClose: (code: number) => void;
}

/**
 * Into how many frames a message may be cut. Each is a buffer of its own, so that a message of 80 KiB a byte at a time
 * would take megabytes; writers that cut at 4 KiB need sixteen.
 */
const MAX_FRAGMENTS = 64;
/** Likewise the reads that one frame may come in: 80 KiB in the smallest packets that any network makes are some 300. */
const MAX_CHUNKS = 1024;
/** How long a socket may take to answer the closing frame, before it is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Settings of the package that its types do not know yet. */
interface NewerOptions {
  readonly closeTimeout: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
}

/** An HTTP status, with a sentence for whoever looks where there is one. */
export type UpgradeRefusal = number | { readonly status: number; readonly sentence: string };

export interface AcceptOptions {
  /** The only path that is upgraded. */
  readonly path: string;
  readonly maxPayloadBytes: number;
  /** Asked before an upgrade: what refuses it, or undefined. */
  readonly refuse: (request: IncomingMessage) => UpgradeRefusal | undefined;
  readonly onSocket: (socket: ServerSocket, request: IncomingMessage) => void;
}

export interface SocketAcceptor {
  /** Refuses further upgrades with 503. */
  stop(): void;
}

/** Accepts WebSockets on a node:http server through the `ws` package. Compression is off: it costs 300 KiB a socket. */
export function acceptSockets(server: Server, options: AcceptOptions): SocketAcceptor {
  const settings: ServerOptions & NewerOptions = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxPayloadBytes,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // By itself it would answer whoever does not read, and pile up pongs without bound.
    autoPong: false,
  };
  const upgrader = new WebSocketServer(settings);
  const corks = new Corks();
  let stopped = false;
  server.on("upgrade", (request, stream, head) => {
    // A client that goes away in the middle of the handshake is nobody's error.
    stream.on("error", ignore);
    const path = request.url?.split("?", 1)[0];
    const refusal = path !== options.path ? 404 : stopped ? 503 : options.refuse(request);
    if (refusal !== undefined) return refuseUpgrade(stream, refusal);
    upgrader.handleUpgrade(request, stream, head, (socket) => {
      stream.off("error", ignore);
      options.onSocket(new AcceptedSocket(socket, stream, corks), request);
    });
  });
  return {
    stop: () => {
      stopped = true;
    },
  };
}

function ignore(): void {}

function refuseUpgrade(stream: Duplex, refusal: UpgradeRefusal): void {
  const { status, sentence } = typeof refusal === "number" ? { status: refusal, sentence: "" } : refusal;
  const body = sentence === "" ? "" : `${sentence}\n`;
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(body === "" ? [] : ["Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff"]),
  ];
  // Whoever is refused might never hang up by itself.
  stream.once("finish", () => stream.destroy());
  stream.end(`${headers.join("\r\n")}\r\n\r\n${body}`);
}

/**
 * Holds back what is sent in one turn of the event loop, so that the frames of a burst (an offer and its candidates,
 * to the same peer) leave in one system call, which costs as much as all the rest of relaying a message.
 */
class Corks {
  #held: Duplex[] = [];
  readonly #release = () => {
    const held = this.#held;
    this.#held = [];
    for (const stream of held) stream.uncork();
  };

  hold(stream: Duplex): void {
    if (stream.writableCorked > 0) return;
    stream.cork();
    if (this.#held.push(stream) === 1) setImmediate(this.#release);
  }
}

class AcceptedSocket implements ServerSocket {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #corks: Corks;
  onText: ServerSocket["onText"] = ignore;
  onBinary: ServerSocket["onBinary"] = ignore;
  onPing: ServerSocket["onPing"] = (payload) => this.pong(payload);
  onPong: ServerSocket["onPong"] = ignore;
  onClose: ServerSocket["onClose"] = ignore;

  constructor(socket: WebSocket, stream: Duplex, corks: Corks) {
    this.#socket = socket;
    this.#stream = stream;
    this.#corks = corks;
    socket.on("message", (data, isBinary) => {
      // With the default binaryType a message is one Buffer.
      const bytes = data as Buffer;
      if (isBinary) this.onBinary(bytes.length);
      else this.onText(bytes.toString(), bytes.length);
    });
    socket.on("ping", (payload: Buffer) => this.onPing(payload));
    socket.on("pong", (payload: Buffer) => this.onPong(payload.length));
    socket.on("close", (code) => this.onClose(code));
    // Protocol errors (a frame beyond the limit, bad UTF-8) close the socket with their code; "close" follows.
    socket.on("error", ignore);
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    this.#corks.hold(this.#stream);
    this.#socket.send(text);
  }

  ping(): void {
    this.#socket.ping();
  }

  pong(payload: Uint8Array): void {
    this.#corks.hold(this.#stream);
    this.#socket.pong(payload);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
