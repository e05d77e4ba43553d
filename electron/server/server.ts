import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ConnectionId } from "../../shared/base/brand.ts";
import { hex } from "../../shared/base/bytes.ts";
import type { Clock } from "../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../shared/base/disposable.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import { FailureError, messageOf } from "../../shared/base/result.ts";
import { systemClock } from "../adapters/clock.ts";
import { loadSodiumVerify } from "../adapters/crypto/sodium-ed25519.ts";
import { secureRandom } from "../adapters/random.ts";
import { acceptSockets, type ServerSocket, type UpgradeRefusal } from "../adapters/sockets/ws-server.ts";
import { AddressLimits } from "./address-limits.ts";
import { Admission } from "./admission.ts";
import { Backlog } from "./backlog.ts";
import { clientAddress, TrustedProxies } from "./client-address.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { FairTurns } from "./fair-turns.ts";
import { Heartbeat } from "./heartbeat.ts";
import { createHttpServer, SOCKET_PATH, type TlsOptions } from "./http.ts";
import {
  CLOSE_GRACE_MS,
  DAY_MS,
  defaultLimits,
  EXPIRY_SWEEP_INTERVAL_MS,
  MAX_WEBSOCKET_PAYLOAD_BYTES,
  type ServerLimits,
  SPARE_CONNECTIONS,
  SPARE_CONNECTIONS_PER_ADDRESS,
} from "./limits.ts";
import { ServerMetrics } from "./metrics.ts";
import { Buckets } from "./rate-limits.ts";
import { ReplayGuard } from "./replay.ts";
import { RoomService } from "./room-service.ts";
import type { RoomStore } from "./room-store.ts";
import type { ClientAddress } from "./rooms.ts";
import { ConnectionSignatures, type PrepareKey, preparedFor, prepareForPool } from "./signatures.ts";
import { Streams } from "./streams.ts";

/** 96 random bits: a connection id says nothing about the client and is not guessed. */
const CONNECTION_ID_BYTES = 12;
/** Joins, kicks and renames: few, and worth replaying. Some 10 MiB at most. */
const CHANGES_REMEMBERED = 100_000;
const CHANGES_WINDOW_MS = DAY_MS;
/** Offers and candidates go stale in seconds. */
const SIGNALS_REMEMBERED = 100_000;
const SIGNALS_WINDOW_MS = 10 * 60_000;
/** RFC 6455 section 7.4.1: "going away". */
const GOING_AWAY = 1001;
/**
 * Signatures checked before the event loop sees to everything else: some 25 ms. Fewer would cost throughput, since what
 * one turn of the loop has for one receiver is written to it together.
 */
const SIGNATURES_PER_TURN = 512;
/** On libuv's four threads; PINs are hashed there, too. */
const MAX_SIGNATURES_UNDERWAY = 4;
/** A crowd reconnecting after a restart must not be turned away by the operating system; it caps this at somaxconn. */
const LISTEN_BACKLOG = 4096;

export interface ServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Closed with the server, and if it cannot start. */
  readonly store: RoomStore;
  readonly limits?: Partial<ServerLimits>;
  readonly tls?: TlsOptions;
  readonly trustedProxies?: TrustedProxies;
  /**
   * Web pages that may connect, as "https://example.org". Browsers say where a page is from, and other programs say
   * nothing: by default no page may, since any page on the web would else reach a server on the visitor's own machine
   * or network, and guess PINs from its visitors' addresses.
   */
  readonly allowedOrigins?: readonly string[];
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** Also report memory and CPU of the process in /metrics. Off by default: an embedding program has its own. */
  readonly processMetrics?: boolean;
}

