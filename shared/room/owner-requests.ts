import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { SignalingClient } from "../signaling/client.ts";
import type { RequestFailure } from "../signaling/failures.ts";
import { REQUEST_DEADLINE_MS } from "../signaling/requests.ts";
import { type RoomFailure, unknownRoom } from "./failures.ts";
import type { PeerGone } from "./intake.ts";
import type { Membership } from "./membership.ts";
import { cleanRoomName } from "./names.ts";

export interface OwnerRequestsDeps {
  readonly client: SignalingClient;
  /** This machine's own key. */
  readonly self: PublicKey;
  readonly clock: Clock;
  readonly rooms: ReadonlyMap<RoomId, Membership>;
  /** The server removed a member at this machine's word. */
  readonly onKicked: (event: PeerGone) => void;
}

/** What a server does for a room's owner alone. Each waits until the room is joined, within a deadline. */
export class OwnerRequests {
  readonly #deps: OwnerRequestsDeps;

  constructor(deps: OwnerRequestsDeps) {
    this.#deps = deps;
  }

  /** @returns the name as the server has it. */
  async rename(roomId: RoomId, name: string): Promise<Result<string, RoomFailure>> {
    const { client, rooms } = this.#deps;
    const cleaned = cleanRoomName(name);
    if (cleaned === undefined) return fail("invalid_room_name", "a room needs a name that can be seen");
    const result = await this.#whileJoined(roomId, (deadlineMs) =>
      client.request({ type: "Rename", room_id: roomId, room_name: cleaned }, { deadlineMs, repeat: false }),
    );
    if (!result.ok) return result;
    const named = cleanRoomName(result.value.room_name ?? "") ?? cleaned;
    rooms.get(roomId)?.apply({ type: "renamed", name: named });
    return ok(named);
  }

  async kick(roomId: RoomId, publicKey: PublicKey): Promise<Result<void, RoomFailure>> {
    const { client, self, rooms, onKicked } = this.#deps;
    if (publicKey === self) return fail("kick_self", "leave the room instead of kicking yourself");
    const membership = rooms.get(roomId);
    if (!membership) return unknownRoom();
    if (!membership.member(publicKey)) return fail("unknown_member", "nobody with this key is in the room");
    const result = await this.#whileJoined(roomId, (deadlineMs) => {
      // Looked up again, for after a reconnect the member may have another.
      const target = membership.member(publicKey)?.connectionId ?? publicKey;
      return client.request({ type: "Kick", room_id: roomId, target_id: target }, { deadlineMs });
    });
    // Not there any more is as good as removed: the first try may have done it.
    if (!result.ok && result.error.code !== "peer_missing") return result;
    if (membership.member(publicKey)) {
      membership.apply({ type: "memberGone", publicKey, reason: "kicked" });
      onKicked({ roomId, publicKey, reason: "kicked" });
    }
    return ok(undefined);
  }

  /**
   * Makes a member the owner, at the server. Whom the members take for the owner is theirs to say.
   * "not_supported": the server knows no such message, and goes on taking this machine for the owner.
   * "peer_owns_room": a key may own one room.
   */
  async handOver(roomId: RoomId, publicKey: PublicKey): Promise<Result<void, RoomFailure>> {
    const { client, self, rooms } = this.#deps;
    if (publicKey === self) return fail("hand_over_self", "the room is this machine's already");
    const membership = rooms.get(roomId);
    if (!membership) return unknownRoom();
    if (!membership.member(publicKey)) return fail("unknown_member", "nobody with this key is in the room");
    let isUnanswered = false;
    const result = await this.#whileJoined<unknown>(roomId, async (deadlineMs) => {
      const target = membership.member(publicKey)?.connectionId ?? publicKey;
      const answer = await client.request({ type: "HandOver", room_id: roomId, target_id: target }, { deadlineMs });
      // Not the owner any more, when the answer to the first time of asking was lost: it was done then.
      if (!answer.ok && answer.error.code === "not_owner" && isUnanswered) return ok(undefined);
      isUnanswered ||= !answer.ok && answer.error.code === "connection_lost";
      return answer;
    });
    return result.ok ? ok(undefined) : result;
  }

  /** Asks once the room is joined; again if the connection is lost meanwhile. */
  async #whileJoined<T>(
    roomId: RoomId,
    ask: (deadlineMs: number) => Promise<Result<T, RequestFailure>>,
  ): Promise<Result<T, RoomFailure>> {
    const { clock, rooms } = this.#deps;
    const deadline = clock.now() + REQUEST_DEADLINE_MS;
    for (;;) {
      const membership = rooms.get(roomId);
      if (!membership) return unknownRoom();
      if (!(await membership.whenJoined(deadline - clock.now()))) {
        return membership.isLeft ? unknownRoom() : fail("timeout", "the room could not be reached in time");
      }
      membership.touch();
      const result = await ask(deadline - clock.now());
      if (result.ok || (result.error.code !== "connection_lost" && result.error.code !== "not_in_room")) return result;
      if (membership.isJoined) {
        // The server has forgotten us on a connection that still stands: enter again.
        membership.signalingLost();
        void membership.rejoin();
      }
    }
  }
}
