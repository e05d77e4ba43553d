import type { PublicKey, RoomId } from "../base/brand.ts";
import { missingCase } from "../base/result.ts";
import { type Member, membersOf, type Room, type RoomStatus, statusOf } from "./state.ts";

/** All there is to show of one room. Members in the order in which they were first seen, oneself first. */
export interface RoomSnapshot {
  readonly roomId: RoomId;
  readonly name: string;
  readonly self: PublicKey;
  readonly status: RoomStatus;
  readonly members: readonly Member[];
}

/** Why a member is no longer listed. "gone": its signaling and its tunnel are both lost. */
export type MemberRemoval = "left" | "kicked" | "gone";

/** One change. Applied in order to an earlier snapshot, they give the later one. */
export type RoomDelta =
  /** With status "left" the members go too. */
  | { readonly type: "status"; readonly status: RoomStatus }
  | { readonly type: "renamed"; readonly name: string }
  /** A new member, or all the fields of one that changed. */
  | { readonly type: "member"; readonly member: Member }
  | { readonly type: "member_removed"; readonly publicKey: PublicKey; readonly reason: MemberRemoval };

export function snapshotOf(room: Room): RoomSnapshot {
  const { roomId, name, self, state } = room;
  return { roomId, name, self, status: statusOf(state), members: [...membersOf(room).values()] };
}

export function applyDelta(snapshot: RoomSnapshot, delta: RoomDelta): RoomSnapshot {
  switch (delta.type) {
    case "status":
      return { ...snapshot, status: delta.status, members: delta.status.kind === "left" ? [] : snapshot.members };
    case "renamed":
      return { ...snapshot, name: delta.name };
    case "member":
      return { ...snapshot, members: withMember(snapshot.members, delta.member) };
    case "member_removed":
      return { ...snapshot, members: snapshot.members.filter((member) => member.publicKey !== delta.publicKey) };
    default:
      return missingCase(delta);
  }
}

function withMember(members: readonly Member[], changed: Member): readonly Member[] {
  const isKnown = members.some((member) => member.publicKey === changed.publicKey);
  if (!isKnown) return [...members, changed];
  return members.map((member) => (member.publicKey === changed.publicKey ? changed : member));
}
