import type { PublicKey, RoomId } from "../base/brand.ts";
import { type Ground, hasCurrentKey, isSealed } from "./gate.ts";
import { KeyRing } from "./key-ring.ts";
import { type HandOver, ownerOf, type Policy } from "./policy.ts";
import { type OwnerPin, ownerPinOf } from "./room-key.ts";
import type { SavedRoomTrust } from "./saved.ts";
import type { Role } from "./standing.ts";

/** What this machine holds of one room, and what follows from that alone: whose it is, who may let in, which key holds. */
export class RoomState {
  readonly roomId: RoomId;
  readonly self: PublicKey;
  readonly keys: KeyRing;
  handingOver: HandOver | undefined;
  /** The policy held is this machine's own word and not written down yet: nobody may hear of it. */
  isUnwritten = false;
  readonly #wasSealed: boolean;
  #policy: Policy | undefined;
  #pin: OwnerPin | undefined;

  constructor(saved: SavedRoomTrust, self: PublicKey) {
    this.roomId = saved.roomId;
    this.self = self;
    this.keys = new KeyRing(saved.key, saved.spare);
    this.handingOver = saved.handingOver;
    this.#wasSealed = saved.wasSealed ?? false;
    this.#policy = saved.policy;
    this.#pin = saved.owner;
  }

  get saved(): SavedRoomTrust {
    const { held, spare } = this.keys;
    return {
      roomId: this.roomId,
      ...(held && { key: held.key }),
      ...(spare && { spare: spare.key }),
      ...(this.#pin !== undefined && { owner: this.#pin }),
      ...(this.#policy && { policy: this.#policy }),
      ...(this.handingOver && { handingOver: this.handingOver }),
      ...(this.#wasSealed && !this.#policy && { wasSealed: true as const }),
    };
  }

  get policy(): Policy | undefined {
    return this.#policy;
  }

  /** By which hash the founder is known. Whoever does not know it believes no policy but that of who lets it in. */
  get pin(): OwnerPin | undefined {
    return this.#pin;
  }

  get owner(): PublicKey | undefined {
    return this.#policy && ownerOf(this.#policy);
  }

  get isOwner(): boolean {
    return this.owner === this.self;
  }

  get seal(): "sealed" | "open" | "unknown" {
    if (isSealed(this.ground(false))) return "sealed";
    return this.#policy ? "open" : "unknown";
  }

  get hasCurrentKey(): boolean {
    return hasCurrentKey(this.ground(false));
  }

  /** By the owner's word, this machine may let in whoever waits. It can where it has the key to give. */
  get mayLetIn(): boolean {
    const policy = this.#policy;
    if (!policy?.sealed || !this.hasCurrentKey) return false;
    const role = this.role(this.self);
    if (role === "owner" || policy.doors === "members") return true;
    return role === "trusted" && policy.doors === "trusted";
  }

  role(member: PublicKey): Role {
    if (this.owner === member) return "owner";
    return this.#policy?.members.find(([key]) => key === member)?.[1] ?? "member";
  }

  ground(isContradicted: boolean): Ground {
    const { self, keys } = this;
    return {
      self,
      policy: this.#policy,
      keyId: keys.held?.id,
      wasSealed: this.#wasSealed,
      isDisputed: this.#policy === undefined && isContradicted,
    };
  }

  /** An invitation named the founder. */
  knowFounder(pin: OwnerPin): void {
    this.#pin = pin;
  }

  /** A checked policy is the one that counts from now on. */
  follow(policy: Policy): void {
    const handOvers = this.#policy?.chain.length ?? 0;
    if (policy.chain.length > handOvers) this.handingOver = undefined;
    this.#policy = policy;
    this.#pin = ownerPinOf(policy.founder);
    this.keys.follow(policy);
  }
}
