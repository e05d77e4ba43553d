import type { RoomId } from "../base/brand.ts";
import type { PeerAbsent, PeerGone, PeerSeen, RelayedSignal } from "./intake.ts";
import type { SavedRoom } from "./saved.ts";
import type { RoomDelta, RoomSnapshot } from "./snapshot.ts";
import type { LeftReason } from "./state.ts";

/** What the rooms tell the outside: the screen (opened, delta, closed), the mesh (peers, signals), the store (saved). */
export interface RoomSessionsEvents {
  /** A room to show: created, being joined, or restored. Its changes follow as deltas. */
  opened: RoomSnapshot;
  delta: { readonly roomId: RoomId; readonly delta: RoomDelta };
  /** The room is no more one of ours, and is not rejoined. Its links are to be ended. */
  closed: { readonly roomId: RoomId; readonly reason: LeftReason; readonly message: string };
  peerSeen: PeerSeen;
  /** A member's signaling dropped; its tunnel may live on. */
  peerAbsent: PeerAbsent;
  /** A member is out for good. */
  peerGone: PeerGone;
  signal: RelayedSignal;
  /** A room that is to be made waits for the server's rate limit, in milliseconds since 1970; or not any more. */
  creationQueued: { readonly until: number | undefined };
  /** What to keep for `restore` at the next start. Holds PINs. */
  saved: readonly SavedRoom[];
}
