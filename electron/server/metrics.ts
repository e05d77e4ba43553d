import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ClientMessageType } from "../../shared/protocols/govpn/messages.ts";
import type { RefusalCode } from "./refusal.ts";
import type { Rooms } from "./rooms.ts";

/** Which limit held someone back. */
export type LimitKind = "enter" | "change" | "pin" | "messages";

/**
 * The server's figures for Prometheus. Names follow its conventions: `govpn_` in front, `_total` for counters.
 * Labels have few values, all of them ours, so no client can make the output grow.
 */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #connections = this.#gauge("govpn_connections", "Open WebSocket connections");
  readonly #rooms = this.#gauge("govpn_rooms", "Rooms, with and without members connected");
  readonly #members = this.#gauge("govpn_members", "Members connected, counted once a room");
  readonly #messages = this.#counter("govpn_messages_total", "Verified messages received", "type");
  readonly #errors = this.#counter("govpn_errors_total", "Errors sent", "code");
  readonly #rateLimited = this.#counter("govpn_rate_limited_total", "Requests refused by a limit", "limit");
  readonly #relayed = this.#counter("govpn_relayed_total", "Offers, answers and candidates passed on");
  readonly #dropped = this.#counter("govpn_connections_dropped_total", "Connections ended by the server", "why");
  readonly #messageCounts = new Map<ClientMessageType, Counter.Internal>();

  /** @param processMetrics also report memory, CPU and event-loop delay of the process. */
  constructor(processMetrics = true) {
    if (processMetrics) collectDefaultMetrics({ register: this.#registry });
  }

  connectionsChanged(open: number): void {
    this.#connections.set(open);
  }

  roomsChanged(rooms: Rooms): void {
    this.#rooms.set(rooms.size);
    this.#members.set(rooms.memberCount);
  }

  message(type: ClientMessageType): void {
    let count = this.#messageCounts.get(type);
    if (!count) {
      count = this.#messages.labels(type);
      this.#messageCounts.set(type, count);
    }
    count.inc();
  }

  error(code: RefusalCode): void {
    this.#errors.inc({ code });
  }

  rateLimited(limit: LimitKind): void {
    this.#rateLimited.inc({ limit });
  }

  relayed(): void {
    this.#relayed.inc();
  }

  dropped(why: "dead" | "slow" | "offences" | "full" | "idle"): void {
    this.#dropped.inc({ why });
  }

  /** The text exposition format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }

  #counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
