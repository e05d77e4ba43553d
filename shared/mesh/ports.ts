import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Lane } from "../tunnel/ports.ts";

/** What one end of a WebRTC connection has to tell the other, through whatever carries it. */
export type TransportSignal =
  | { readonly kind: "offer" | "answer"; readonly sdp: string }
  | { readonly kind: "candidate"; readonly candidate: string; readonly mid: string };

export interface TransportPath {
  /** "relay" when either end of the chosen candidate pair is a TURN relay. */
  readonly kind: "direct" | "relay";
  /** "address:port" of each end. */
  readonly local: string;
  readonly remote: string;
}

/** SHA-256 fingerprints of the two DTLS certificates, as in SDP: "AB:CD:…", upper case. */
export interface Fingerprints {
  readonly local: string;
  readonly remote: string;
}

/** Datagrams on the connection that no congestion control holds back: an SRTP track. Unreliable, unordered, encrypted. */
export interface DatagramPipe {
  /** Bytes at the front of every frame handed to `send` that the pipe fills with its own header. */
  readonly headroom: number;
  /** Sends `frame`, headroom included, or loses it. The buffer is the caller's again on return. */
  send(frame: Uint8Array): void;
  /**
   * Set by the owner: a frame from the other end, without any header of the pipe. `sequence` is its number among those
   * that the other end sent, modulo 2^16. None comes twice.
   */
  onFrame: (frame: Uint8Array, sequence: number) => void;
}

/**
 * One WebRTC connection: a reliable control channel for text and a lane for packets.
 * Real: electron/adapters/webrtc. Fake: test/fakes/transport.ts. Handlers are set by the owner right after creation,
 * before anything can happen. After `onClose` nothing else is called.
 */
export interface PeerTransport {
  signal(signal: TransportSignal): void;
  /** Sends on the control channel. False when it is not open, or its buffer is full: the text is lost. */
  sendControl(text: string): boolean;
  /** There once open. */
  readonly lane: Lane | undefined;
  /** There once open, if both ends made one. */
  readonly media?: DatagramPipe | undefined;
  readonly fingerprints: Fingerprints | undefined;
  readonly path: TransportPath | undefined;
  /** Ends it without a sound: `onClose` does not come. What was sent just before still goes out. */
  close(): void;
  /** Every candidate comes here as a signal of its own, after its description, which holds none. */
  onSignal: (signal: TransportSignal) => void;
  /** The control channel is open and the lane can receive. */
  onOpen: () => void;
  onControl: (text: string) => void;
  onClose: (reason: string) => void;
}

/** @param initiator whether this end makes the offer. */
export type CreateTransport = (options: { readonly initiator: boolean }) => PeerTransport;

/** Hands a signal to the room's signaling; false when that is offline. */
export type SendSignal = (
  room: RoomId,
  to: PublicKey,
  kind: TransportSignal["kind"],
  content: string,
) => boolean | Promise<boolean>;
