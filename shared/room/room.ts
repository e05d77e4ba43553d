import type { ConnectionId, PublicKey, RoomId } from "../base/brand.ts";
import { missingCase } from "../base/result.ts";
import { cleanRoomName } from "./names.ts";
import type { MemberRemoval, RoomDelta } from "./snapshot.ts";
import { type LeftReason, type Member, membersOf, type Room, type RoomState, statusOf } from "./state.ts";
import { cleanUsername } from "./username.ts";

/** Five times what a server admits by default: a bound on what a hostile server can make us keep, not a policy. */
export const MAX_MEMBERS_KEPT = 256;

export type RoomEvent =
  | { readonly type: "queued"; readonly until: number | undefined }
  | { readonly type: "joined"; readonly at: number; readonly name?: string | undefined }
  | { readonly type: "signalingLost"; readonly at: number }
  /** PeerJoined. */
  | {
      readonly type: "peerJoined";
      readonly publicKey: PublicKey;
      readonly username?: string | undefined;
      readonly connectionId?: ConnectionId | undefined;
      readonly at: number;
    }
  /** PeerLeft. */
  | {
      readonly type: "peerLeft";
      readonly publicKey: PublicKey;
      readonly reason?: "left" | "kicked" | "disconnected" | undefined;
      readonly connectionId?: ConnectionId | undefined;
    }
  /** An offer, an answer or a candidate came: whoever sent it is there, even if nobody announced it. */
  | {
      readonly type: "signalSeen";
      readonly publicKey: PublicKey;
      readonly connectionId?: ConnectionId | undefined;
      readonly at: number;
    }
  /** The member said its name itself, over its tunnel. */
  | { readonly type: "hello"; readonly publicKey: PublicKey; readonly username: string }
  /** The mesh gave the member up, or the owner kicked it. */
  | { readonly type: "memberGone"; readonly publicKey: PublicKey; readonly reason: MemberRemoval }
  | { readonly type: "renamed"; readonly name: string }
  | { readonly type: "selfNamed"; readonly username: string }
  /** The room became this machine's, or is it no more. */
  | { readonly type: "selfOwns"; readonly isOwner: boolean }
  | { readonly type: "closed"; readonly at: number; readonly reason: LeftReason; readonly message: string };

export interface RoomStep {
  readonly room: Room;
  readonly deltas: readonly RoomDelta[];
}

export interface Entering {
  readonly roomId: RoomId;
  readonly name: string | undefined;
  readonly self: PublicKey;
  readonly username: string;
  /** Whether this key owns the room; undefined when that is not known. */
  readonly isOwner: boolean | undefined;
  readonly at: number;
}

export function enteringRoom({ roomId, name, self, username, isOwner, at }: Entering): Room {
  const member: Member = {
    publicKey: self,
    username: cleanUsername(username, self),
    presence: "signaling_lost",
    isSelf: true,
    ...(isOwner !== undefined && { isOwner }),
    joinedAt: at,
  };
  const state: RoomState = { kind: "entering", members: new Map([[self, member]]) };
  return { roomId, name: cleanRoomName(name ?? "") ?? roomId, self, state };
}

/** The one transition function. The deltas, applied to the snapshot of `room`, give the snapshot of the result. */
export function step(room: Room, event: RoomEvent): RoomStep {
  if (room.state.kind === "left") return stay(room);
  switch (event.type) {
    case "queued":
      return queued(room, event.until);
    case "joined":
      return joined(room, event.at, event.name);
    case "signalingLost":
      return signalingLost(room, event.at);
    case "peerJoined":
      return peerJoined(room, event);
    case "peerLeft":
      return peerLeft(room, event);
    case "signalSeen":
      return signalSeen(room, event);
    case "hello":
      return changeMember(room, event.publicKey, { username: cleanUsername(event.username, event.publicKey) });
    case "memberGone":
      return removeMember(room, event.publicKey, event.reason);
    case "renamed":
      return renamed(room, event.name);
    case "selfNamed":
      return changeMember(room, room.self, { username: cleanUsername(event.username, room.self) });
    case "selfOwns":
      return changeMember(room, room.self, { isOwner: event.isOwner });
    case "closed":
      return moveTo(room, { kind: "left", at: event.at, reason: event.reason, message: event.message });
    default:
      return missingCase(event);
  }
}

function queued(room: Room, until: number | undefined): RoomStep {
  const { state } = room;
  if ((state.kind !== "entering" && state.kind !== "reconnecting") || state.queuedUntil === until) return stay(room);
  const { queuedUntil: _, ...rest } = state;
  return moveTo(room, until === undefined ? rest : { ...rest, queuedUntil: until });
}

