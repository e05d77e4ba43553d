import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { messageOf } from "../../../shared/base/result.ts";
import { secureRandom } from "../random.ts";
import { bindingRequest, type Endpoint, parseBindingResponse, TRANSACTION_ID_BYTES } from "./stun-message.ts";

export type { Endpoint } from "./stun-message.ts";

export type IpFamily = 4 | 6;

export interface StunServer {
  readonly host: string;
  readonly port: number;
}

export type StunAnswer =
  | { readonly state: "answered"; readonly server: StunServer; readonly mapped: Endpoint; readonly rttMs: number }
  /** `reason` is for people. "no_address": the server has none of this family, which is nobody's fault. */
  | {
      readonly state: "silent" | "refused" | "unreachable" | "no_address";
      readonly server: StunServer;
      readonly reason: string;
    };

export interface StunReport {
  readonly family: IpFamily;
  readonly answers: readonly StunAnswer[];
  /** The port that all were asked from; absent when there is no socket of this family here. */
  readonly localPort?: number;
}

export interface StunTiming {
  /** RFC 8489 section 6.2.1: a request is repeated after this long, then after twice as long each time. */
  readonly firstRetransmitMs: number;
  /** How often it is sent in all. The RFC's seven take 39 s; four notice two losses in a row, within 7.5 s. */
  readonly attempts: number;
}

const defaultTiming: StunTiming = { firstRetransmitMs: 500, attempts: 4 };

/**
 * Asks every server from one socket, at once. One socket is the point: a NAT whose mapping does not depend on whom one
 * talks to (RFC 4787, "endpoint-independent") shows the same address and port to all of them, and then a peer can be
 * told that address. Never rejects.
 */
export async function askStunServers(
  servers: readonly StunServer[],
  family: IpFamily,
  timing: Partial<StunTiming> = {},
): Promise<StunReport> {
  const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ...(family === 6 ? { ipv6Only: true } : {}) });
  try {
    socket.bind(0);
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    const reason = messageOf(error);
    return { family, answers: servers.map((server) => ({ state: "unreachable", server, reason })) };
  }
  // An ICMP error about one server must not end the others' wait: each request has its own time-out.
  socket.on("error", () => {});
  const answers = await Promise.all(
    servers.map((server) => ask(socket, server, family, { ...defaultTiming, ...timing })),
  );
  const localPort = socket.address().port;
  socket.close();
  return { family, answers, localPort };
}

async function ask(socket: Socket, server: StunServer, family: IpFamily, timing: StunTiming): Promise<StunAnswer> {
  const noAddress = `${server.host} has no IPv${family} address that could be looked up`;
  let address: string;
  try {
    const found = await lookup(server.host, { family });
    // A literal address comes back as it is, whatever family was asked for.
    if (found.family !== family) return { state: "no_address", server, reason: noAddress };
    ({ address } = found);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // ENOTFOUND is what an unknown name gives, and what a name without an address of this family gives too.
    const state = code === "ENOTFOUND" || code === "ENODATA" ? "no_address" : "unreachable";
    return { state, server, reason: noAddress };
  }
  return exchange(socket, server, { address, port: server.port }, timing);
}

function exchange(socket: Socket, server: StunServer, to: Endpoint, timing: StunTiming): Promise<StunAnswer> {
  const transactionId = secureRandom(TRANSACTION_ID_BYTES);
  const request = bindingRequest(transactionId);
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (answer: StunAnswer) => {
      clearTimeout(timer);
      socket.off("message", onMessage);
      resolve(answer);
    };
    const onMessage = (message: Buffer, from: RemoteInfo) => {
      if (from.port !== to.port || from.address.split("%")[0] !== to.address) return;
      const parsed = parseBindingResponse(message, transactionId);
      if (parsed.ok) {
        finish({ state: "answered", server, mapped: parsed.value, rttMs: performance.now() - startedAt });
      } else if (parsed.error.code === "stun_error" || parsed.error.code === "no_mapped_address") {
        finish({ state: "refused", server, reason: parsed.error.message });
      }
      // Anything else is not an answer to this question; the right one may still come.
    };
    const send = (attempt: number) => {
      if (attempt > timing.attempts) {
        return finish({ state: "silent", server, reason: `no answer to ${timing.attempts} requests` });
      }
      socket.send(request, to.port, to.address, (error) => {
        if (error) finish({ state: "unreachable", server, reason: error.message });
      });
      timer = setTimeout(() => send(attempt + 1), timing.firstRetransmitMs * 2 ** (attempt - 1));
    };
    socket.on("message", onMessage);
    send(1);
  });
}

/** "host", "host:port", "[v6]:port", each with or without "stun:"; undefined for anything else. */
export function parseStunServer(text: string, defaultPort: number): StunServer | undefined {
  const match = /^(?:stun:)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return host && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Whether a datagram sent to this machine's own loopback address arrives: the least that UDP must do. Never rejects. */
export async function udpWorksHere(withinMs: number): Promise<{ readonly works: boolean; readonly reason: string }> {
  const socket = createSocket("udp4");
  let timer: NodeJS.Timeout | undefined;
  try {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("a datagram to this machine itself did not arrive")), withinMs);
    });
    const arrived = once(socket, "message");
    arrived.catch(() => {});
    socket.send("govpn", socket.address().port, "127.0.0.1");
    await Promise.race([arrived, late]);
    return { works: true, reason: "" };
  } catch (error) {
    return { works: false, reason: messageOf(error) };
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
