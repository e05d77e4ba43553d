import type { RoomView } from "../../shared/ipc/contract.ts";

/**
 * A room as programs see it. Without its PIN: a status is pasted into bug reports, and `govpn invite` shows the PIN to
 * whoever asks for it. Whoever was removed is in a list, as a key must not be the name of a field.
 */
export function shownRoom({ pin: _, trust, ...room }: RoomView): object {
  const removed = Object.entries(trust.removed).map(([publicKey, { username, kind }]) => ({
    publicKey,
    username,
    kind,
  }));
  return { ...room, trust: { ...trust, removed } };
}
