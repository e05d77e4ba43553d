import type { PublicKey, RoomId } from "../base/brand.ts";
import { base64, base64Bytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/rate.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../base/result.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import { DEFAULT_TUNNEL_MTU } from "../tunnel/mtu.ts";
import type { Lane } from "../tunnel/ports.ts";
import {
  decodeControl,
  encodeControl,
  HELLO_BURST,
  HELLO_REFILL_MS,
  type Hello,
  helloProof,
  MAX_CONTROL_LENGTH,
  MAX_CONTROL_PER_SECOND,
  PROTOCOL_VERSION,
} from "./control.ts";
import type { LaneQuality } from "./lane-quality.ts";
import { LaneSwitch } from "./lane-switch.ts";
import { MediaLane } from "./media-lane.ts";
import type { Fingerprints, PeerTransport } from "./ports.ts";
import { isTrustBody } from "./trust-body.ts";

/** The word in a hello's capabilities: the sender has the media lane on this connection. */
export const MEDIA_CAPABILITY = "media";

/** What this machine says of itself in its hello. */
export interface SelfDescription {
  readonly username: string;
  readonly ipv4Salt: number;
  /** Bytes; 0 without a tunnel. */
  readonly mtu: number;
  /** What it can do beyond version 1, links aside. */
  readonly capabilities?: readonly string[];
}

export interface ConnectionDeps {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly clock: Clock;
}

/** So much of trust goes out at once, and in a second: the other end takes more than 100 messages of all kinds for a flood. */
export const MAX_SAID_PER_SECOND = MAX_CONTROL_PER_SECOND / 2;

/** How many questions are remembered: keepalives until the link is given up, and those that a person asks. */
const MAX_PENDING_PINGS = 64;

export interface ConnectionHandlers {
  /** The first time: the other end has proved who it is. Again: it has news of itself. */
  onHello(hello: Hello): void;
  /** A keepalive came back; milliseconds. */
  onRoundTrip(rttMs: number): void;
  /** `lane` is another one now. */
  onLaneChange(): void;
  /** The other end left one room, or (without a room) goes away. */
  onBye(room: string | undefined): void;
  /** What the other end, which has proved who it is, says of trust. A JSON object: see trust-body.ts. */
  onTrust(body: object): void;
  /** It closed, or the other end broke a rule. Called at most once, and never after close(). */
  onEnd(failure: Failure): void;
}

/**
 * One WebRTC connection with its control channel: hello with proof, keepalive, bye. It does not know why it was made
 * or whether it is in use: that is the link's business.
 */
export class Connection {
  readonly session: string;
  /** The room whose signaling made this connection, and carries its answer and candidates. */
  readonly room: RoomId;
  /** When it was made, by the clock's now(). */
  readonly since: number;
  /** Whether every signal of the other end so far was signed. */
  verified = true;
  /** The other end's description has been applied. */
  isDescribed = false;
  /** How many of its candidates have been. */
  remoteCandidates = 0;
  readonly transport: PeerTransport;
  readonly #peer: PublicKey;
  readonly #deps: ConnectionDeps;
  readonly #handlers: ConnectionHandlers;
  readonly #describe: () => SelfDescription;
  readonly #floodGuard: TokenBucket;
  readonly #helloGuard: TokenBucket;
  readonly #sayGuard: TokenBucket;
  /** Settles when our first hello is out. */
  readonly #greeted: Promise<void>;
  #greeting: Promise<void> = Promise.resolve();
  #isOpen = false;
  #lanes: LaneSwitch | undefined;
  #media: MediaLane | undefined;
  #hello: Hello | undefined;
  #proven: Fingerprints | undefined;
  readonly #pings = new Map<number, { readonly at: number; readonly onReply: ((rttMs: number) => void) | undefined }>();
  #nextPing = 1;
  #heard = 0;
  #unanswered = 0;
  #ended = false;

  constructor(
    identity: { session: string; room: RoomId; peer: PublicKey },
    transport: PeerTransport,
    describe: () => SelfDescription,
    deps: ConnectionDeps,
    handlers: ConnectionHandlers,
  ) {
    this.session = identity.session;
    this.room = identity.room;
    this.#peer = identity.peer;
    this.transport = transport;
    this.#describe = describe;
    this.#deps = deps;
    this.#handlers = handlers;
    this.since = deps.clock.now();
    this.#floodGuard = new TokenBucket(MAX_CONTROL_PER_SECOND, 1000, deps.clock.now());
    this.#helloGuard = new TokenBucket(HELLO_BURST, HELLO_REFILL_MS, deps.clock.now());
    this.#sayGuard = new TokenBucket(MAX_SAID_PER_SECOND, 1000, deps.clock.now());
    this.#greeted = new Promise((resolve) => {
      transport.onOpen = () => {
        this.#isOpen = true;
        this.#openLanes();
        void this.greet().then(resolve);
      };
    });
    transport.onControl = (text) => this.#receive(text);
    transport.onClose = (reason) => this.#end({ code: "closed", message: reason });
  }

  get hello(): Hello | undefined {
    return this.#hello;
  }

  /** The certificates that the other end's proof is bound to; undefined before it holds. */
  get proven(): Fingerprints | undefined {
    return this.#proven;
  }

  /** There once open. */
  get lane(): Lane | undefined {
    return this.#lanes ? this.#lanes.current : this.transport.lane;
  }

  /** Of the media lane, while that is in use. */
  get quality(): LaneQuality | undefined {
    return this.#media?.quality;
  }

  /** The control channel is open: a hello has been sent, or is about to be. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#ended;
  }

  /** How many messages have come on the control channel. */
  get heard(): number {
    return this.#heard;
  }

  /** How many pings have gone out since anything was heard. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /**
   * Says hello, or says it again after this machine's name or address changed. One at a time: a signature may take its
   * time, and an old hello must not overtake a newer one.
   */
  greet(): Promise<void> {
    this.#greeting = this.#greeting
      .then(() => this.#sendHello())
      .catch((error) => this.#end({ code: "not_signed", message: `no hello could be signed: ${messageOf(error)}` }));
    return this.#greeting;
  }

  /** Asks for a sign of life. @param onReply called with the round-trip time in milliseconds, if an answer comes. */
  ping(onReply?: (rttMs: number) => void): void {
    const id = this.#nextPing++;
    this.#unanswered++;
    if (this.#pings.size >= MAX_PENDING_PINGS) this.#pings.delete(this.#pings.keys().next().value ?? 0);
    this.#pings.set(id, { at: this.#deps.clock.now(), onReply });
    this.transport.sendControl(encodeControl({ t: "ping", id }));
  }

  bye(room?: RoomId): void {
    this.transport.sendControl(encodeControl(room === undefined ? { t: "bye" } : { t: "bye", room }));
  }

  /** @returns whether it went out: there is room in the channel, and the other end would not hang up over it. */
  say(body: object): boolean {
    if (!isTrustBody(body) || !this.#sayGuard.take(this.#deps.clock.now())) return false;
    const text = encodeControl({ t: "trust", body });
    return text.length <= MAX_CONTROL_LENGTH && this.transport.sendControl(text);
  }

  /** Ends it without telling the handlers. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#media?.end();
    this.transport.close();
  }

  #openLanes(): void {
    const { lane, media } = this.transport;
    if (!lane || !media) return;
    this.#media = new MediaLane(media, this.#deps.clock);
    this.#lanes = new LaneSwitch(lane, this.#media, this.#deps.clock);
    this.#lanes.onChange = () => this.#handlers.onLaneChange();
  }

  async #sendHello(): Promise<void> {
    if (this.#ended) return;
    const prints = this.transport.fingerprints;
    if (!prints)
      return this.#end({ code: "no_fingerprint", message: "the connection has no certificate fingerprints" });
    const message = helloProof(this.#deps.signer.publicKey, this.#peer, prints.local, prints.remote);
    const proof = base64.encode(await this.#deps.signer.sign(message));
    if (this.#ended) return;
    const { username, ipv4Salt, mtu, capabilities = [] } = this.#describe();
    this.#limitMedia();
    const hello: Hello = {
      t: "hello",
      v: PROTOCOL_VERSION,
      username,
      ipv4_salt: ipv4Salt,
      mtu,
      capabilities: this.#media ? [...capabilities, MEDIA_CAPABILITY] : [...capabilities],
      proof,
    };
    this.transport.sendControl(encodeControl(hello));
  }

  #receive(text: string): void {
    if (this.#ended) return;
    if (!this.#floodGuard.take(this.#deps.clock.now())) {
      return this.#end({ code: "flood", message: "the other end sent too many control messages" });
    }
    const decoded = decodeControl(text);
    if (!decoded.ok) return this.#end(decoded.error);
    this.#heard++;
    this.#unanswered = 0;
    const message = decoded.value;
    switch (message?.t) {
      case "hello":
        return this.#onHello(message);
      case "ping":
        this.transport.sendControl(encodeControl({ t: "pong", id: message.id }));
        return;
      case "pong":
        return this.#onPong(message.id);
      case "bye":
        return this.#onceGreeted(() => this.#hello && this.#handlers.onBye(message.room));
      case "trust":
        // Before the proof it is not even kept until ours is out.
        if (this.#proven) this.#onceGreeted(() => this.#handlers.onTrust(message.body));
        return;
      default:
        return;
    }
  }

  #onHello(hello: Hello): void {
    if (!this.#helloGuard.take(this.#deps.clock.now())) {
      return this.#end({ code: "flood", message: "the other end said hello too often" });
    }
    const proved = this.#checkProof(hello);
    if (!proved.ok) return this.#end(proved.error);
    this.#proven = proved.value;
    this.#onceGreeted(() => {
      this.#hello = hello;
      this.#limitMedia();
      if (hello.capabilities.includes(MEDIA_CAPABILITY)) this.#media?.start();
      this.#handlers.onHello(hello);
    });
  }

  /** The largest packet of interest is what both interfaces take; one that is not there yet sets no limit. */
  #limitMedia(): void {
    const mtus = [this.#describe().mtu, this.#hello?.mtu ?? 0].filter((mtu) => mtu > 0);
    this.#media?.setCeiling(mtus.length > 0 ? Math.min(...mtus) : DEFAULT_TUNNEL_MTU);
  }

  /**
   * Ours goes first, so that packets that follow find the other end knowing who sends them. It also waits for the
   * lane: the other end may be open, and speak, before this one is.
   */
  #onceGreeted(task: () => void): void {
    void this.#greeted.then(() => {
      if (!this.#ended) task();
    });
  }

  #checkProof(hello: Hello): Result<Fingerprints> {
    const prints = this.transport.fingerprints;
    if (!prints) return fail("no_fingerprint", "the connection has no certificate fingerprints");
    const signature = base64Bytes(hello.proof);
    const message = helloProof(this.#peer, this.#deps.signer.publicKey, prints.remote, prints.local);
    if (signature?.length !== 64 || !this.#deps.verify(this.#peer, message, signature)) {
      return fail("bad_proof", "the other end could not prove that it holds the member's key");
    }
    return ok(prints);
  }

  #onPong(id: number): void {
    const ping = this.#pings.get(id);
    if (!ping) return;
    this.#pings.delete(id);
    const rttMs = this.#deps.clock.now() - ping.at;
    this.#handlers.onRoundTrip(rttMs);
    ping.onReply?.(rttMs);
  }

  #end(failure: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#media?.end();
    this.transport.close();
    this.#handlers.onEnd(failure);
  }
}
