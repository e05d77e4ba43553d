import type { KernelOffloads } from "../packet/coalesce.ts";
import type { VirtioHeader } from "../packet/virtio.ts";

/**
 * The two ends of the packet path. A packet is one whole IPv4 or IPv6 packet, without a link-layer header, as a view
 * over a buffer that belongs to the caller: whoever wants to keep it after returning copies it. Until it returns, the
 * receiver may change it in place (the tunnel lowers the MSS of a TCP SYN); nobody reads it again afterwards.
 *
 * Beside a packet may come an offload: what is still to be done to it. It is one object that its owner fills again for
 * the next packet, so it is the receiver's for no longer than the packet is, and the receiver does not change it.
 * - None: the packet is complete.
 * - gsoType "none" and VIRTIO_NEEDS_CHECKSUM: the checksum of its TCP or UDP header is partial (partial.ts).
 * - any other gsoType: a super-packet, to be cut into packets of `gsoSize` payload bytes; its checksum is partial too.
 */
export type OnPacket = (packet: Uint8Array, offload?: VirtioHeader) => void;

/** A TUN device that is up, with this machine's addresses on it. Real: electron/adapters/tun. Fake: test/fakes/tun.ts. */
export interface TunDevice {
  /** The interface's name in the system, e.g. "govpn0". */
  readonly name: string;
  /** Largest packet in bytes that the device gives or takes; what a super-packet is cut into counts, not itself. */
  readonly mtu: number;
  /** What `write` takes beside complete packets. The device gives nothing else either. */
  readonly offloads: KernelOffloads;
  /**
   * Starts delivering what the system sends into the device. Called once.
   * `onLost` is called once if the device ends though nobody closed it, e.g. when its interface is deleted.
   */
  start(onPacket: OnPacket, onLost: () => void): void;
  /**
   * Hands a packet to the system: the first `bytes` of `frame`, which are a virtio header (VIRTIO_HEADER_BYTES) and the
   * packet behind it, so that it takes one write and no copy. The header asks for no more than `offloads` says.
   * @returns false when the device refused it (full, or closed): the packet is lost.
   */
  write(frame: Uint8Array, bytes: number): boolean;
  /** Stops delivery, and removes the device if it is ours to remove. Resolves when nothing can arrive any more. */
  close(): Promise<void>;
}

export type LaneKind = "packets" | "media";

/**
 * What a lane takes, each with all of those before it: complete packets, packets with a partial checksum, super-packets.
 * It carries the latter two only to a peer that said "gso" in its hello: the tunnel sees to that.
 */
export type LaneTakes = "complete" | "partial" | "super";

/** The word in a hello's capabilities that says: I understand offloads from a lane. */
export const OFFLOAD_CAPABILITY = "gso";

/** One way to a peer for packets; unreliable and unordered, like a wire. */
export interface Lane {
  readonly kind: LaneKind;
  readonly takes: LaneTakes;
  /**
   * Largest packet in bytes that the lane carries, super-packets included. Whatever it is, `send` also takes packets of
   * up to 1280 bytes, for IPv6 knows no narrower link: it finds them another way.
   */
  readonly maxPacketBytes: number;
  /**
   * Sends a packet, or loses it (closed, or over what it takes).
   * @returns whether it wants more; after a false, wait for `onWritable`. The packet of a false was still taken.
   */
  send(packet: Uint8Array, offload?: VirtioHeader): boolean;
  /** Set by the tunnel: what arrives from the peer, not yet trusted, nor is what it says about offloads. */
  onPacket: OnPacket;
  /** Set by the tunnel: there is room again after a false. */
  onWritable: () => void;
}
