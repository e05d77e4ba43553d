import type { Result } from "../../../shared/base/result.ts";
import type { Vault } from "../../../shared/identity/ports.ts";
import { disownRooms, forgetRooms } from "../host/room-memory.ts";
import { forgetTrust } from "../trust/memory.ts";

/**
 * What another identity takes over of the vault: the rooms with their PINs, but nobody's ownership, no room key and no
 * known member, which were given to somebody else. Fails as the vault does.
 */
export async function leaveToAnother(vault: Vault): Promise<Result<void>> {
  const disowned = await disownRooms(vault);
  return disowned.ok ? forgetTrust(vault) : disowned;
}

/** What a new identity that is to belong to no room takes over: nothing. Fails as the vault does. */
export async function leaveNothing(vault: Vault): Promise<Result<void>> {
  const forgotten = await forgetRooms(vault);
  return forgotten.ok ? forgetTrust(vault) : forgotten;
}
