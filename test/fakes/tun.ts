import type { KernelOffloads } from "../../shared/packet/coalesce.ts";
import {
  plainVirtioHeader,
  readVirtioHeader,
  VIRTIO_GSO,
  VIRTIO_HEADER_BYTES,
  type VirtioHeader,
  writeVirtioHeader,
} from "../../shared/packet/virtio.ts";
import type { OnPacket, TunDevice } from "../../shared/tunnel/ports.ts";

/** A packet that was written with more to be done to it than nothing. */
export interface WrittenOffload {
  readonly packet: Buffer;
  readonly offload: VirtioHeader;
}

/** Hands a packet to a device; a complete one unless an offload says otherwise. */
export function writePacket(device: TunDevice, packet: Uint8Array, offload = plainVirtioHeader()): boolean {
  const frame = Buffer.alloc(VIRTIO_HEADER_BYTES + packet.length);
  writeVirtioHeader(frame, 0, offload);
  frame.set(packet, VIRTIO_HEADER_BYTES);
  return device.write(frame, frame.length);
}

/** A TUN device with no system behind it: a test is the system. */
export class FakeTun implements TunDevice {
  readonly name: string;
  readonly mtu: number;
  readonly offloads: KernelOffloads;
  /** Copies of what was written, oldest first. */
  readonly written: Buffer[] = [];
  /** Of those, the ones that came with an offload. */
  readonly offloaded: WrittenOffload[] = [];
  /** Set to refuse writes, as a device whose queue is full does. */
  isFull = false;
  #isOpen = true;
  #started: { onPacket: OnPacket; onLost: () => void } | undefined;
  /** One buffer for all packets, as in the real device: whoever keeps a view sees it change. */
  readonly #buffer = Buffer.alloc(65_585);
  readonly #offload = plainVirtioHeader();

  constructor(mtu = 1280, name = "fake0", offloads: KernelOffloads = { checksum: false, tcp: false, udp: false }) {
    this.mtu = mtu;
    this.name = name;
    this.offloads = offloads;
  }

  start(onPacket: OnPacket, onLost: () => void): void {
    if (this.#started || !this.#isOpen) throw new Error("a TUN device starts once, and before it is closed");
    this.#started = { onPacket, onLost };
  }

  write(frame: Uint8Array, bytes: number): boolean {
    const packet = Buffer.from(frame.subarray(VIRTIO_HEADER_BYTES, bytes));
    const version = (packet[0] ?? 0) >> 4;
    if (!this.#isOpen || this.isFull || (version !== 4 && version !== 6)) return false;
    const offload = plainVirtioHeader();
    if (!readVirtioHeader(frame.subarray(0, bytes), 0, offload) || !this.#takes(offload)) return false;
    this.written.push(packet);
    if (offload.flags !== 0 || offload.gsoType !== VIRTIO_GSO.none) this.offloaded.push({ packet, offload });
    return true;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** As if a program of this machine had sent the packet. */
  fromSystem(packet: Uint8Array, offload?: VirtioHeader): void {
    if (!this.#isOpen) return;
    this.#buffer.set(packet);
    if (offload) Object.assign(this.#offload, offload);
    this.#started?.onPacket(this.#buffer.subarray(0, packet.length), offload && this.#offload);
    this.#buffer.fill(0xee, 0, packet.length);
    Object.assign(this.#offload, plainVirtioHeader());
  }

  /** As if someone had deleted the interface. */
  lose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#started?.onLost();
  }

  /** What was written since the last call. */
  take(): Buffer[] {
    this.offloaded.splice(0);
    return this.written.splice(0);
  }

  #takes(offload: VirtioHeader): boolean {
    const { checksum, tcp, udp } = this.offloads;
    if (offload.flags !== 0 && !checksum) return false;
    if (offload.gsoType === VIRTIO_GSO.none) return true;
    return checksum && (offload.gsoType === VIRTIO_GSO.udp ? udp : tcp);
  }
}
