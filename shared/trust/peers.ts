import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/rate.ts";
import { contradicts, type Shown } from "./gate.ts";
import type { DoorAnswer, Greeting } from "./messages.ts";
import type { KeyId } from "./room-key.ts";
import type { Standing } from "./standing.ts";

/** Whoever was turned away may knock again after that; until then nobody is asked about it. */
export const TURNED_AWAY_MS = 10 * 60_000;
/** Nobody is told of the same member's knock more often: whoever comes and goes would ring without end. */
export const KNOCK_AGAIN_MS = 60_000;
/** Whoever has the PIN can knock under one new key after another: of more than these people are not told. All are at the door to be seen. */
export const KNOCKS_TOLD = 10;
const KNOCKS_REFILL_MS = 10 * 60_000;
/** How often people are told of what one member's door answers: it may say one thing and another without end. */
export const ANSWERS_TOLD = 10;
const ANSWERS_REFILL_MS = 10 * 60_000;
/** More than ever wait at one door. Who was remembered longest ago may knock again at once. */
const MAX_REMEMBERED = 64;
/** Two for each change of the policy, and one for each connection: a member that says more has something else in mind. */
const HEARD_BURST = 100;
const HEARD_REFILL_MS = 20_000;
/** A policy costs a signature check for each hand-over in it. A member brings one at a time, and few in a row. */
const CHECKED_BURST = 20;
const CHECKED_REFILL_MS = 20_000;
/** A greeting of 300 bytes may be answered with a policy of 15 KiB. */
const ANSWERED_BURST = 30;
const ANSWERED_REFILL_MS = 30_000;

/** SHA-256 fingerprints of a connection's two certificates, as in SDP. */
export interface Prints {
  readonly local: string;
  readonly remote: string;
}

/** One member: what it has shown, and what it has been told. */
export class Peer implements Shown {
  readonly proved = new Set<KeyId>();
  greeting: Greeting | undefined;
  answer: DoorAnswer | undefined;
  standing: Standing = "proving";
  /** Belongs in the room, whether or not it lets this machine in. */
  isInside = false;
  /** Of the connection in use. */
  prints: Prints | undefined;
  /** On this connection it was greeted with these words last. */
  greeted = "";
  /** On this connection the door answered it so last. */
  told: DoorAnswer | undefined;
  /** It was told of already that this member says too much. */
  isFlooding = false;
  readonly heard: TokenBucket;
  readonly checked: TokenBucket;
  readonly answered: TokenBucket;
  readonly answersTold: TokenBucket;
  readonly #isTurnedAway: () => boolean;

  constructor(now: number, isTurnedAway: () => boolean) {
    this.heard = new TokenBucket(HEARD_BURST, HEARD_REFILL_MS, now);
    this.checked = new TokenBucket(CHECKED_BURST, CHECKED_REFILL_MS, now);
    this.answered = new TokenBucket(ANSWERED_BURST, ANSWERED_REFILL_MS, now);
    this.answersTold = new TokenBucket(ANSWERS_TOLD, ANSWERS_REFILL_MS, now);
    this.#isTurnedAway = isTurnedAway;
  }

  get isTurnedAway(): boolean {
    return this.#isTurnedAway();
  }

  /** What it showed before it was removed counts for nothing: whoever wants in again says so. */
  forgetShown(): void {
    this.greeting = undefined;
    this.proved.clear();
  }
}

/** The members of one room that there is, or was a moment ago, a connection to; and whom the person was asked about. */
export class Peers {
  readonly #clock: Clock;
  readonly #peers = new Map<PublicKey, Peer>();
  readonly #turnedAway = new Map<PublicKey, number>();
  readonly #knocked = new Map<PublicKey, number>();
  readonly #knocksTold: TokenBucket;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#knocksTold = new TokenBucket(KNOCKS_TOLD, KNOCKS_REFILL_MS, clock.now());
  }

  get keys(): readonly PublicKey[] {
    return [...this.#peers.keys()];
  }

  get(member: PublicKey): Peer | undefined {
    return this.#peers.get(member);
  }

  /** A copy: whoever is told of one of them may make another leave. */
  [Symbol.iterator](): IterableIterator<[PublicKey, Peer]> {
    return [...this.#peers][Symbol.iterator]();
  }

  /** A proven connection is in use: nothing was said on it yet. What the member showed on others is still true of it. */
  linked(member: PublicKey, prints: Prints): Peer {
    const peer = this.#peers.get(member) ?? new Peer(this.#clock.now(), () => this.#isTurnedAway(member));
    this.#peers.set(member, peer);
    peer.prints = prints;
    peer.answer = undefined;
    peer.greeted = "";
    peer.told = undefined;
    return peer;
  }

  left(member: PublicKey): boolean {
    return this.#peers.delete(member);
  }

  clear(): void {
    this.#peers.clear();
  }

  turnAway(member: PublicKey): void {
    remember(this.#turnedAway, member, this.#clock.now());
  }

  welcome(member: PublicKey): void {
    this.#turnedAway.delete(member);
  }

  /** @returns whether people are to be told: not of every knock of somebody who comes and goes, nor of a crowd's. */
  knocks(member: PublicKey): boolean {
    const now = this.#clock.now();
    if (now - (this.#knocked.get(member) ?? Number.NEGATIVE_INFINITY) < KNOCK_AGAIN_MS) return false;
    remember(this.#knocked, member, now);
    return this.#knocksTold.take(now);
  }

  /** Somebody here contradicts an invitation with this key, or one without a key. */
  contradict(keyId: KeyId | undefined): boolean {
    return [...this.#peers.values()].some(({ greeting }) => greeting !== undefined && contradicts(greeting, keyId));
  }

  #isTurnedAway(member: PublicKey): boolean {
    const at = this.#turnedAway.get(member);
    return at !== undefined && this.#clock.now() - at < TURNED_AWAY_MS;
  }
}

function remember(when: Map<PublicKey, number>, member: PublicKey, now: number): void {
  when.delete(member);
  const oldest = when.keys().next();
  if (when.size >= MAX_REMEMBERED && !oldest.done) when.delete(oldest.value);
  when.set(member, now);
}
