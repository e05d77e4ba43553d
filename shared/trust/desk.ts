import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, messageOf, ok, type Result } from "../base/result.ts";
import type { Signer } from "../identity/keys.ts";
import { type Amendment, type Present, takeOver } from "./amendments.ts";
import { notOwner, type TrustFailure } from "./failures.ts";
import {
  type HandOver,
  MAX_HANDOVERS,
  type Policy,
  signHandOver,
  signPolicy,
  type UnsignedPolicy,
  whyUnfit,
} from "./policy.ts";
import { keyIdOf, makeRoomKey, type RoomKey } from "./room-key.ts";
import type { RoomState } from "./room-state.ts";

/** While a policy is being signed, another one may come to count. Then the change is made of that one instead. */
const MAX_ATTEMPTS = 3;

/** Whoever the room is given to takes it within a round trip. Does it not, its owner is not kept waiting for it. */
export const HANDOVER_PATIENCE_MS = 10_000;

/** What is to be signed, with the key of a policy that names a new one. */
interface Wanted {
  readonly unsigned: UnsignedPolicy;
  readonly key: RoomKey | undefined;
}

/** What the next policy is to be: parts that change, nothing, or why not. */
export type Change = (policy: Policy, present: Present) => Amendment | Result<Amendment, TrustFailure> | undefined;

export interface DeskDeps {
  readonly signer: Signer;
  readonly random: RandomBytes;
  readonly clock: Clock;
  readonly present: () => Present;
  /** A policy that this machine has signed counts from now on. */
  readonly issued: (policy: Policy) => Promise<void>;
}

/**
 * Where an owner signs: its room's policies, and the hand-over of the room. One thing after the other, for each policy
 * follows from the one before; two of one epoch would set members against each other.
 */
export class OwnersDesk {
  readonly #state: RoomState;
  readonly #deps: DeskDeps;
  #queue: Promise<unknown> = Promise.resolve();
  #offeredAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(state: RoomState, deps: DeskDeps) {
    this.#state = state;
    this.#deps = deps;
  }

  /** What has been asked for is done. */
  get settled(): Promise<unknown> {
    return this.#queue;
  }

  /** Whoever the room is given to is here: in a moment the next policy comes from there. */
  get isHandingOver(): boolean {
    const { handingOver } = this.#state;
    const isRecent = this.#deps.clock.now() - this.#offeredAt < HANDOVER_PATIENCE_MS;
    return handingOver !== undefined && isRecent && this.#deps.present().isHere(handingOver.to);
  }

  close(): void {
    this.#isClosed = true;
  }

  serially<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  found(name: string, sealed: boolean): Promise<Result<void, TrustFailure>> {
    return this.serially(async () => {
      const { roomId: room, self: founder, policy } = this.#state;
      // A server that says of a room that it has just been made may be wrong.
      if (policy) return fail("has_owner", "there is a policy for the room already");
      const key = sealed ? makeRoomKey(this.#deps.random) : undefined;
      const keyId = key === undefined ? ("" as const) : keyIdOf(key);
      const lists = { chain: [], members: [], removed: [] };
      const unsigned = { v: 1, room, founder, epoch: 1, name, sealed, doors: "trusted", key: keyId, ...lists } as const;
      return this.#issue(() => ok({ unsigned, key }));
    });
  }

  /** Changes the policy as its owner. */
  amend(change: Change): Promise<Result<void, TrustFailure>> {
    return this.serially(() =>
      this.#issue(() => {
        const { policy, isOwner } = this.#state;
        if (!policy || !isOwner) return notOwner();
        if (this.isHandingOver) return fail("handing_over", "the room is being handed over");
        const changed = change(policy, this.#deps.present());
        if (changed === undefined) return ok(undefined);
        if (!("ok" in changed)) return ok(this.#next(policy, changed));
        return changed.ok ? ok(this.#next(policy, changed.value)) : changed;
      }),
    );
  }

  /** Gives the room to a member. Signed once more for each policy that follows before it is taken. */
  handOver(to: PublicKey): Promise<Result<void, TrustFailure>> {
    return this.serially(async () => {
      const { policy, isOwner, handingOver, roomId } = this.#state;
      if (!policy || !isOwner) return notOwner();
      // Two that were given the room would both be right.
      if (handingOver && handingOver.to !== to) return fail("handing_over", "the room is being handed over already");
      if (policy.chain.length >= MAX_HANDOVERS) {
        return fail("too_many_handovers", `a room can change hands ${MAX_HANDOVERS} times`);
      }
      try {
        const signed = await signHandOver(roomId, to, policy.epoch + 1, this.#deps.signer);
        if (this.#state.policy === policy) this.#state.handingOver = signed;
        this.#offeredAt = this.#deps.clock.now();
        return ok(undefined);
      } catch (error) {
        return fail("not_signed", `the hand-over could not be signed: ${messageOf(error)}`);
      }
    });
  }

  /** Takes the room that its owner has given to this machine. The caller has checked the signature. */
  take(given: HandOver): Promise<Result<void, TrustFailure>> {
    return this.serially(() =>
      this.#issue(() => {
        const { policy } = this.#state;
        // Not the policy that it goes on from: whatever its owner changed since would be undone.
        if (!policy || given.epoch !== policy.epoch + 1) return ok(undefined);
        return ok({ unsigned: takeOver(policy, given, this.#deps.present()), key: undefined });
      }),
    );
  }

  #next(policy: Policy, { newKey = false, ...parts }: Amendment): Wanted {
    const { sig: _, ...before } = policy;
    const key = newKey ? makeRoomKey(this.#deps.random) : undefined;
    const changed = { ...before, ...parts, epoch: policy.epoch + 1 };
    const keyId = key === undefined ? changed.key : keyIdOf(key);
    return { unsigned: { ...changed, key: changed.sealed ? keyId : "" }, key };
  }

  /** Signs what `next` makes of the policy that counts, and has it count. */
  async #issue(next: () => Result<Wanted | undefined, TrustFailure>): Promise<Result<void, TrustFailure>> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = this.#state.policy;
      const wanted = next();
      if (!wanted.ok) return wanted;
      if (!wanted.value || this.#isClosed) return ok(undefined);
      const signed = await this.#sign(wanted.value.unsigned);
      if (!signed.ok) return signed;
      if (this.#isClosed) return ok(undefined);
      if (this.#state.policy !== before) continue;
      if (wanted.value.key !== undefined) this.#state.keys.take(wanted.value.key);
      this.#state.handingOver = signed.value.handingOver;
      await this.#deps.issued(signed.value.policy);
      return ok(undefined);
    }
    return fail("not_signed", "the room's policy changed meanwhile, again and again");
  }

  /** With a policy, the hand-over that is still to be taken is signed anew: it goes on from that one. */
  async #sign(
    unsigned: UnsignedPolicy,
  ): Promise<Result<{ policy: Policy; handingOver: HandOver | undefined }, TrustFailure>> {
    const unfit = whyUnfit(unsigned);
    if (unfit !== undefined) return fail("bad_policy", `no member would take such a policy: ${unfit}`);
    try {
      const { handingOver: offered, roomId } = this.#state;
      const { signer } = this.#deps;
      const policy = await signPolicy(unsigned, signer);
      const handingOver = offered && (await signHandOver(roomId, offered.to, policy.epoch + 1, signer));
      return ok({ policy, handingOver });
    } catch (error) {
      return fail("not_signed", `the room's policy could not be signed: ${messageOf(error)}`);
    }
  }
}
