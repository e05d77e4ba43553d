import type { MemberView } from "./contract.ts";

/** Packets pass between it and this computer: there is a connection, and neither waits at the other's door. */
export function isReached({ state, standing }: MemberView): boolean {
  return state === "connected" && standing === "member";
}

/** It is in the room, and not at the door, turned away, or removed, for all that the server says. */
export function isInside({ standing }: MemberView): boolean {
  return standing === "member" || standing === "proving" || standing === "away";
}
