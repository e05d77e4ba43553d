import { type DataChannel, PeerConnection } from "node-datachannel";
import type { TransportSignal } from "../../shared/mesh/ports.ts";

/** The answering end of a real WebRTC connection that keeps to none of our rules: a test says what it does. */
export class ForeignPeer {
  readonly #native = new PeerConnection("foreign", { iceServers: [] });
  /** What nobody holds is collected, and closes. */
  readonly #held: DataChannel[] = [];

  constructor(onSignal: (signal: TransportSignal) => void) {
    this.#native.onLocalDescription((sdp, type) => type === "answer" && onSignal({ kind: "answer", sdp }));
    this.#native.onLocalCandidate((candidate, mid) => onSignal({ kind: "candidate", candidate, mid }));
    this.#native.onDataChannel((channel) => this.#held.push(channel));
  }

  signal(signal: TransportSignal): void {
    if (signal.kind === "candidate") return this.#native.addRemoteCandidate(signal.candidate, signal.mid);
    this.#native.setRemoteDescription(signal.sdp, "offer");
    // As the protocol has it, or our end would not open.
    const [label, id] = ["packets", 64];
    this.#held.push(
      this.#native.createDataChannel(label, { negotiated: true, id, unordered: true, maxRetransmits: 0 }),
    );
  }

  openChannel(label: string): DataChannel {
    const channel = this.#native.createDataChannel(label);
    this.#held.push(channel);
    return channel;
  }

  close(): void {
    this.#native.close();
  }
}
