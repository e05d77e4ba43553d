import type { TunDevice } from "../../shared/tunnel/ports.ts";

/** A TUN device with no system behind it: a test is the system. */
export class FakeTun implements TunDevice {
  readonly name: string;
  readonly mtu: number;
  /** Copies of what was written, oldest first. */
  readonly written: Buffer[] = [];
  /** Set to refuse writes, as a device whose queue is full does. */
  isFull = false;
  #isOpen = true;
  #started: { onPacket: (packet: Uint8Array) => void; onLost: () => void } | undefined;
  /** One buffer for all packets, as in the real device: whoever keeps a view sees it change. */
  readonly #buffer = Buffer.alloc(65_536);

  constructor(mtu = 1280, name = "fake0") {
    this.mtu = mtu;
    this.name = name;
  }

  start(onPacket: (packet: Uint8Array) => void, onLost: () => void): void {
    if (this.#started || !this.#isOpen) throw new Error("a TUN device starts once, and before it is closed");
    this.#started = { onPacket, onLost };
  }

  write(packet: Uint8Array): boolean {
    const version = (packet[0] ?? 0) >> 4;
    if (!this.#isOpen || this.isFull || (version !== 4 && version !== 6)) return false;
    this.written.push(Buffer.from(packet));
    return true;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** As if a program of this machine had sent the packet. */
  fromSystem(packet: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#buffer.set(packet);
    this.#started?.onPacket(this.#buffer.subarray(0, packet.length));
    this.#buffer.fill(0xee, 0, packet.length);
  }

  /** As if someone had deleted the interface. */
  lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#started?.onLost();
  }

  /** What was written since the last call. */
  take(): Buffer[] {
    return this.written.splice(0);
  }
}
