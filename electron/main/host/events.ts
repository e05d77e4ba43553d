import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Failure } from "../../../shared/base/result.ts";
import type { Standing } from "../../../shared/ipc/contract.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { LeftReason } from "../../../shared/room/state.ts";
import type { SignalingState } from "../../../shared/signaling/client.ts";
import type { TunnelState } from "../../engine/engine.ts";
import type { TrustDeskEvents } from "../trust/desk.ts";

/** What a host tells whoever shows it: the window, the command line, the list of what happened. */
export interface HostEvents {
  /** The connection to the signaling server. */
  server: SignalingState;
  tunnel: TunnelState;
  /** A room was entered, lost its server, came back, or was renamed. */
  room: RoomSnapshot;
  /** As `HostSnapshot.creationQueuedUntil`. */
  creationQueued: { readonly until: number | undefined };
  closed: { readonly roomId: RoomId; readonly reason: LeftReason; readonly message: string };
  /** What is known of a member's machine. "connected" only where packets pass: `standing` says why they do not. */
  peer: PeerView & { readonly standing: Standing };
  /** What the owner of a room decided, who is at its door, and what else there is to know of trust. */
  trust: TrustDeskEvents["news"];
  key_changed: TrustDeskEvents["key_changed"];
  /** Something of trust that can be seen has changed. */
  trust_changed: Record<string, never>;
  /** "room_left": nothing became of the member; this machine is in no room with it any more. */
  gone: { readonly publicKey: PublicKey; readonly username: string; readonly reason: "left" | "lost" | "room_left" };
  refused: { readonly publicKey: PublicKey; readonly failure: Failure };
  address: { readonly ipv4: string; readonly ipv6: string };
}
