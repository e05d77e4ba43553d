import { type BackoffPolicy, backoffMs } from "../base/backoff.ts";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { type Clock, wallTimeOf } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import { TokenBucket } from "../base/rate.ts";
import { ok, type Result } from "../base/result.ts";
import { type AbortControllerLike, createAbortController } from "../signaling/abort.ts";
import type { SignalingClient } from "../signaling/client.ts";
import type { RequestFailure } from "../signaling/failures.ts";
import { enteringRoom, type RoomEvent, step } from "./room.ts";
import type { SavedRoom } from "./saved.ts";
import type { RoomDelta } from "./snapshot.ts";
import { type LeftReason, type Member, membersOf, type Room } from "./state.ts";

/** A full room, a busy server: none of them is worth asking more often than the rate limit would allow anyway. */
export const REJOIN_BACKOFF: BackoffPolicy = { minMs: 5_000, maxMs: 120_000 };
/** A server slows down its answers after wrong PINs: ours by up to 16 s, and anybody's wrong PIN may be the reason. */
export const JOIN_REPLY_TIMEOUT_MS = 30_000;
/**
 * What one room may send us: fifty members that each trickle twenty candidates at once are a thousand frames.
 * Beyond this, frames of that room are dropped; its links retry by themselves.
 */
export const MAX_FRAMES_PER_ROOM = 4096;
export const FRAME_WINDOW_MS = 10_000;

export interface MembershipDeps {
  readonly client: SignalingClient;
  readonly self: PublicKey;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly onDelta: (membership: Membership, delta: RoomDelta) => void;
  /** The server ended it while rejoining: the room is gone, or the PIN is wrong. */
  readonly onRefused: (membership: Membership, reason: LeftReason, message: string) => void;
}

/** One room that this machine is in or on its way into: its state, its PIN, and the joining again after every loss. */
export class Membership {
  readonly pin: string;
  /** Let in at least once, so that it is kept over restarts and rejoined until refused. */
  isEstablished: boolean;
  /** When something last happened here, by `Clock.now`: the liveliest room is rejoined first. */
  activeAt: number;
  readonly frames: TokenBucket;
  readonly #deps: MembershipDeps;
  #isOwner: boolean;
  #sealed: string | undefined;
  #room: Room;
  #username: string;
  #attempt: AbortControllerLike | undefined;
  #failures = 0;
  #retry: Disposable | undefined;
  readonly #waiters = new Set<(joined: boolean) => void>();

