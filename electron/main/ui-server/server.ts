import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import * as v from "valibot";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { API_PATH, keyOfProtocols, SESSION_PATH, SessionRequest, TOKEN_FRAGMENT } from "../../../shared/ipc/browser.ts";
import { peerUser } from "../../adapters/sockets/peer-user.ts";
import {
  acceptSockets,
  type ServerSocket,
  type SocketAcceptor,
  type UpgradeRefusal,
} from "../../adapters/sockets/ws-server.ts";
import type { AppConnection } from "../ipc/app-connection.ts";
import { UiAccess } from "./access.ts";
import type { UiFiles } from "./files.ts";
import { cookiesOf, type Refusal, UiGate } from "./gate.ts";
import { securityHeaders } from "./headers.ts";
import { parseJson, readBody, sendFile, sendJson } from "./http.ts";
import {
  BAD_TOKEN,
  badMethod,
  NO_SESSION,
  NOT_A_PAGE,
  NOT_JSON,
  NOTHING_HERE,
  OTHER_USER,
  TOO_LARGE,
  TOO_MANY_WINDOWS,
} from "./refusals.ts";

/** The UI is for whoever sits at this machine. There is no setting for another address. */
const LOOPBACK = "127.0.0.1";
/** A browser opens six connections and a WebSocket a tab; MAX_WINDOWS of them, and some to spare. */
const MAX_CONNECTIONS = 256;
/** Tabs at once, of all sessions. */
const MAX_WINDOWS = 32;
/** A token in JSON is some 60 bytes. */
const MAX_SESSION_REQUEST_BYTES = 512;
/** What a page may send at once: an identity's backup, escaped. The wire's own limit is stricter and answers in words. */
const MAX_FRAME_BYTES = 64 * 1024;
/** On loopback a request is there at once or it is no request. */
const REQUEST_WITHIN_MS = 10_000;
/** What was sent leaves at once on loopback, unless nobody reads it. */
const CLOSE_GRACE_MS = 500;
/** RFC 6455 section 7.4.1: "going away", "unsupported data". */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
/** RFC 9110 section 15.5.20: "misdirected request". */
const WRONG_NAME = 421;

export interface UiServerOptions {
  readonly files: UiFiles;
  /** 0 for any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly onConnection: (connection: AppConnection) => void;
  /** The users (uid) that may open a link, where the system tells who connects. Undefined: whoever has a link. */
  readonly owners?: ReadonlySet<number> | undefined;
}

export interface UiServer {
  readonly port: number;
  /** A link that lets one browser in, once, within ten minutes. */
  link(): string;
  /** Ends every connection and forgets every session. */
  close(): Promise<void>;
}

/**
 * Serves the user interface of the headless host, and the app's contract over a WebSocket, to browsers of this machine's
 * user: see shared/ipc/browser.ts for the way in. Fails with "ui_port_in_use" or "ui_unavailable".
 */
export async function startUiServer(options: UiServerOptions): Promise<Result<UiServer>> {
  const http = createServer({
    headersTimeout: REQUEST_WITHIN_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    connectionsCheckingInterval: REQUEST_WITHIN_MS / 2,
    maxHeaderSize: 16 * 1024,
  });
  http.maxConnections = MAX_CONNECTIONS;
  const listening = await listen(http, options.port);
  return listening.ok ? ok(new LoopbackUi(http, listening.value, options)) : listening;
}

function listen(http: Server, port: number): Promise<Result<number>> {
  return new Promise((resolve) => {
    http.once("error", (error: NodeJS.ErrnoException) => resolve({ ok: false, error: listenFailure(error, port) }));
    http.listen({ host: LOOPBACK, port }, () => {
      http.removeAllListeners("error");
      resolve(ok((http.address() as AddressInfo).port));
    });
  });
}

function listenFailure(error: NodeJS.ErrnoException, port: number): Failure {
  return error.code === "EADDRINUSE"
    ? { code: "ui_port_in_use", message: `port ${port} on ${LOOPBACK} is in use by another program` }
    : { code: "ui_unavailable", message: `the user interface cannot be served: ${error.message}` };
}

class LoopbackUi implements UiServer {
  readonly port: number;
  readonly #http: Server;
  readonly #files: UiFiles;
  readonly #gate: UiGate;
  readonly #access: UiAccess;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onConnection: UiServerOptions["onConnection"];
  readonly #owners: ReadonlySet<number> | undefined;
  readonly #acceptor: SocketAcceptor;
  readonly #headers: Readonly<Record<string, string>>;
  /** Cookies are shared by all ports of a host, so each port's has a name of its own. */
  readonly #cookieName: string;
  readonly #windows = new Set<ServerSocket>();
  /** Every TCP connection, for closing those that never became anything else. */
  readonly #streams = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(http: Server, port: number, { files, clock, random, logger, onConnection, owners }: UiServerOptions) {
    this.port = port;
    this.#http = http;
    this.#files = files;
    this.#gate = new UiGate(port);
    this.#access = new UiAccess(clock, random);
    this.#clock = clock;
    this.#logger = logger.child("ui");
    this.#onConnection = onConnection;
    this.#owners = owners;
    this.#headers = securityHeaders(this.#gate.hosts);
    this.#cookieName = `govpn-ui-${port}`;
    http.on("error", (error) => this.#logger.error("the listening socket failed", { error: messageOf(error) }));
    http.on("connection", (stream: Socket) => {
      this.#streams.add(stream);
      stream.once("close", () => this.#streams.delete(stream));
    });
    http.on("request", (request, response) => void this.#answer(request, response));
    this.#acceptor = acceptSockets(http, {
      path: API_PATH,
      maxPayloadBytes: MAX_FRAME_BYTES,
      refuse: (request) => this.#refuseSocket(request),
      onSocket: (socket) => this.#serve(socket),
    });
  }