function joined(room: Room, at: number, name: string | undefined): RoomStep {
  const { state } = room;
  const named = name === undefined ? stay(room) : renamed(room, name);
  if (state.kind === "joined" || state.kind === "left") return named;
  const entered = chain(named, (next) => moveTo(next, { kind: "joined", members: state.members, since: at }));
  return chain(entered, (next) => changeMember(next, room.self, { presence: "online" }));
}

/** Others may reconnect while we cannot hear of it: their connection ids are void, their keys still reach them. */
function signalingLost(room: Room, at: number): RoomStep {
  const { state } = room;
  if (state.kind !== "joined") return queued(room, undefined);
  const lost = moveTo(room, { kind: "reconnecting", members: state.members, since: at });
  const alone = chain(lost, (next) => changeMember(next, room.self, { presence: "signaling_lost" }));
  return [...state.members.values()]
    .filter((member) => !member.isSelf)
    .reduce((before, member) => chain(before, (next) => putMember(next, withoutConnection(member))), alone);
}

function peerJoined(room: Room, event: Extract<RoomEvent, { type: "peerJoined" }>): RoomStep {
  const { publicKey, username, connectionId, at } = event;
  // Some servers tell a newcomer of itself; ours may tell us of our own earlier socket.
  if (publicKey === room.self) return stay(room);
  const known = membersOf(room).get(publicKey);
  return putMember(room, {
    ...(known ?? { publicKey, isSelf: false, joinedAt: at }),
    username: username !== undefined || !known ? cleanUsername(username, publicKey) : known.username,
    presence: "online",
    ...(connectionId !== undefined && { connectionId }),
  });
}

function peerLeft(room: Room, { publicKey, reason, connectionId }: Extract<RoomEvent, { type: "peerLeft" }>): RoomStep {
  if (publicKey === room.self) return stay(room);
  if (reason === "left" || reason === "kicked") return removeMember(room, publicKey, reason);
  const known = membersOf(room).get(publicKey);
  // The end of a socket that the member has already replaced by another.
  const isStale =
    connectionId !== undefined && known?.connectionId !== undefined && known.connectionId !== connectionId;
  if (!known || isStale) return stay(room);
  return putMember(room, { ...withoutConnection(known), presence: "signaling_lost" });
}

function signalSeen(room: Room, event: Extract<RoomEvent, { type: "signalSeen" }>): RoomStep {
  const { publicKey, connectionId, at } = event;
  if (publicKey === room.self) return stay(room);
  const known = membersOf(room).get(publicKey);
  return putMember(room, {
    ...(known ?? { publicKey, username: cleanUsername(undefined, publicKey), isSelf: false, joinedAt: at }),
    presence: "online",
    ...(connectionId !== undefined && { connectionId }),
  });
}

function renamed(room: Room, raw: string): RoomStep {
  const name = cleanRoomName(raw);
  if (name === undefined || name === room.name) return stay(room);
  return { room: { ...room, name }, deltas: [{ type: "renamed", name }] };
}

function changeMember(room: Room, publicKey: PublicKey, change: Partial<Member>): RoomStep {
  const member = membersOf(room).get(publicKey);
  return member ? putMember(room, { ...member, ...change }) : stay(room);
}

function withoutConnection(member: Member): Member {
  const { connectionId: _, ...rest } = member;
  return rest;
}

function putMember(room: Room, member: Member): RoomStep {
  const { state } = room;
  if (state.kind === "left") return stay(room);
  const known = state.members.get(member.publicKey);
  if (known ? isSameMember(known, member) : state.members.size >= MAX_MEMBERS_KEPT) return stay(room);
  const members = new Map(state.members).set(member.publicKey, member);
  return { room: { ...room, state: { ...state, members } }, deltas: [{ type: "member", member }] };
}

function removeMember(room: Room, publicKey: PublicKey, reason: MemberRemoval): RoomStep {
  const { state } = room;
  if (state.kind === "left" || publicKey === room.self || !state.members.has(publicKey)) return stay(room);
  const members = new Map(state.members);
  members.delete(publicKey);
  return { room: { ...room, state: { ...state, members } }, deltas: [{ type: "member_removed", publicKey, reason }] };
}

function isSameMember(a: Member, b: Member): boolean {
  return (
    a.username === b.username &&
    a.presence === b.presence &&
    a.connectionId === b.connectionId &&
    a.isOwner === b.isOwner
  );
}

function moveTo(room: Room, state: RoomState): RoomStep {
  return { room: { ...room, state }, deltas: [{ type: "status", status: statusOf(state) }] };
}

function chain(first: RoomStep, next: (room: Room) => RoomStep): RoomStep {
  const second = next(first.room);
  return { room: second.room, deltas: [...first.deltas, ...second.deltas] };
}

function stay(room: Room): RoomStep {
  return { room, deltas: [] };
}
