import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { type OwnerPin, parseOwnerPin, parseRoomKey, type RoomKey } from "../../../shared/trust/room-key.ts";

/** What an invitation's link holds beside the room. */
export interface InvitationSecrets {
  readonly key?: RoomKey;
  readonly owner?: OwnerPin;
}

/** What a link said of a room's key and founder. Fails with "link_key": half a key would be taken for none. */
export function readSecrets(given: {
  readonly key?: string | undefined;
  readonly owner?: string | undefined;
}): Result<InvitationSecrets> {
  const key = given.key === undefined ? undefined : parseRoomKey(given.key);
  const owner = given.owner === undefined ? undefined : parseOwnerPin(given.owner);
  // A key without the founder's hash would have this machine believe whoever speaks of a founder first.
  if ((given.key !== undefined && (!key || !owner)) || (given.owner !== undefined && !owner)) {
    return fail("link_key", "the invitation's key is damaged: ask for the link again, whole");
  }
  return ok({ ...(key && { key }), ...(owner && { owner }) });
}
