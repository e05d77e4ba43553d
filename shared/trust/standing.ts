/**
 * Where a member stands in a room, as this machine sees it.
 * - `proving`: there is no connection to it yet, or it has shown nothing yet.
 * - `member`: packets pass.
 * - `door`: it came with the PIN alone and waits until somebody lets it in.
 * - `turned_away`: it waited at ours, and the person said no a moment ago. It can be let in after all.
 * - `away`: it is inside, and this machine waits at the door.
 * - `removed`, `banned`: the owner removed it. Packets do not pass; only the owner can let it in again.
 */
export const STANDINGS = ["proving", "member", "door", "turned_away", "away", "removed", "banned"] as const;
export type Standing = (typeof STANDINGS)[number];

/** What a member may do in a room by the owner's word. */
export const ROLES = ["owner", "trusted", "member"] as const;
export type Role = (typeof ROLES)[number];

/** Who may let in whoever waits at the door: the owner, those the owner trusts too, or any member. */
export const DOORS = ["owner", "trusted", "members"] as const;
export type Doors = (typeof DOORS)[number];
