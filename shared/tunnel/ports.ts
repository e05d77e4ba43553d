/**
 * The two ends of the packet path. A packet is one whole IPv4 or IPv6 packet, without a link-layer header, as a view
 * over a buffer that belongs to the caller: whoever wants to keep it after returning copies it. Until it returns, the
 * receiver may change it in place (the tunnel lowers the MSS of a TCP SYN); nobody reads it again afterwards.
 */

/** A TUN device that is up, with this machine's addresses on it. Real: electron/adapters/tun. Fake: test/fakes/tun.ts. */
export interface TunDevice {
  /** The interface's name in the system, e.g. "govpn0". */
  readonly name: string;
  /** Largest packet in bytes that the device gives or takes. */
  readonly mtu: number;
  /**
   * Starts delivering what the system sends into the device. Called once.
   * `onLost` is called once if the device ends though nobody closed it, e.g. when its interface is deleted.
   */
  start(onPacket: (packet: Uint8Array) => void, onLost: () => void): void;
  /** Hands a packet to the system. False when the device refused it (full, or closed): the packet is lost. */
  write(packet: Uint8Array): boolean;
  /** Stops delivery, and removes the device if it is ours to remove. Resolves when nothing can arrive any more. */
  close(): Promise<void>;
}

export type LaneKind = "packets" | "media";

/** One way to a peer for packets; unreliable and unordered, like a wire. */
export interface Lane {
  readonly kind: LaneKind;
  /** Largest packet in bytes that `send` takes. */
  readonly maxPacketBytes: number;
  /**
   * Sends a packet, or loses it (closed, or over `maxPacketBytes`).
   * @returns whether it wants more; after a false, wait for `onWritable`. The packet of a false was still taken.
   */
  send(packet: Uint8Array): boolean;
  /** Set by the tunnel: what arrives from the peer, not yet trusted. */
  onPacket: (packet: Uint8Array) => void;
  /** Set by the tunnel: there is room again after a false. */
  onWritable: () => void;
}