  link(): string {
    return `http://${LOOPBACK}:${this.port}/${TOKEN_FRAGMENT}${this.#access.mintToken()}`;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#acceptor.stop();
      const grace = this.#clock.after(CLOSE_GRACE_MS, () => {
        for (const stream of this.#streams) stream.destroy();
      });
      this.#http.close(() => {
        grace.dispose();
        resolve();
      });
      // The page knows how to wait for the host's return; it need not say goodbye.
      for (const window of this.#windows) window.close(GOING_AWAY, "GoVPN is going down");
      for (const stream of this.#streams) stream.destroySoon();
    });
    return this.#closing;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#gate.isOurs(request.headers)) return this.#refuseName(response);
    response.setHeaders(new Map(Object.entries(this.#headers)));
    const path = request.url?.split("?", 1)[0] ?? "";
    const route = `${request.method} ${path}`;
    if (route === `POST ${SESSION_PATH}`) return this.#openSession(request, response);
    if (request.method !== "GET" && request.method !== "HEAD") return this.#refuse(response, badMethod(path));
    if (path === SESSION_PATH) return this.#tellSession(request, response);
    if (path === API_PATH) return this.#refuse(response, NOT_A_PAGE);
    const file = this.#files.get(path);
    const blocked = this.#gate.refuseFetch(request.headers) ?? (file ? undefined : NOTHING_HERE);
    if (blocked || !file) return this.#refuse(response, blocked ?? NOTHING_HERE);
    sendFile(request, response, file);
  }

  async #openSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal =
      this.#gate.refuseOrigin(request.headers) ?? badSessionRequest(request) ?? (await this.#refuseUser(request));
    if (refusal) return this.#refuse(response, refusal);
    const body = await readBody(request, MAX_SESSION_REQUEST_BYTES);
    if (body === undefined) return this.#refuse(response, TOO_LARGE);
    const wanted = v.safeParse(SessionRequest, parseJson(body));
    const secrets = wanted.success ? this.#access.openSession(wanted.output.token) : undefined;
    if (!secrets) return this.#refuse(response, BAD_TOKEN);
    this.#logger.info("a browser was let in");
    response.setHeader("Set-Cookie", `${this.#cookieName}=${secrets.cookie}; HttpOnly; SameSite=Strict; Path=/`);
    sendJson(response, 200, { key: secrets.key });
  }

  /** A link on a command line or a screen can be read by others before its owner opens it; the kernel knows who asks. */
  async #refuseUser({ socket }: IncomingMessage): Promise<Refusal | undefined> {
    const user = this.#owners && (await peerUser(socket));
    return user === undefined || this.#owners?.has(user) ? undefined : OTHER_USER;
  }

  #tellSession({ headers }: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#gate.refuseFetch(headers);
    if (refusal) return this.#refuse(response, refusal);
    if (!this.#access.hasSession(cookiesOf(headers, this.#cookieName))) return this.#refuse(response, NO_SESSION);
    sendJson(response, 200, {});
  }

  #refuseSocket({ headers }: IncomingMessage): UpgradeRefusal | undefined {
    if (!this.#gate.isOurs(headers)) return this.#tellName();
    const refusal = this.#gate.refuseOrigin(headers);
    if (refusal) return this.#told(refusal);
    const key = keyOfProtocols(headers["sec-websocket-protocol"]);
    if (!this.#access.admits(cookiesOf(headers, this.#cookieName), key)) return this.#told(NO_SESSION);
    return this.#windows.size < MAX_WINDOWS ? undefined : this.#told(TOO_MANY_WINDOWS);
  }

  #serve(socket: ServerSocket): void {
    this.#windows.add(socket);
    const connection: AppConnection = {
      get unsent() {
        return socket.bufferedAmount;
      },
      send: (frame) => socket.send(frame),
      close: () => socket.close(GOING_AWAY, ""),
      onFrame: () => {},
      onClose: () => {},
    };
    socket.onText = (text) => connection.onFrame(text);
    socket.onBinary = () => socket.close(UNSUPPORTED_DATA, "frames are text");
    socket.onClose = () => {
      this.#windows.delete(socket);
      connection.onClose();
    };
    this.#onConnection(connection);
  }

  #refuseName(response: ServerResponse): void {
    response.writeHead(this.#tellName(), { Connection: "close", "Content-Length": 0 }).end();
  }

  /** Words for the log alone: see UiGate.isOurs. */
  #tellName(): number {
    this.#logger.debug("a request was refused", { status: WRONG_NAME, code: "wrong_host" });
    return WRONG_NAME;
  }

  #refuse(response: ServerResponse, refusal: Refusal): void {
    const { status, code, sentence } = this.#told(refusal);
    // A body that nobody reads must not be taken for the next request.
    response.setHeader("Connection", "close");
    if (status === 405) response.setHeader("Allow", "GET, HEAD, POST");
    sendJson(response, status, { error: { code, message: sentence } });
  }

  #told(refusal: Refusal): Refusal {
    this.#logger.debug("a request was refused", { status: refusal.status, code: refusal.code });
    return refusal;
  }
}

function badSessionRequest({ headers }: IncomingMessage): Refusal | undefined {
  // A page of another site can post a form or plain text unasked, but not JSON.
  if (headers["content-type"]?.split(";", 1)[0] !== "application/json") return NOT_JSON;
  return Number(headers["content-length"] ?? 0) > MAX_SESSION_REQUEST_BYTES ? TOO_LARGE : undefined;
}