export interface RunningServer {
  /** What a client dials: ws://127.0.0.1:8080/ws. */
  readonly url: string;
  readonly port: number;
  /** Closes every socket with 1001, then the store. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts a signaling server.
 * @throws FailureError with code "address_in_use", "address_unavailable", "port_forbidden", "bad_tls" or "listen_failed".
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  try {
    const sodium = await loadSodiumVerify();
    const server = new SignalingServer(options, sodium ? preparedFor(sodium) : prepareForPool);
    await server.listen();
    return server;
  } catch (error) {
    options.store.close();
    throw error;
  }
}

class SignalingServer implements RunningServer {
  readonly #options: ServerOptions;
  readonly #prepareKey: PrepareKey;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #logger: Logger;
  readonly #metrics: ServerMetrics;
  readonly #service: RoomService;
  readonly #context: ConnectionContext;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #addresses: AddressLimits;
  readonly #admission: Admission<Connection>;
  readonly #streams: Streams;
  readonly #http: Server;
  readonly #running = new DisposableStore();
  readonly #heartbeat: Heartbeat<Connection>;
  readonly #startedAt: number;
  #closing: Promise<void> | undefined;

  constructor(options: ServerOptions, prepareKey: PrepareKey) {
    this.#options = options;
    this.#prepareKey = prepareKey;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? secureRandom;
    this.#logger = (options.logger ?? silentLogger).child("server");
    this.#metrics = new ServerMetrics(options.processMetrics ?? false);
    this.#addresses = new AddressLimits(this.#limits.maxConnectionsPerAddress);
    this.#admission = new Admission({
      limits: this.#limits,
      addresses: this.#addresses,
      allowedOrigins: options.allowedOrigins ?? [],
      onEvicted: (connection) => {
        this.#metrics.dropped("idle");
        this.#forget(connection);
        connection.terminate();
      },
    });
    const streams = this.#limits.maxConnectionsPerAddress + SPARE_CONNECTIONS_PER_ADDRESS;
    this.#streams = new Streams(streams, this.#proxies);
    this.#startedAt = this.#clock.now();
    this.#http = this.#createHttp();
    this.#service = new RoomService({
      store: options.store,
      limits: this.#limits,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      metrics: this.#metrics,
    });
    this.#context = this.#createContext();
    this.#heartbeat = this.#running.add(new Heartbeat<Connection>(this.#clock, () => this.#metrics.dropped("dead")));
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    const { host, tls } = this.#options;
    return `${tls ? "wss" : "ws"}://${host.includes(":") ? `[${host}]` : host}:${this.port}${SOCKET_PATH}`;
  }

  async listen(): Promise<void> {
    this.#service.deleteIdleRooms();
    const { host, port } = this.#options;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#http.once("error", reject);
        this.#http.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
          this.#http.off("error", reject);
          resolve();
        });
      });
    } catch (error) {
      this.#running.dispose();
      throw new FailureError(listenFailure(error, host, port));
    }
    this.#http.on("error", (error) => this.#logger.error("the listening socket failed", { error: messageOf(error) }));
    this.#running.add(this.#clock.every(EXPIRY_SWEEP_INTERVAL_MS, () => this.#service.deleteIdleRooms()));
    const acceptor = acceptSockets(this.#http, {
      path: SOCKET_PATH,
      maxPayloadBytes: MAX_WEBSOCKET_PAYLOAD_BYTES,
      refuse: (request) => this.#refuseConnection(request),
      onSocket: (socket, request) => this.#accept(socket, request),
    });
    this.#running.add({ dispose: () => acceptor.stop() });
    this.#logger.info("listening", { url: this.url, rooms: this.#service.rooms.size });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    this.#logger.info("shutting down", { connections: this.#connections.size });
    this.#running.dispose();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.close(GOING_AWAY, "server is shutting down");
    this.#http.closeIdleConnections();
    const grace = this.#clock.after(CLOSE_GRACE_MS, () => {
      this.#streams.destroyAll();
    });
    await closed;
    grace.dispose();
    this.#service.flush();
    this.#options.store.close();
  }

  #createHttp(): Server {
    const pages = {
      mayAsk: (request: IncomingMessage) => {
        const now = this.#clock.now();
        return this.#addresses.of(this.#addressOf(request), now)?.pages.take(now) ?? true;
      },
      health: () => ({
        status: "ok",
        connections: this.#connections.size,
        rooms: this.#service.rooms.size,
        members: this.#service.rooms.memberCount,
        uptime_seconds: Math.floor((this.#clock.now() - this.#startedAt) / 1000),
      }),
      metrics: async () => ({ contentType: this.#metrics.contentType, text: await this.#metrics.text() }),
    };
    try {
      const http = createHttpServer(pages, this.#options.tls, this.#limits.handshakeMs);
      http.maxConnections = this.#limits.maxConnections + SPARE_CONNECTIONS;
      http.on("connection", (stream: Socket) => {
        if (!this.#streams.add(stream)) this.#metrics.dropped("full");
      });
      return http;
    } catch (error) {
      throw new FailureError({
        code: "bad_tls",
        message: `The TLS certificate or key cannot be used: ${messageOf(error)}`,
      });
    }
  }

  #createContext(): ConnectionContext {
    const now = this.#clock.now();
    const isOpen = (id: ConnectionId) => this.#connections.has(id);
    return {
      service: this.#service,
      limits: this.#limits,
      metrics: this.#metrics,
      logger: this.#logger,
      now: () => this.#clock.now(),
      changes: new ReplayGuard(CHANGES_REMEMBERED, CHANGES_WINDOW_MS, now, isOpen),
      signals: new ReplayGuard(SIGNALS_REMEMBERED, SIGNALS_WINDOW_MS, now, isOpen),
      addresses: this.#addresses,
      keys: new Buckets(this.#limits.messageBurst, (this.#limits.messageBurst / this.#limits.messagesPerSecond) * 1000),
      turns: new FairTurns({
        maxUnderway: MAX_SIGNATURES_UNDERWAY,
        perTick: SIGNATURES_PER_TURN,
        defer: setImmediate,
      }),
      backlog: new Backlog(),
    };
  }

  #refuseConnection(request: IncomingMessage): UpgradeRefusal | undefined {
    const { origin } = request.headers;
    const refused = this.#admission.refuse(origin, this.#addressOf(request), this.#clock.now());
    if (typeof refused === "number") this.#metrics.dropped("full");
    return refused;
  }

  #accept(socket: ServerSocket, request: IncomingMessage): void {
    const id = hex.encode(this.#random(CONNECTION_ID_BYTES)) as ConnectionId;
    const address = this.#addressOf(request);
    const connection = new Connection(id, address, socket, new ConnectionSignatures(this.#prepareKey), this.#context);
    this.#connections.set(id, connection);
    this.#metrics.connectionsChanged(this.#connections.size);
    this.#admission.enter(connection, this.#clock.now());
    const beat: Disposable = this.#heartbeat.add(connection);
    socket.onClose = () => {
      beat.dispose();
      this.#forget(connection);
    };
  }

  /** It is gone, or its place is another's. */
  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection.id)) return;
    this.#metrics.connectionsChanged(this.#connections.size);
    this.#admission.leave(connection);
    connection.closed();
  }

  get #proxies(): TrustedProxies {
    return this.#options.trustedProxies ?? TrustedProxies.none;
  }

  #addressOf(request: IncomingMessage): ClientAddress {
    const header = request.headers["x-forwarded-for"];
    const forwarded = Array.isArray(header) ? header.join(",") : header;
    return clientAddress(request.socket.remoteAddress ?? "", forwarded, this.#proxies);
  }
}

function listenFailure(error: unknown, host: string, port: number): { code: string; message: string } {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return { code: "address_in_use", message: `Port ${port} on ${host} is in use by another program.` };
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return { code: "address_unavailable", message: `This machine has no address ${host}.` };
    case "EACCES":
      return {
        code: "port_forbidden",
        message: `This user may not listen on port ${port}; ports from 1024 up are free.`,
      };
    default:
      return { code: "listen_failed", message: `Cannot listen on ${host} port ${port}: ${messageOf(error)}` };
  }
}
