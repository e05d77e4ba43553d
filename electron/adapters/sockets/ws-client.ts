import { networkInterfaces } from "node:os";
import { type RawData, WebSocket } from "ws";
import type { Clock } from "../../../shared/base/clock.ts";
import { messageOf } from "../../../shared/base/result.ts";
import { MAX_SERVER_FRAME_BYTES } from "../../../shared/protocols/govpn/messages.ts";
import type { DialSignaling, SignalingSocket } from "../../../shared/signaling/ports.ts";
import { systemClock } from "../clock.ts";

/** Milliseconds; see `defaultTiming` for what each is good for. */
export interface SocketTiming {
  readonly handshakeMs: number;
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
  readonly probeWithinMs: number;
  readonly silenceMs: number;
  readonly closeWithinMs: number;
}

const defaultTiming: SocketTiming = {
  /** DNS, TCP, TLS and upgrade over a bad mobile link. */
  handshakeMs: 10_000,
  /** Ping and wait together notice a half-open TCP (sleep, another network) within 20 s. */
  pingEveryMs: 10_000,
  pongWithinMs: 10_000,
  /** For a path that is in doubt: a few round trips over a bad link. */
  probeWithinMs: 5_000,
  /** For servers that do not answer pings: two of a server's own pings (every 25 s) missed. */
  silenceMs: 60_000,
  /** How long a closing frame is waited for. */
  closeWithinMs: 1_000,
};

/** A server that does not read: signaling of a full room is some 200 KiB. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Dials signaling servers with the ws package, which itself sets TCP_NODELAY. */
export function createDialer(
  timing: Partial<SocketTiming> = {},
  clock: Clock = systemClock,
  hasAddress: (address: string) => boolean = machineHas,
): DialSignaling {
  const complete = { ...defaultTiming, ...timing };
  return (url) => new WsSocket(url, complete, clock, hasAddress);
}

export const dialSignaling: DialSignaling = createDialer();

class WsSocket implements SignalingSocket {
  onOpen: () => void = () => {};
  onMessage: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  readonly #timing: SocketTiming;
  readonly #clock: Clock;
  readonly #ws: WebSocket | undefined;
  #timers: { dispose(): void }[] = [];
  #heardAt: number;
  /** When the oldest ping without any answer was sent, and how long the answer may take. */
  #unanswered: { readonly since: number; readonly withinMs: number } | undefined;
  /** A server that never answers pings is judged by its silence only. */
  #answersPings = false;
  /** This end's address; nothing reaches it any more once the machine has lost it. */
  #localAddress: string | undefined;
  readonly #hasAddress: (address: string) => boolean;
  /** Why this side ended it, or what went wrong before the close event that follows. */
  #reason: string | undefined;
  #isClosed = false;

