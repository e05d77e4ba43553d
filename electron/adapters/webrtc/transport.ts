import { type DataChannel, PeerConnection, type RtcConfig, type Track, Video } from "node-datachannel";
import SimplePeer from "simple-peer";
import type { Logger } from "../../../shared/base/logger.ts";
import { messageOf } from "../../../shared/base/result.ts";
import { sdpFingerprint, splitCandidates } from "../../../shared/mesh/candidates.ts";
import { MAX_CONTROL_LENGTH } from "../../../shared/mesh/control.ts";
import type {
  CreateTransport,
  Fingerprints,
  PeerTransport,
  TransportPath,
  TransportSignal,
} from "../../../shared/mesh/ports.ts";
import { after, LAST_WORDS_MS, nextTurn, trackClosing } from "./closing.ts";
import { type IceServerConfig, parseIceServer } from "./ice-servers.ts";
import { PacketsLane } from "./packets-lane.ts";
import { wrtcOn } from "./peer-connection.ts";
import { PAYLOAD_TYPE, RtpPipe, SSRC } from "./rtp-pipe.ts";

/**
 * The packets channel is agreed on beforehand (RFC 8832 section 4, "negotiated"), because simple-peer takes every
 * channel that the other end opens for its own. 64 is far above the ids that the DTLS roles hand out by themselves.
 */
const PACKETS_CHANNEL = { label: "packets", id: 64 };
/** The track's name in the description: simple-peer's polyfill takes three characters at most. */
const MEDIA_MID = "1";
/** What may wait on the control channel before a message is refused: the other end has stopped reading. */
const MAX_CONTROL_BUFFER_BYTES = 16 * MAX_CONTROL_LENGTH;
/** The tunnel's largest packet and its framing; also what the other end may send us at most. */
const MAX_MESSAGE_BYTES = 66_000;

/**
 * The path in bytes that the data channels' datagrams are made for, IPv6 and DTLS included; the media lane finds its own.
 * SCTP here finds out nothing by itself, and where its datagrams are too large a channel stalls for ever, so it is the
 * safe value of RFC 8261, section 5. The library's 1280 stalled on IPv4 paths of 1250 bytes, and behind TURN on those of 1280
 * (4 bytes more); 1200 carried on down to 1170, and makes 60 datagrams of a super-packet of 64 KiB instead of 56.
 */
const SCTP_PATH_MTU = 1200;

export interface WebrtcOptions {
  readonly iceServers: readonly IceServerConfig[];
  /** Only through TURN relays, so that no member learns this machine's address. */
  readonly relayOnly?: boolean;
  /** Whether to offer the media lane; default true. */
  readonly media?: boolean;
  /** Told the local UDP ports of a connection that has just opened, e.g. to give its sockets larger buffers. */
  readonly onLocalPorts?: (ports: readonly number[]) => void;
  readonly logger: Logger;
}

/** WebRTC connections by simple-peer over node-datachannel. Servers that cannot be read are left out with a warning. */
export function webrtcTransports(options: WebrtcOptions): CreateTransport {
  const iceServers: RtcConfig["iceServers"] = [];
  for (const server of options.iceServers) {
    const parsed = parseIceServer(server);
    if (parsed.ok) iceServers.push(parsed.value);
    else options.logger.warn(parsed.error.message);
  }
  const config: RtcConfig = {
    iceServers,
    iceTransportPolicy: options.relayOnly ? "relay" : "all",
    maxMessageSize: MAX_MESSAGE_BYTES,
    mtu: SCTP_PATH_MTU,
  };
  const { media = true, onLocalPorts = () => {}, logger } = options;
  return ({ initiator }) => new WebrtcTransport({ initiator, media, onLocalPorts }, config, logger);
}

