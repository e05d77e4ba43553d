import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { Activity, AppMethod, AppParams, AppReplies, AppState, UiRoom } from "../../shared/ipc/app.ts";
import type { Doors, MemberInRoom, MemberView, Role } from "../../shared/ipc/contract.ts";

export type Handlers = { [M in AppMethod]: (params: AppParams<M>) => Result<AppReplies[M]> };

/** What a made-up host has to let be changed, so that doors open and rules hold. */
export interface TrustingHost {
  readonly state: AppState;
  changeRoom(roomId: string, make: (room: UiRoom) => UiRoom): void;
  changeMember(roomId: string, key: string, make: (member: MemberView) => MemberView): void;
  note(activity: Omit<Activity, "at">): void;
}

type TrustMethod =
  | "kick"
  | "unban"
  | "letIn"
  | "turnAway"
  | "setRole"
  | "handOver"
  | "setRules"
  | "setInbound"
  | "setCompared"
  | "acceptKey";

/** Doors, roles, rules and keys as the real host has them, without the signatures. */
export function trustHandlers(host: TrustingHost): Pick<Handlers, TrustMethod> {
  function withMember(roomId: string, key: string, act: (member: MemberView) => void): Result<MemberInRoom> {
    const member = host.state.rooms[roomId as RoomId]?.members[key as PublicKey];
    if (!member) return fail("unknown_member", "there is no such member");
    act(member);
    return ok({ roomId: roomId as RoomId, publicKey: member.publicKey, username: member.username });
  }
  return {
    kick: ({ roomId = "", member, ban = false }) =>
      withMember(roomId, member, ({ publicKey, username }) => {
        host.changeRoom(roomId, (room) => ({
          ...room,
          trust: {
            ...room.trust,
            removed: { ...room.trust.removed, [publicKey]: { username, kind: ban ? "banned" : "kicked" } },
          },
          members: without(room.members, publicKey),
        }));
      }),
    unban: ({ roomId = "", publicKey }) => {
      host.changeRoom(roomId, (room) => ({
        ...room,
        trust: { ...room.trust, removed: without(room.trust.removed, publicKey) },
      }));
      return ok({ roomId: roomId as RoomId });
    },
    letIn: ({ roomId = "", member }) =>
      withMember(roomId, member, ({ publicKey, username }) => {
        host.changeMember(roomId, publicKey, (one) => ({ ...one, standing: "member", state: "connected" }));
        host.note({
          kind: "door_opened",
          roomId: roomId as RoomId,
          member: username,
          publicKey,
          ...named(host.state, roomId),
        });
      }),
    turnAway: ({ roomId = "", member }) =>
      withMember(roomId, member, ({ publicKey, username }) => {
        host.changeMember(roomId, publicKey, (one) => ({ ...one, standing: "turned_away", state: "connecting" }));
        host.note({
          kind: "door_closed",
          roomId: roomId as RoomId,
          member: username,
          publicKey,
          ...named(host.state, roomId),
        });
      }),
    setRole: ({ roomId = "", member, role }) =>
      withMember(roomId, member, ({ publicKey }) => {
        host.changeMember(roomId, publicKey, (one) => ({ ...one, role }));
      }),
    handOver: ({ roomId = "", member }) =>
      withMember(roomId, member, ({ publicKey, state }) => {
        // Whoever is not there takes the room when it is.
        host.changeRoom(roomId, (room) =>
          state === "connected"
            ? ownedBy(room, publicKey)
            : { ...room, trust: { ...room.trust, handingOver: publicKey } },
        );
      }),
    setRules: ({ roomId = "", sealed, doors }) => {
      host.changeRoom(roomId, ({ trust, ...room }) => ({
        ...room,
        trust: {
          ...trust,
          seal: sealed === undefined ? trust.seal : sealed ? "sealed" : "open",
          doors: doors ?? trust.doors,
          canLetIn: mayLetIn(trust.role, doors ?? trust.doors),
        },
      }));
      return ok({ roomId: roomId as RoomId });
    },
    setInbound: ({ roomId = "", member, rule }) => {
      const room = host.state.rooms[roomId as RoomId];
      if (!room) return fail("unknown_room", "you are not in that room");
      const ofRoom = member === undefined && rule ? rule : room.trust.inbound;
      const members = Object.values(room.members).map((one): MemberView => {
        if (one.publicKey === member) {
          return { ...one, inbound: { ...one.inbound, rule: rule ?? ofRoom, own: rule !== undefined } };
        }
        return one.inbound.own ? one : { ...one, inbound: { ...one.inbound, rule: ofRoom } };
      });
      host.changeRoom(roomId, () => ({
        ...room,
        trust: { ...room.trust, inbound: ofRoom },
        members: Object.fromEntries(members.map((one) => [one.publicKey, one])),
      }));
      return ok({ roomId: roomId as RoomId });
    },
    setCompared: ({ member, compared }) => {
      const key = member as PublicKey;
      const rooms = Object.values(host.state.rooms).filter(({ members }) => members[key]);
      for (const { roomId } of rooms) host.changeMember(roomId, key, (one) => ({ ...one, compared }));
      return ok({ publicKey: key, username: rooms[0]?.members[key]?.username ?? "" });
    },
    acceptKey: ({ roomId = "", member }) =>
      withMember(roomId, member, ({ publicKey }) => {
        host.changeMember(roomId, publicKey, ({ changedKey, ...one }) => one);
      }),
  };
}

/** The room's name, for an activity. */
export function named({ rooms }: AppState, roomId: string): Pick<Activity, "room"> {
  const room = rooms[roomId as RoomId]?.name;
  return room === undefined ? {} : { room };
}

function without<T>(record: Readonly<Record<string, T>>, gone: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== gone));
}

function mayLetIn(role: Role, doors: Doors): boolean {
  return role === "owner" || doors === "members" || (doors === "trusted" && role === "trusted");
}

/** The room as it is when another has become its owner in this computer's place. */
function ownedBy({ trust: { handingOver, ...trust }, ...room }: UiRoom, owner: PublicKey): UiRoom {
  const roleOf = ({ publicKey, role }: MemberView): Role =>
    publicKey === owner ? "owner" : role === "owner" ? "trusted" : role;
  const members = Object.values(room.members).map((one) => [one.publicKey, { ...one, role: roleOf(one) }]);
  return {
    ...room,
    owner: false,
    trust: { ...trust, role: "trusted", ownerKey: owner, canLetIn: mayLetIn("trusted", trust.doors) },
    members: Object.fromEntries(members),
  };
}