  constructor(deps: MembershipDeps, saved: SavedRoom, options: { isEstablished: boolean; activeAt: number }) {
    this.#deps = deps;
    this.pin = saved.pin;
    this.#isOwner = saved.owner;
    this.#sealed = saved.sealed;
    this.isEstablished = options.isEstablished;
    this.activeAt = options.activeAt;
    this.#username = saved.username;
    this.frames = new TokenBucket(MAX_FRAMES_PER_ROOM, FRAME_WINDOW_MS, deps.clock.now());
    this.#room = enteringRoom({
      roomId: saved.roomId,
      name: saved.name,
      self: deps.self,
      username: saved.username,
      // That somebody else owns a room cannot be told from not knowing yet, for a key that lost its saved rooms.
      isOwner: saved.owner ? true : undefined,
      at: deps.clock.wallTime(),
    });
  }

  get room(): Room {
    return this.#room;
  }

  get roomId(): RoomId {
    return this.#room.roomId;
  }

  get isJoined(): boolean {
    return this.#room.state.kind === "joined";
  }

  get isLeft(): boolean {
    return this.#room.state.kind === "left";
  }

  get isOwner(): boolean {
    return this.#isOwner;
  }

  get saved(): SavedRoom {
    const { roomId, name } = this.#room;
    const sealed = this.#sealed;
    const saved = { roomId, name, pin: this.pin, owner: this.#isOwner, username: this.#username };
    return { ...saved, ...(sealed !== undefined && { sealed }) };
  }

  member(publicKey: PublicKey): Member | undefined {
    return membersOf(this.#room).get(publicKey);
  }

  apply(event: RoomEvent): void {
    const { room, deltas } = step(this.#room, event);
    this.#room = room;
    for (const delta of deltas) this.#deps.onDelta(this, delta);
    if (room.state.kind === "joined") this.#releaseWaiters(true);
    else if (room.state.kind === "left") this.#end();
  }

  /** Something happened here that was more than our own coming and going. */
  touch(): void {
    this.activeAt = this.#deps.clock.now();
  }

  setUsername(username: string): void {
    this.#username = username;
    this.apply({ type: "selfNamed", username });
  }

  setSealed(sealed: string | undefined): void {
    this.#sealed = sealed;
  }

  setOwner(isOwner: boolean): void {
    this.#isOwner = isOwner;
    this.apply({ type: "selfOwns", isOwner });
  }

  /** The server let us in. */
  entered(name: string | undefined): void {
    this.isEstablished = true;
    this.#failures = 0;
    this.#retry?.dispose();
    this.apply({ type: "joined", at: this.#deps.clock.wallTime(), name });
  }

  /** The user's own join: one request, whose failure ends it. */
  async join(): Promise<Result<void, RequestFailure>> {
    return this.#request("user", undefined);
  }

  /** Joins again, and goes on trying until it is in, left or refused. Does nothing while an attempt runs. */
  async rejoin(): Promise<void> {
    if (this.#attempt || this.isJoined || this.isLeft) return;
    this.#retry?.dispose();
    const result = await this.#request("background", Number.POSITIVE_INFINITY);
    if (result.ok || this.isLeft) return;
    const { code, message } = result.error;
    if (code === "room_missing") return this.#deps.onRefused(this, "deleted", message);
    if (code === "wrong_pin") return this.#deps.onRefused(this, "refused", message);
    if (code === "aborted" || code === "stopped") return;
    this.#failures++;
    const ms = backoffMs(this.#failures, REJOIN_BACKOFF, this.#deps.random);
    this.#retry = this.#deps.clock.after(ms, () => void this.rejoin());
  }

  /** Our own socket is gone. The members stay: their tunnels know nothing of it. */
  signalingLost(): void {
    this.#retry?.dispose();
    this.#failures = 0;
    this.apply({ type: "signalingLost", at: this.#deps.clock.wallTime() });
  }

  /** @returns true once joined; false when the room is left, or `ms` milliseconds have passed. */
  whenJoined(ms: number): Promise<boolean> {
    if (this.isJoined) return Promise.resolve(true);
    if (this.isLeft || ms <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = this.#deps.clock.after(ms, () => release(false));
      const release = (joined: boolean) => {
        this.#waiters.delete(release);
        timer.dispose();
        resolve(joined);
      };
      this.#waiters.add(release);
    });
  }

  /** Stops trying, without a word to anyone. */
  dispose(): void {
    this.#end();
  }

  async #request(
    priority: "user" | "background",
    deadlineMs: number | undefined,
  ): Promise<Result<void, RequestFailure>> {
    const { client, clock } = this.#deps;
    const attempt = createAbortController();
    this.#attempt = attempt;
    const result = await client.request(
      { type: "JoinRoom", room_id: this.roomId, password: this.pin, username: this.#username },
      {
        priority,
        timeoutMs: JOIN_REPLY_TIMEOUT_MS,
        signal: attempt.signal,
        ...(deadlineMs !== undefined && { deadlineMs }),
        onPhase: (phase) => {
          this.apply({ type: "queued", until: phase.kind === "limited" ? wallTimeOf(phase.until, clock) : undefined });
        },
        // At once, since members may be announced in the very next frame.
        onReply: (reply) => this.entered(reply.room_name),
      },
    );
    this.#attempt = undefined;
    return result.ok ? ok(undefined) : result;
  }

  #end(): void {
    this.#retry?.dispose();
    this.#attempt?.abort();
    this.#releaseWaiters(false);
  }

  #releaseWaiters(joined: boolean): void {
    for (const release of [...this.#waiters]) release(joined);
  }
}
