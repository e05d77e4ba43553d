import { createHash, randomBytes } from "node:crypto";
import { get as httpGet, type IncomingMessage, type RequestOptions } from "node:http";
import { get as httpsGet } from "node:https";
import { messageOf } from "../../../shared/base/result.ts";

/** What was found where a signaling server should be. */
export interface ServerReport {
  readonly health: HealthAnswer;
  readonly upgrade: UpgradeAnswer;
  /** The server's clock minus this machine's in ms, good to about a second; absent when no answer had a Date. */
  readonly clockOffsetMs?: number;
}

export type HealthAnswer =
  | { readonly state: "govpn"; readonly latencyMs: number; readonly members?: number }
  /** Something answered, and it is not a GoVPN server's health page. */
  | { readonly state: "other"; readonly status: number; readonly latencyMs: number }
  | { readonly state: "unreachable"; readonly code: string; readonly reason: string };

export type UpgradeAnswer =
  | { readonly state: "websocket"; readonly latencyMs: number }
  | { readonly state: "refused"; readonly status: number }
  | { readonly state: "unreachable"; readonly code: string; readonly reason: string };

/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Our health page has some hundred bytes; whatever sends more is not it. */
const MAX_HEALTH_BYTES = 16 * 1024;

type Answer =
  | {
      readonly response: IncomingMessage;
      readonly body: string;
      readonly latencyMs: number;
      readonly offsetMs?: number;
    }
  | { readonly code: string; readonly reason: string };

/**
 * Looks at a server the way a browser and a client would: its health page beside the WebSocket's path, and a WebSocket
 * handshake that is broken off once it has succeeded. Sends nothing else, joins nothing. Never rejects.
 * @param url the ws: or wss: URL of the WebSocket
 */
export async function probeServer(url: string, withinMs: number): Promise<ServerReport> {
  const page = new URL(url);
  page.protocol = page.protocol === "wss:" ? "https:" : "http:";
  const key = randomBytes(16).toString("base64");
  const [health, upgrade] = await Promise.all([
    request(new URL("health", page), {}, withinMs),
    request(page, handshakeHeaders(key), withinMs),
  ]);
  const offset =
    ("response" in health ? health.offsetMs : undefined) ?? ("response" in upgrade ? upgrade.offsetMs : undefined);
  return {
    health: readHealth(health),
    upgrade: readUpgrade(upgrade, key),
    ...(offset === undefined ? {} : { clockOffsetMs: offset }),
  };
}

function handshakeHeaders(key: string): Record<string, string> {
  return {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": key,
  };
}

function readHealth(answer: Answer): HealthAnswer {
  if ("code" in answer) return { state: "unreachable", ...answer };
  const { response, body, latencyMs } = answer;
  const status = response.statusCode ?? 0;
  const page = parseObject(body);
  const isOurs = status === 200 && page?.status === "ok" && typeof page.rooms === "number";
  if (!isOurs) return { state: "other", status, latencyMs };
  return { state: "govpn", latencyMs, ...(typeof page?.members === "number" ? { members: page.members } : {}) };
}

function readUpgrade(answer: Answer, key: string): UpgradeAnswer {
  if ("code" in answer) return { state: "unreachable", ...answer };
  const { response, latencyMs } = answer;
  const expected = createHash("sha1")
    .update(key + WEBSOCKET_GUID)
    .digest("base64");
  const isAccepted = response.statusCode === 101 && response.headers["sec-websocket-accept"] === expected;
  return isAccepted ? { state: "websocket", latencyMs } : { state: "refused", status: response.statusCode ?? 0 };
}

function request(url: URL, headers: Record<string, string>, withinMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const clock = performance.now();
    const options: RequestOptions = { headers, agent: false, signal: AbortSignal.timeout(withinMs) };
    const finish = (response: IncomingMessage, body: string, answeredAt: number, latencyMs: number) => {
      const date = Date.parse(response.headers.date ?? "");
      // The Date was written about half a round trip ago, and its milliseconds were cut off: half a second on average.
      const offsetMs = Number.isNaN(date) ? undefined : date + 500 - (startedAt + answeredAt) / 2;
      resolve({ response, body, latencyMs, ...(offsetMs === undefined ? {} : { offsetMs }) });
    };
    const sent = (url.protocol === "https:" ? httpsGet : httpGet)(url, options);
    sent.on("response", async (response) => {
      const [answeredAt, latencyMs] = [Date.now(), performance.now() - clock];
      finish(response, await readBody(response), answeredAt, latencyMs);
    });
    sent.on("upgrade", (response, socket) => {
      finish(response, "", Date.now(), performance.now() - clock);
      socket.destroy();
    });
    sent.on("error", (error) => resolve(unreachable(error, withinMs)));
  });
}

/** As much of the body as a health page may have; the rest of the connection is not wanted. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_HEALTH_BYTES) break;
    }
  } catch {
    // A body cut short is judged like any other that is not ours.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable(error: Error, withinMs: number): { readonly code: string; readonly reason: string } {
  // Several addresses of one name failed: the first one's reason speaks for all.
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = "code" in first && typeof first.code === "string" ? first.code : "";
  if (first.name === "AbortError") return { code: "ETIMEDOUT", reason: `no answer within ${withinMs / 1000} s` };
  return { code, reason: messageOf(first) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
