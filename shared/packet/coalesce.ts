import { FlowTable, MAX_FLOWS } from "./flow-table.ts";
import { MAX_PACKET_BYTES } from "./ipv6.ts";
import { TransportLayout } from "./layout.ts";
import { completeTransportChecksum, describeChecksum } from "./partial.ts";
import { endsRun, isMergeable, Run } from "./run.ts";
import { plainVirtioHeader, VIRTIO_HEADER_BYTES, writeVirtioHeader } from "./virtio.ts";

/** What the kernel takes from us. Without `checksum` there is no merging: a super-packet's checksum is always partial. */
export interface KernelOffloads {
  /** Partial checksums (VIRTIO_NEEDS_CHECKSUM). */
  readonly checksum: boolean;
  readonly tcp: boolean;
  /** VIRTIO_GSO.udp. */
  readonly udp: boolean;
}

/**
 * Takes the first `bytes` of `buffer`: a virtio header (VIRTIO_HEADER_BYTES) and the packet, ready for one write to a
 * TUN device. The buffer is used again as soon as this returns.
 */
export type WriteToKernel = (buffer: Uint8Array, bytes: number) => void;

/**
 * Generic receive offload: merges the packets of a batch, in the order they arrived, into super-packets, because a
 * write costs a system call and a walk through the kernel's stack whatever its length.
 *
 * `add` every packet of a batch, then `flush`; nothing is held back beyond that, and there is no timer. Packets are
 * copied as they are added, so a packet's buffer is the caller's again when `add` returns, unchanged. Flows may mix; a
 * packet never overtakes another of its flow. What cannot be merged is written at once, as it is.
 * Whoever writes to the same device past this object calls `flush` first, to keep that order.
 */
export class Coalescer {
  readonly #offloads: KernelOffloads;
  readonly #write: WriteToKernel;
  readonly #layout = new TransportLayout();
  readonly #flows = new FlowTable();
  readonly #runs = Array.from({ length: MAX_FLOWS }, () => new Run());
  /** How many of #runs are open. */
  #open = 0;
  readonly #header = plainVirtioHeader();
  readonly #single = new Uint8Array(VIRTIO_HEADER_BYTES + MAX_PACKET_BYTES);
  readonly #singlePacket = this.#single.subarray(VIRTIO_HEADER_BYTES);

  constructor(offloads: KernelOffloads, write: WriteToKernel) {
    this.#offloads = offloads;
    this.#write = write;
  }

  /**
   * @param packet one IP packet, from a peer: any bytes at all.
   * @param isPartial whether the peer says that its TCP or UDP checksum is partial. A complete one is verified before
   *   the packet is merged, and left to the kernel otherwise.
   */
  add(packet: Uint8Array, isPartial: boolean): void {
    const layout = this.#layout;
    const kind = layout.read(packet);
    // A fragment may belong to any of the flows at hand.
    if (kind === "unclear") this.flush();
    if (!this.#merges() || !isMergeable(packet, layout, isPartial)) {
      this.#closeRunOf(packet);
      this.#writeSingle(packet, isPartial);
      return;
    }
    const run = this.#runOf(packet);
    if (run.isOpen) {
      if (run.append(packet, layout, isPartial)) {
        if (run.isComplete) this.#close(run);
        return;
      }
      this.#close(run);
    }
    if (endsRun(packet, layout)) return this.#writeSingle(packet, isPartial);
    run.open(packet, layout, isPartial);
    this.#open++;
  }

  /** Whether something was added that is not written yet. */
  get isHolding(): boolean {
    return this.#open > 0;
  }

  /** Writes what is held: the end of a batch. */
  flush(): void {
    for (let flow = 0; this.#open > 0 && flow < this.#flows.size; flow++) this.#close(this.#runs[flow]);
    this.#flows.clear();
  }

  #close(run: Run | undefined): void {
    if (!run?.isOpen) return;
    this.#open--;
    run.close(this.#write);
  }

  /** Whether packets of the kind at hand are merged for this kernel. */
  #merges(): boolean {
    const { checksum, tcp, udp } = this.#offloads;
    const { kind } = this.#layout;
    return checksum && ((kind === "tcp" && tcp) || (kind === "udp" && udp));
  }

  #closeRunOf(packet: Uint8Array): void {
    if (this.#flows.size === 0 || !this.#merges()) return;
    const flow = this.#flows.find(packet, this.#layout);
    if (flow >= 0) this.#close(this.#runs[flow]);
  }

  #runOf(packet: Uint8Array): Run {
    let flow = this.#flows.find(packet, this.#layout);
    if (flow < 0) {
      if (this.#flows.isFull) {
        this.flush();
        this.#flows.find(packet, this.#layout);
      }
      flow = this.#flows.add();
    }
    const run = this.#runs[flow];
    if (!run) throw new RangeError("a flow has a number under MAX_FLOWS");
    return run;
  }

  #writeSingle(packet: Uint8Array, isPartial: boolean): void {
    const layout = this.#layout;
    const end = layout.kind === "tcp" || layout.kind === "udp" ? layout.end : packet.length;
    const bytes = Math.min(end, MAX_PACKET_BYTES);
    this.#singlePacket.set(bytes === packet.length ? packet : packet.subarray(0, bytes));
    if (isPartial && !this.#offloads.checksum) completeTransportChecksum(this.#singlePacket, layout);
    describeChecksum(this.#header, layout, isPartial && this.#offloads.checksum);
    writeVirtioHeader(this.#single, 0, this.#header);
    this.#write(this.#single, VIRTIO_HEADER_BYTES + bytes);
  }
}
