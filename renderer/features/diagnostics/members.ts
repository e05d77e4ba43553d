import type { AppState } from "../../../shared/ipc/app.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { isReached } from "../../../shared/ipc/members.ts";

/** Members of all rooms that answer, each once, by name. */
export function connectedMembers({ rooms }: AppState): readonly MemberView[] {
  const found = new Map<string, MemberView>();
  for (const room of Object.values(rooms)) {
    for (const member of Object.values(room.members)) {
      if (isReached(member)) found.set(member.publicKey, member);
    }
  }
  return [...found.values()].sort((a, b) => a.username.localeCompare(b.username));
}

/** Packets that the rules for what members may begin with this computer kept out, over all members. */
export function refusedPackets({ rooms }: AppState): number {
  const found = new Map<string, number>();
  for (const { members } of Object.values(rooms)) {
    for (const { publicKey, inbound } of Object.values(members)) found.set(publicKey, inbound.refused);
  }
  return [...found.values()].reduce((sum, count) => sum + count, 0);
}