class WebrtcTransport implements PeerTransport {
  onSignal: (signal: TransportSignal) => void = () => {};
  onOpen: () => void = () => {};
  onControl: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  // Native objects that nobody holds are garbage-collected and their channels close: these fields hold them.
  readonly #native: PeerConnection;
  readonly #peer: SimplePeer.Instance;
  #packets: DataChannel | undefined;
  #lane: PacketsLane | undefined;
  #track: Track | undefined;
  #media: RtpPipe | undefined;
  #heldCandidates: TransportSignal[] | undefined = [];
  #connected = false;
  #closed = false;
  #hasLastWords = false;
  readonly #onLocalPorts: (ports: readonly number[]) => void;
  /** When something was last sent on the control channel. */
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    {
      initiator,
      media,
      onLocalPorts,
    }: { initiator: boolean } & Required<Pick<WebrtcOptions, "media" | "onLocalPorts">>,
    config: RtcConfig,
    logger: Logger,
  ) {
    this.#onLocalPorts = onLocalPorts;
    this.#native = new PeerConnection("govpn", config);
    if (media) this.#prepareMedia(initiator);
    const wrtc = wrtcOn(this.#native, {
      hasLastWords: () => this.#hasLastWords,
      onMessage: (data) => this.#onMessage(data),
      onDropped: (reason) => logger.debug("a candidate was dropped", { reason }),
      onRemoteDescription: () => initiator && this.#releaseCandidates(),
      onDown: () => this.#down("the connection failed"),
      onChannelFlood: () => this.#fail("the other end opened channels without end"),
    });
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      // Means nothing when candidates trickle, but simple-peer keeps its timer, and the process with it, after the end.
      iceCompleteTimeout: 1,
      objectMode: true,
      channelName: "control",
      channelConfig: { ordered: true },
      config: { iceServers: [] },
      wrtc: wrtc as never,
    });
    this.#peer.on("signal", (data) => this.#emitSignal(data));
    this.#peer.on("connect", () => this.#onConnect());
    // What arrives is heard by the hooks; its stream only has to keep running.
    this.#peer.resume();
    this.#peer.on("error", (error) => this.#fail(error.message));
    this.#peer.on("close", () => this.#down("the connection was closed"));
  }

  get lane(): PacketsLane | undefined {
    return this.#lane;
  }

  get media(): RtpPipe | undefined {
    return this.#media;
  }

  get fingerprints(): Fingerprints | undefined {
    if (this.#closed) return undefined;
    const local = sdpFingerprint(this.#native.localDescription()?.sdp ?? "");
    const remote = sdpFingerprint(this.#native.remoteDescription()?.sdp ?? "");
    return local && remote ? { local, remote } : undefined;
  }

  get path(): TransportPath | undefined {
    const pair = this.#closed ? null : this.#native.getSelectedCandidatePair();
    if (!pair) return undefined;
    const { local, remote } = pair;
    return {
      kind: local.type === "relay" || remote.type === "relay" ? "relay" : "direct",
      local: `${local.address}:${local.port}`,
      remote: `${remote.address}:${remote.port}`,
    };
  }

  signal(signal: TransportSignal): void {
    if (this.#closed) return;
    try {
      if (signal.kind !== "candidate") return this.#peer.signal({ type: signal.kind, sdp: signal.sdp });
      const candidate = { candidate: signal.candidate, sdpMid: signal.mid };
      this.#peer.signal({ type: "candidate", candidate: candidate as never });
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  sendControl(text: string): boolean {
    if (this.#closed || !this.#connected) return false;
    try {
      if (this.#peer.bufferSize > MAX_CONTROL_BUFFER_BYTES) return false;
      this.#peer.send(text);
      this.#saidAt = performance.now();
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lane?.end();
    this.#hasLastWords = performance.now() - this.#saidAt <= LAST_WORDS_MS;
    if (!this.#hasLastWords) return this.#destroy();
    trackClosing(after(LAST_WORDS_MS).then(() => this.#destroy()));
  }

  /** The offerer describes the track; the answerer finds it in the offer. It must be there before the negotiation. */
  #prepareMedia(initiator: boolean): void {
    const use = (track: Track) => {
      this.#track = track;
      track.onOpen(() => this.#openMedia());
      // Only with this does the native side let go of the track's callbacks, which keep the process alive.
      track.onClosed(() => {});
    };
    if (!initiator) {
      this.#native.onTrack((track) => {
        if (!this.#track && track.mid() === MEDIA_MID) use(track);
      });
      return;
    }
    const description = new Video(MEDIA_MID, "SendRecv");
    description.addVP8Codec(PAYLOAD_TYPE);
    description.addSSRC(SSRC, "govpn");
    use(this.#native.addTrack(description));
  }

  #openMedia(): void {
    if (!this.#closed && !this.#media && this.#track?.isOpen()) this.#media = new RtpPipe(this.#track);
  }

  #onMessage(data: unknown): void {
    if (this.#closed) return;
    if (typeof data === "string") this.onControl(data);
    else this.#fail("the other end sent binary data on the control channel");
  }

  /**
   * Candidates wait for the description they belong to; the offerer's wait for the answer too. Were they known before,
   * the answerer's checks would reach an offerer that has no answer yet, and libdatachannel then starts DTLS without
   * the fingerprint to check (the handshake fails) or loses the first ClientHello (a second is lost).
   */
  #emitSignal(data: SimplePeer.SignalData): void {
    if (this.#closed) return;
    if (data.type === "offer" || data.type === "answer") {
      this.onSignal({ kind: data.type, sdp: splitCandidates(data.sdp ?? "").sdp });
      if (data.type === "answer") this.#releaseCandidates();
    } else if (data.type === "candidate" && data.candidate.candidate) {
      const { candidate, sdpMid } = data.candidate;
      const signal: TransportSignal = {
        kind: "candidate",
        candidate: candidate.replace(/^a=/, ""),
        mid: sdpMid ?? "0",
      };
      if (this.#heldCandidates) this.#heldCandidates.push(signal);
      else this.onSignal(signal);
    }
  }

  #releaseCandidates(): void {
    const held = this.#heldCandidates ?? [];
    this.#heldCandidates = undefined;
    for (const signal of held) if (!this.#closed) this.onSignal(signal);
  }

  #onConnect(): void {
    if (this.#closed) return;
    this.#connected = true;
    try {
      this.#packets = this.#native.createDataChannel(PACKETS_CHANNEL.label, {
        negotiated: true,
        id: PACKETS_CHANNEL.id,
        unordered: true,
        maxRetransmits: 0,
      });
    } catch (error) {
      return this.#fail(messageOf(error));
    }
    const packets = this.#packets;
    const opened = () => {
      if (this.#closed || this.#lane) return;
      this.#lane = new PacketsLane(packets);
      this.#onLocalPorts(localPorts(this.#native.localDescription()?.sdp ?? ""));
      // The track opened with DTLS, before any channel; its event may still be on the way.
      this.#openMedia();
      this.onOpen();
    };
    packets.onClosed(() => this.#down("the packets channel was closed"));
    if (packets.isOpen()) opened();
    else packets.onOpen(opened);
  }

  /** It has ended, but its last words may still wait to be heard. */
  #down(reason: string): void {
    if (!this.#closed) void nextTurn().then(() => this.#fail(reason));
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lane?.end();
    this.#destroy();
    this.onClose(reason);
  }

  #destroy(): void {
    // The track's callbacks would keep the process alive, and the connection does not close it.
    this.#track?.close();
    this.#peer.destroy();
  }
}

/** Of the candidates that are this machine's own sockets: the others are their ports as seen from elsewhere. */
function localPorts(sdp: string): readonly number[] {
  return [...sdp.matchAll(/^a=candidate:\S+ 1 UDP \S+ \S+ (\d+) typ host\b/gim)].map(([, port]) => Number(port));
}
