import type { ConnectionId, PublicKey, RoomId } from "../base/brand.ts";

/** How a member's signaling stands. Whether its tunnel lives is the mesh's to say. */
export type Presence = "online" | "signaling_lost";

export interface Member {
  readonly publicKey: PublicKey;
  /** Cleaned for showing (username.ts); not an identity. */
  readonly username: string;
  /** The server's name for the member's socket, if it told one. */
  readonly connectionId?: ConnectionId;
  readonly presence: Presence;
  readonly isSelf: boolean;
  /** Missing when not known: the protocol never says who owns a room. */
  readonly isOwner?: boolean;
  /** When this client first saw the member; milliseconds since 1970. */
  readonly joinedAt: number;
}

export type Members = ReadonlyMap<PublicKey, Member>;

export type LeftReason = "left" | "kicked" | "closed_by_owner" | "deleted" | "refused";

/**
 * One room as this client sees it. The server is believed about who is there, and about nothing else.
 *
 *                 joined                signalingLost
 *   entering ───────────────▶ joined ────────────────▶ reconnecting
 *      │                        │  ◀────────────────────── │
 *      │ closed                 │ closed     joined        │ closed
 *      └───────────────────▶ left ◀────────────────────────┘
 *
 * Members survive `reconnecting`: a lost signaling socket says nothing of their tunnels. `left` is final.
 * Times are milliseconds since 1970.
 */
export type RoomState =
  | {
      readonly kind: "entering";
      readonly members: Members;
      /** The request to join waits for the rate limit until then. */
      readonly queuedUntil?: number;
    }
  | { readonly kind: "joined"; readonly members: Members; readonly since: number }
  | { readonly kind: "reconnecting"; readonly members: Members; readonly since: number; readonly queuedUntil?: number }
  | { readonly kind: "left"; readonly at: number; readonly reason: LeftReason; readonly message: string };

export interface Room {
  readonly roomId: RoomId;
  readonly name: string;
  readonly self: PublicKey;
  readonly state: RoomState;
}

/** A room's state without its members. Plain JSON. */
export type RoomStatus = RoomState extends infer S ? (S extends RoomState ? Omit<S, "members"> : never) : never;

export function statusOf(state: RoomState): RoomStatus {
  if (state.kind === "left") return state;
  const { members: _, ...status } = state;
  return status;
}

const nobody: Members = new Map();

/** Who is listed: nobody once the room is left. */
export function membersOf(room: Room): Members {
  return room.state.kind === "left" ? nobody : room.state.members;
}
