import type { PeerConnection as NativePeerConnection } from "node-datachannel";
import * as polyfill from "node-datachannel/polyfill";

/** The parts of the W3C interface that pass through here; the DOM's types are not in scope in this process. */
interface Description {
  readonly type: "offer" | "answer";
  sdp: string;
}
interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
}
interface Polyfill {
  createOffer(): Promise<Description>;
  createAnswer(): Promise<Description>;
  setRemoteDescription(description: Description): Promise<void>;
  addIceCandidate(candidate: Candidate): Promise<void>;
  addEventListener(event: "connectionstatechange", listener: () => void): void;
  readonly connectionState: string;
}

export interface ConnectionHooks {
  /** A candidate was refused by the native side. */
  onDropped(reason: string): void;
  /** The remote description is in, its certificate's fingerprint known. */
  onRemoteDescription(): void;
  /** The native connection failed or closed by itself. */
  onDown(): void;
}
const Base = polyfill.RTCPeerConnection as unknown as new (config: object) => Polyfill;

/**
 * The polyfill's RTCPeerConnection over a native connection of ours, made fit for simple-peer:
 * - descriptions are plain objects, because simple-peer assigns `sdp` and the polyfill's is read-only;
 * - candidates wait until the remote description is really in, and one that the native side refuses is dropped, not
 *   thrown: a candidate is only ever a chance, and simple-peer would end the connection over it;
 * - a description that never comes does not become an unhandled rejection.
 */
function orderedPeerConnection(native: NativePeerConnection, hooks: ConnectionHooks) {
  return class OrderedPeerConnection extends Base {
    #remoteIsSet = false;
    #early: Candidate[] = [];

    constructor(config: object) {
      super({ ...config, peerConnection: native });
      super.createOffer().catch(() => {});
      super.createAnswer().catch(() => {});
      // A failed connection closes itself at once, so simple-peer, which looks for "failed" only, would miss it.
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "failed" || this.connectionState === "closed") hooks.onDown();
      });
    }

    override async createOffer(): Promise<Description> {
      return plain(await super.createOffer());
    }

    override async createAnswer(): Promise<Description> {
      return plain(await super.createAnswer());
    }

    override async setRemoteDescription(description: Description): Promise<void> {
      await super.setRemoteDescription(description);
      this.#remoteIsSet = true;
      for (const candidate of this.#early.splice(0)) await this.addIceCandidate(candidate);
      hooks.onRemoteDescription();
    }

    override async addIceCandidate(candidate: Candidate): Promise<void> {
      if (!this.#remoteIsSet) return void this.#early.push(candidate);
      try {
        await super.addIceCandidate(candidate);
      } catch (error) {
        hooks.onDropped(error instanceof Error ? error.message : String(error));
      }
    }
  };
}

function plain({ type, sdp }: Description): Description {
  return { type, sdp };
}

/** The `wrtc` option of simple-peer: a WebRTC implementation whose connections run on `native`. */
export function wrtcOn(native: NativePeerConnection, hooks: ConnectionHooks) {
  return {
    RTCPeerConnection: orderedPeerConnection(native, hooks),
    RTCSessionDescription: polyfill.RTCSessionDescription,
    RTCIceCandidate: polyfill.RTCIceCandidate,
  };
}