  constructor(url: string, timing: SocketTiming, clock: Clock, hasAddress: (address: string) => boolean) {
    this.#timing = timing;
    this.#clock = clock;
    this.#hasAddress = hasAddress;
    this.#heardAt = clock.now();
    try {
      this.#ws = new WebSocket(url, {
        handshakeTimeout: timing.handshakeMs,
        maxPayload: MAX_SERVER_FRAME_BYTES,
        // Frames are small; compression would cost memory and mix secrets with what others choose (CRIME).
        perMessageDeflate: false,
      });
      this.#listen(this.#ws);
    } catch (error) {
      // ws throws for a URL that cannot be dialled; the owner learns of it like of any other failed dial.
      queueMicrotask(() => this.#closed(`not a server's address: ${messageOf(error)}`));
    }
  }

  send(text: string): void {
    const ws = this.#ws;
    if (ws?.readyState !== WebSocket.OPEN) return;
    ws.send(text);
    if (ws.bufferedAmount > MAX_BUFFERED_BYTES) this.#terminate("the server does not read what it is sent");
  }

  probe(): void {
    if (this.#ws?.readyState !== WebSocket.OPEN) return;
    if (this.#localAddress !== undefined && !this.#hasAddress(this.#localAddress)) {
      return this.#terminate("this machine's address has changed");
    }
    this.#ping(this.#timing.probeWithinMs);
    this.#timers.push(this.#clock.after(this.#timing.probeWithinMs, () => this.#checkAnswer()));
  }

  close(): void {
    const ws = this.#ws;
    if (!ws || this.#isClosed) return;
    this.#reason ??= "closed";
    ws.close(1000);
    this.#timers.push(this.#clock.after(this.#timing.closeWithinMs, () => ws.terminate()));
  }

  #listen(ws: WebSocket): void {
    ws.on("upgrade", ({ socket }) => {
      this.#localAddress = socket.localAddress;
    });
    ws.on("open", () => this.#opened());
    ws.on("message", (data) => {
      this.#heard();
      // The reference does not say that frames are text; a Go server may well send JSON in binary ones.
      this.onMessage(textOf(data));
    });
    ws.on("ping", () => this.#heard());
    ws.on("pong", () => {
      this.#answersPings = true;
      this.#heard();
    });
    ws.on("error", (error) => {
      this.#reason ??= errorSentence(error, this.#timing);
    });
    ws.on("close", (code, text) => this.#closed(this.#reason ?? closeSentence(code, text.toString("utf8"))));
  }

  #opened(): void {
    this.#heard();
    // The first ping tells whether this server answers pings: only then does a missing answer mean anything.
    this.#ping(this.#timing.pongWithinMs);
    this.#timers.push(this.#clock.every(this.#timing.pingEveryMs, () => this.#keepAlive()));
    this.onOpen();
  }

  #heard(): void {
    this.#heardAt = this.#clock.now();
    this.#unanswered = undefined;
  }

  #keepAlive(): void {
    if (this.#clock.now() - this.#heardAt >= this.#timing.silenceMs) {
      return this.#terminate(`nothing was heard from the server for ${this.#timing.silenceMs / 1000} s`);
    }
    this.#checkAnswer();
    if (!this.#isClosed) this.#ping(this.#timing.pongWithinMs);
  }

  #ping(withinMs: number): void {
    this.#ws?.ping();
    const now = this.#clock.now();
    const due = this.#unanswered ? this.#unanswered.since + this.#unanswered.withinMs : Number.POSITIVE_INFINITY;
    // The earlier deadline holds: a later ping does not excuse an earlier one.
    if (now + withinMs < due) this.#unanswered = { since: now, withinMs };
  }

  #checkAnswer(): void {
    const unanswered = this.#unanswered;
    // A timer may come a fraction of a millisecond early.
    if (!unanswered || this.#clock.now() - unanswered.since < unanswered.withinMs - 5) return;
    if (this.#answersPings) this.#terminate("the server stopped answering");
  }

  #terminate(reason: string): void {
    this.#reason ??= reason;
    this.#ws?.terminate();
  }

  #closed(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.dispose();
    this.#timers = [];
    this.onClose(reason);
  }
}

/** Whether an interface of this machine has the address. Loopback ones are never lost. */
function machineHas(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "").replace(/%.*$/, "");
  if (plain.startsWith("127.") || plain === "::1") return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => each.address === plain));
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

/** Node's error codes that people meet, in words. */
const errorWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "no server has this name",
  EAI_AGAIN: "the name could not be looked up",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "there is no network",
  ETIMEDOUT: "the server did not answer",
  EPROTO: "the server does not speak TLS here",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS here",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate cannot be verified",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name",
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: `the server sent a frame over ${MAX_SERVER_FRAME_BYTES} bytes`,
};

function errorSentence(error: Error & { code?: unknown }, { handshakeMs }: SocketTiming): string {
  // Several addresses of one name failed: the first one's reason speaks for all.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return errorSentence(error.errors[0], { ...defaultTiming, handshakeMs });
  }
  const words = typeof error.code === "string" ? errorWords[error.code] : undefined;
  if (words) return words;
  const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1];
  if (status) return `no signaling server there: the answer was HTTP ${status}`;
  if (error.message === "Opening handshake has timed out") {
    return `the server did not answer within ${handshakeMs / 1000} s`;
  }
  return error.message;
}

/** RFC 6455 section 7.4.1; 1006 is the package's own for an end without a closing frame. */
function closeSentence(code: number, text: string): string {
  if (code === 1006) return "connection lost";
  const said = text.replace(/\p{C}/gu, " ").trim().slice(0, 120);
  return `closed by the server (${code}${said === "" ? "" : `: ${said}`})`;
}
