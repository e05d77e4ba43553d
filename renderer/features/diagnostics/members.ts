import type { AppState } from "../../../shared/ipc/app.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";

/** Members of all rooms that answer, each once, by name. */
export function connectedMembers({ rooms }: AppState): readonly MemberView[] {
  const found = new Map<string, MemberView>();
  for (const room of Object.values(rooms)) {
    for (const member of Object.values(room.members)) {
      if (member.state === "connected") found.set(member.publicKey, member);
    }
  }
  return [...found.values()].sort((a, b) => a.username.localeCompare(b.username));
}
