import { systemClock } from "../../../electron/adapters/clock.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import type { Emitter } from "../../../shared/base/emitter.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { type Signer, verifySignature } from "../../../shared/identity/keys.ts";
import type { MeshEvents } from "../../../shared/mesh/mesh.ts";
import { type JoinLink, parseJoinLink } from "../../../shared/room/link.ts";
import { parseOwnerPin, parseRoomKey } from "../../../shared/trust/room-key.ts";
import { Trust } from "../../../shared/trust/trust.ts";

/** A mesh, or an engine around one. */
interface Connections {
  readonly events: Pick<Emitter<Pick<MeshEvents, "peer" | "gone" | "linked" | "said" | "unlinked">>, "on">;
  readonly peers: readonly Pick<MeshEvents["peer"], "publicKey" | "rooms">[];
  say(to: PublicKey, body: object): void;
}

/** What a member of the lab's own joins by. @throws when it is no link */
export function readLink(text: string): JoinLink {
  const link = parseJoinLink(text);
  if (!link.ok) throw new Error(link.error.message);
  return link.value;
}

/** Has a member of the lab's own take part in the trust of the room it joins by this link, as the product does. */
export function trusting(
  { roomId, key, owner }: JoinLink,
  connections: Connections,
  {
    signer,
    logger,
    admit,
  }: { signer: Signer; logger: Logger; admit: (member: PublicKey, isAdmitted: boolean) => void },
): void {
  const trust = new Trust({
    self: signer.publicKey,
    signer,
    verify: verifySignature,
    clock: systemClock,
    random: secureRandom,
    logger,
    say: (to, message) => connections.say(to, message),
    admit,
    persist: async () => {},
  });
  const roomKey = key === undefined ? undefined : parseRoomKey(key);
  const pin = owner === undefined ? undefined : parseOwnerPin(owner);
  trust.enter(roomId, { ...(roomKey && { key: roomKey }), ...(pin && { owner: pin }) });
  const { events } = connections;
  events.on("linked", ({ publicKey, fingerprints }) => {
    const rooms = connections.peers.find((peer) => peer.publicKey === publicKey)?.rooms ?? [];
    trust.linked(publicKey, fingerprints, rooms);
  });
  events.on("said", ({ publicKey, fingerprints, body }) => trust.said(publicKey, fingerprints, body));
  events.on("peer", ({ publicKey, rooms }) => trust.shares(publicKey, rooms));
  events.on("unlinked", ({ publicKey }) => trust.unlinked(publicKey));
  events.on("gone", ({ publicKey }) => trust.gone(publicKey));
}
