import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** Where a datagram is going: to the end whose address the relay was given, or to the one that found the relay. */
export type Direction = "inward" | "outward";

/**
 * Somebody in the middle: a UDP port in front of another one. Datagrams go through as they are, unless `pass` says
 * otherwise; and any can be sent at any time.
 */
export class DatagramRelay {
  /** Called with each datagram; false keeps it. The bytes are the listener's to keep. */
  pass: (datagram: Buffer, direction: Direction) => boolean = () => true;
  readonly #outer: Socket;
  readonly #inner: Socket;
  readonly #target: { readonly address: string; readonly port: number };
  #guest: RemoteInfo | undefined;

  private constructor(outer: Socket, inner: Socket, target: { address: string; port: number }) {
    this.#outer = outer;
    this.#inner = inner;
    this.#target = target;
    outer.on("message", (datagram, from) => {
      this.#guest = from;
      if (this.pass(datagram, "inward")) this.send(datagram, "inward");
    });
    inner.on("message", (datagram) => {
      if (this.pass(datagram, "outward")) this.send(datagram, "outward");
    });
  }

  static async open(target: { address: string; port: number }): Promise<DatagramRelay> {
    const [outer, inner] = [createSocket("udp4"), createSocket("udp4")];
    outer.bind(0, "127.0.0.1");
    inner.bind(0);
    await Promise.all([once(outer, "listening"), once(inner, "listening")]);
    return new DatagramRelay(outer, inner, target);
  }

  /** On 127.0.0.1. */
  get port(): number {
    return this.#outer.address().port;
  }

  send(datagram: Uint8Array, direction: Direction): void {
    if (direction === "inward") this.#inner.send(datagram, this.#target.port, this.#target.address);
    else if (this.#guest) this.#outer.send(datagram, this.#guest.port, this.#guest.address);
  }

  close(): void {
    this.#outer.close();
    this.#inner.close();
  }
}
