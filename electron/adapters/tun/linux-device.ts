import { closeSync } from "node:fs";
import type { KernelOffloads } from "../../../shared/packet/coalesce.ts";
import { MAX_PACKET_BYTES } from "../../../shared/packet/ipv6.ts";
import {
  plainVirtioHeader,
  readVirtioHeader,
  VIRTIO_GSO,
  VIRTIO_HEADER_BYTES,
  VIRTIO_NEEDS_CHECKSUM,
} from "../../../shared/packet/virtio.ts";
import type { OnPacket } from "../../../shared/tunnel/ports.ts";
import { ERRNO, libc, type PollHandle } from "./libc.ts";
import type { SystemTunDevice } from "./open.ts";

/**
 * Read before the event loop gets to breathe, whichever comes first: about half a millisecond of work. More bytes than
 * the tunnel sends in that time, so that what waits, waits in its flow queue and not in the system, in line.
 */
const BATCH_PACKETS = 64;
const BATCH_BYTES = 1024 * 1024;

/**
 * A TUN descriptor read on Node's own loop.
 *
 * Readiness comes from uv_poll (koffi's `node.poll`), not from a blocked read or poll in a thread: no thread switch
 * either way, nothing left blocked at close, nothing that keeps the process alive afterwards. A batch is read right in
 * its callback, so that a packet on an idle tunnel waits for no further turn of the loop. As uv_poll is level-triggered,
 * what a batch leaves calls back again in the next turn, after everyone else has had theirs.
 *
 * That callback is outside of Node's callback scope, where promises would not settle and a throw would be lost. So an
 * immediate follows it in the same turn of the loop, which settles the ones and throws the other.
 */
export class LinuxTunDevice implements SystemTunDevice {
  readonly name: string;
  readonly mtu: number;
  readonly ipv6: SystemTunDevice["ipv6"];
  readonly offloads: KernelOffloads;
  readonly #fd: number;
  /** Bytes in front of every packet that is read or written: 0 or VIRTIO_HEADER_BYTES. */
  readonly #headerBytes: number;
  /** No Buffer: the packet path is compiled for one class of byte arrays, and would be slower for two. */
  readonly #buffer = new Uint8Array(VIRTIO_HEADER_BYTES + MAX_PACKET_BYTES);
  readonly #offload = plainVirtioHeader();
  #poll: PollHandle | undefined;
  #isOpen = true;
  #onPacket: OnPacket = () => {};
  #onLost: () => void = () => {};

  /**
   * @param fd a non-blocking descriptor attached to the interface; this object closes it.
   * @param options.hasVirtioHeader whether the interface was attached with IFF_VNET_HDR.
   */
  constructor(
    fd: number,
    options: Pick<SystemTunDevice, "name" | "mtu" | "ipv6" | "offloads"> & { readonly hasVirtioHeader: boolean },
  ) {
    this.#fd = fd;
    this.name = options.name;
    this.mtu = options.mtu;
    this.ipv6 = options.ipv6;
    this.offloads = options.offloads;
    this.#headerBytes = options.hasVirtioHeader ? VIRTIO_HEADER_BYTES : 0;
  }

  start(onPacket: OnPacket, onLost: () => void): void {
    if (!this.#isOpen || this.#poll) throw new Error("a TUN device starts once, and before it is closed");
    this.#onPacket = onPacket;
    this.#onLost = onLost;
    this.#poll = libc().pollReadable(this.#fd, () => {
      try {
        this.#readBatch();
        setImmediate(settle);
      } catch (error) {
        setImmediate(() => {
          throw error;
        });
      }
    });
  }

  write(frame: Uint8Array, bytes: number): boolean {
    if (!this.#isOpen) return false;
    if (this.#headerBytes > 0) return libc().write(this.#fd, frame, bytes) === bytes;
    const packet = frame.subarray(VIRTIO_HEADER_BYTES, bytes);
    return libc().write(this.#fd, packet) === packet.length;
  }

  async close(): Promise<void> {
    this.#end();
  }

  #readBatch(): void {
    let left = BATCH_BYTES;
    for (let i = 0; i < BATCH_PACKETS && left > 0 && this.#isOpen; i++) {
      const bytes = libc().read(this.#fd, this.#buffer);
      if (bytes > 0) this.#deliver(bytes);
      else if (bytes === -ERRNO.EAGAIN) return;
      else if (bytes !== -ERRNO.EINTR) return this.#lose();
      left -= bytes;
    }
  }

  #deliver(bytes: number): void {
    const packet = this.#buffer.subarray(this.#headerBytes, bytes);
    const offload = this.#offload;
    const isOffloaded =
      this.#headerBytes > 0 &&
      readVirtioHeader(this.#buffer, 0, offload) &&
      (offload.gsoType !== VIRTIO_GSO.none || (offload.flags & VIRTIO_NEEDS_CHECKSUM) !== 0);
    this.#onPacket(packet, isOffloaded ? offload : undefined);
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
    closeSync(this.#fd);
  }
}

/** Does nothing itself: Node runs what was promised once it returns. */
function settle(): void {}
