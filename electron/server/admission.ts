import type { Disposable } from "../../shared/base/disposable.ts";
import type { UpgradeRefusal } from "../adapters/sockets/ws-server.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { ServerLimits } from "./limits.ts";
import type { ClientAddress } from "./rooms.ts";
import { type Occupant, Seats } from "./seats.ts";

const FORBIDDEN = 403;
const TOO_MANY_REQUESTS = 429;
const SERVICE_UNAVAILABLE = 503;

/** A connection that was let in. */
export interface Guest extends Occupant {
  readonly address: ClientAddress;
}

export interface AdmissionOptions<G extends Guest> {
  readonly limits: ServerLimits;
  readonly addresses: AddressLimits;
  readonly allowedOrigins: readonly string[];
  /** Its place is a newcomer's now. */
  readonly onEvicted: (guest: G) => void;
}

/** Decides who may open a WebSocket: by where a page is from, by address, and by how full the server is. */
export class Admission<G extends Guest> {
  readonly #options: AdmissionOptions<G>;
  readonly #seats = new Seats<G>();
  readonly #inside = new Map<G, Disposable>();
  /** How many of them come from each limited address. */
  readonly #perAddress = new Map<string, number>();

  constructor(options: AdmissionOptions<G>) {
    this.#options = options;
  }

  /** @param origin the header that only browsers send, if it is there. @returns why not, if not. */
  refuse(origin: string | undefined, address: ClientAddress, now: number): UpgradeRefusal | undefined {
    const { limits, addresses, allowedOrigins } = this.#options;
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      return { status: FORBIDDEN, sentence: "This server takes no connections from web pages." };
    }
    const open = address.isLimited ? (this.#perAddress.get(address.group) ?? 0) : 0;
    const isOver = open >= limits.maxConnectionsPerAddress;
    if (isOver || addresses.of(address, now)?.connects.take(now) === false) return TOO_MANY_REQUESTS;
    return this.#inside.size < limits.maxConnections || this.#makeRoom(now) ? undefined : SERVICE_UNAVAILABLE;
  }

  enter(guest: G, now: number): void {
    this.#inside.set(guest, this.#seats.add(guest, now));
    const { group, isLimited } = guest.address;
    if (isLimited) this.#perAddress.set(group, (this.#perAddress.get(group) ?? 0) + 1);
  }

  /** May be called more than once. */
  leave(guest: G): void {
    const seat = this.#inside.get(guest);
    if (!seat) return;
    seat.dispose();
    this.#inside.delete(guest);
    const { group, isLimited } = guest.address;
    const count = (this.#perAddress.get(group) ?? 0) - 1;
    if (isLimited && count > 0) this.#perAddress.set(group, count);
    else this.#perAddress.delete(group);
  }

  /** @returns whether the server is no longer full. */
  #makeRoom(now: number): boolean {
    const idle = this.#seats.idle(now);
    if (!idle) return false;
    this.leave(idle);
    this.#options.onEvicted(idle);
    return true;
  }
}
