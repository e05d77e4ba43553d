import { closeSync } from "node:fs";
import { ERRNO, libc, type PollHandle } from "./libc.ts";
import type { SystemTunDevice } from "./open.ts";

/** Room for any packet the interface can be set to give. */
const READ_BUFFER_BYTES = 65_536;

/** Packets read before the event loop gets to breathe: about half a millisecond of work. */
const BATCH_PACKETS = 64;

/**
 * A TUN descriptor read on Node's own loop.
 *
 * Readiness comes from uv_poll (koffi's `node.poll`), not from a blocked read or poll in a thread: no thread switch
 * either way, nothing left blocked at close, nothing that keeps the process alive afterwards. uv_poll calls back
 * outside of Node's callback scope (promises would not settle and a throw would be lost), so it only asks for an
 * immediate, which runs next in the same turn of the loop and reads a batch there. As uv_poll is level-triggered, what
 * a batch leaves calls back again in the next turn, after everyone else has had theirs.
 */
export class LinuxTunDevice implements SystemTunDevice {
  readonly name: string;
  readonly mtu: number;
  readonly ipv6: SystemTunDevice["ipv6"];
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  #poll: PollHandle | undefined;
  #batch: NodeJS.Immediate | undefined;
  #isOpen = true;
  #onPacket: (packet: Uint8Array) => void = () => {};
  #onLost: () => void = () => {};

  /** @param fd a non-blocking descriptor attached to the interface; this object closes it. */
  constructor(fd: number, { name, mtu, ipv6 }: Pick<SystemTunDevice, "name" | "mtu" | "ipv6">) {
    this.#fd = fd;
    this.name = name;
    this.mtu = mtu;
    this.ipv6 = ipv6;
  }

  start(onPacket: (packet: Uint8Array) => void, onLost: () => void): void {
    if (!this.#isOpen || this.#poll) throw new Error("a TUN device starts once, and before it is closed");
    this.#onPacket = onPacket;
    this.#onLost = onLost;
    this.#poll = libc().pollReadable(this.#fd, () => {
      this.#batch ??= setImmediate(() => {
        this.#batch = undefined;
        this.#readBatch();
      });
    });
  }

  write(packet: Uint8Array): boolean {
    if (!this.#isOpen) return false;
    return libc().write(this.#fd, packet) === packet.length;
  }

  async close(): Promise<void> {
    this.#end();
  }

  #readBatch(): void {
    for (let i = 0; i < BATCH_PACKETS && this.#isOpen; i++) {
      const bytes = libc().read(this.#fd, this.#buffer);
      if (bytes > 0) this.#onPacket(this.#buffer.subarray(0, bytes));
      else if (bytes === -ERRNO.EAGAIN) return;
      else if (bytes !== -ERRNO.EINTR) return this.#lose();
    }
  }

  /** The interface was deleted under us (EBADFD), or the driver gave up. */
  #lose(): void {
    this.#end();
    this.#onLost();
  }

  /** Once the descriptor is closed the system removes the interface, unless someone made it persistent. */
  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#poll?.close();
    this.#poll = undefined;
    if (this.#batch) clearImmediate(this.#batch);
    closeSync(this.#fd);
  }
}
