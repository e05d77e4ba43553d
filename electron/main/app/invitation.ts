import type { RoomId } from "../../../shared/base/brand.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { Invitation, LinkView } from "../../../shared/ipc/app.ts";
import type { HostSnapshot } from "../../../shared/ipc/contract.ts";
import { formatJoinLink, parseJoinLink } from "../../../shared/room/link.ts";
import type { InvitationSecrets } from "../trust/invitation-secrets.ts";

/** What to give to somebody who is to join a room. Fails with "unknown_room" or "no_pin". */
export function invitationTo(
  roomId: string,
  { rooms, server }: Pick<HostSnapshot, "rooms" | "server">,
  secretsOf: (roomId: RoomId) => InvitationSecrets,
): Result<Invitation> {
  const room = rooms.find((each) => each.roomId === roomId);
  if (!room) return fail("unknown_room", "this machine is not in that room");
  if (room.pin === undefined) return fail("no_pin", "this machine has not got the room's PIN");
  const { name, pin } = room;
  const url = server.publicUrl ?? server.url;
  const secrets = secretsOf(room.roomId);
  const link = formatJoinLink({ roomId: room.roomId, server: url, name, ...secrets });
  const sealed = secrets.key !== undefined;
  return ok({
    roomId: room.roomId,
    name,
    pin,
    server: url,
    reachable: server.publicUrl !== undefined,
    link,
    sealed,
  });
}

/** What a link asks for, as a question to the person. Fails as `parseJoinLink` does. */
export function readLink(
  text: string,
  { rooms }: Pick<HostSnapshot, "rooms">,
): Result<Extract<LinkView, { state: "ask" }>> {
  const read = parseJoinLink(text);
  if (!read.ok) return read;
  return ok({ state: "ask", ...read.value, known: rooms.some(({ roomId }) => roomId === read.value.roomId) });
}
