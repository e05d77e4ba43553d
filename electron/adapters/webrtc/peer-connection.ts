import type { PeerConnection as NativePeerConnection } from "node-datachannel";
import * as polyfill from "node-datachannel/polyfill";
import { LINGER_MS, nextTurn, trackClosing } from "./closing.ts";

/** The parts of the W3C interface that pass through here; the DOM's types are not in scope in this process. */
interface Description {
  readonly type: "offer" | "answer";
  sdp: string;
}
interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string | null;
}
interface MessageEvent {
  readonly data: unknown;
}
interface Channel {
  close(): void;
  addEventListener(event: "message", listener: (event: MessageEvent) => void): void;
}
interface Polyfill {
  createOffer(): Promise<Description>;
  createAnswer(): Promise<Description>;
  setRemoteDescription(description: Description): Promise<void>;
  addIceCandidate(candidate: Candidate): Promise<void>;
  createDataChannel(label: string, options: object): Channel;
  close(): void;
  addEventListener(event: "connectionstatechange", listener: () => void): void;
  addEventListener(event: "datachannel", listener: (event: { readonly channel: Channel }) => void): void;
  readonly connectionState: string;
}

export interface ConnectionHooks {
  /** Something arrived on the control channel. */
  onMessage(data: unknown): void;
  /** Whether something was said just before closing, and the other end has not closed by itself. */
  hasLastWords(): boolean;
  /** A candidate was refused by the native side. */
  onDropped(reason: string): void;
  /** The remote description is in, its certificate's fingerprint known. */
  onRemoteDescription(): void;
  /** The native connection failed or closed by itself. */
  onDown(): void;
  /** The other end opens one channel after another that nobody asked for. */
  onChannelFlood(): void;
}

/** A later version may open a channel that this one does not know; each is closed. Whoever goes on and on means harm. */
const MAX_FOREIGN_CHANNELS = 16;

const Base = polyfill.RTCPeerConnection as unknown as new (config: object) => Polyfill;

/**
 * The polyfill's RTCPeerConnection over a native connection of ours, made fit for simple-peer:
 * - descriptions are plain objects, because simple-peer assigns `sdp` and the polyfill's is read-only;
 * - candidates wait until the remote description is really in, and one that the native side refuses is dropped, not
 *   thrown: a candidate is only ever a chance, and simple-peer would end the connection over it;
 * - a description that never comes does not become an unhandled rejection;
 * - what arrives is heard here: simple-peer stops listening the moment it sees the connection close;
 * - the connection outlives its channel for a moment (closing.ts).
 */
function orderedPeerConnection(native: NativePeerConnection, hooks: ConnectionHooks) {
  return class OrderedPeerConnection extends Base {
    #remoteIsSet = false;
    #early: Candidate[] = [];
    #control: Channel | undefined;
    #foreign = 0;
    #closing = false;

    constructor(config: object) {
      super({ ...config, peerConnection: native });
      super.createOffer().catch(() => {});
      super.createAnswer().catch(() => {});
      this.addEventListener("datachannel", ({ channel }) => this.#listen(channel));
      // A failed connection closes itself at once, so simple-peer, which looks for "failed" only, would miss it.
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "failed" || this.connectionState === "closed") hooks.onDown();
      });
    }

    override createDataChannel(label: string, options: object): Channel {
      const channel = super.createDataChannel(label, options);
      this.#listen(channel);
      return channel;
    }

    override close(): void {
      if (this.#closing) return;
      this.#closing = true;
      const lingers = hooks.hasLastWords() && this.connectionState === "connected";
      const gone = lingers ? this.#otherEndGone() : nextTurn();
      trackClosing(gone.then(() => super.close()));
    }

    #otherEndGone(): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, LINGER_MS);
        this.addEventListener("connectionstatechange", () => {
          if (this.connectionState === "connected") return;
          clearTimeout(timer);
          void nextTurn().then(resolve);
        });
      });
    }

    /** The first channel is the control channel; another that the other end opens is nobody's, and is closed. */
    #listen(channel: Channel): void {
      if (this.#control) return this.#turnDown(channel);
      this.#control = channel;
      channel.addEventListener("message", ({ data }) => hooks.onMessage(data));
    }

    #turnDown(channel: Channel): void {
      channel.close();
      if (++this.#foreign === MAX_FOREIGN_CHANNELS + 1) hooks.onChannelFlood();
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
