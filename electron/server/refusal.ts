import { sentence } from "../../shared/protocols/govpn/sentences.ts";

/** Names an error sentence; metrics and logs count by it. */
export type RefusalCode = keyof typeof sentence;

/** Why a message was not carried out, in the words that go to its sender as an Error. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly text: string;
}

/** @param detail what a sentence with a blank in it is about: a field's name, a room's id. */
export function refusal(code: RefusalCode, detail = ""): Refusal {
  const words = sentence[code];
  return { code, text: typeof words === "function" ? words(detail) : words };
}

/**
 * Refusals that an honest client never earns twice. Not among them: what a race or a person's mistake causes (a peer
 * that has just left, a wrong PIN, a full room), which has limits of its own.
 */
const offences: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "invalidField",
  "invalidPublicKey",
  "invalidRoomId",
  "invalidSignature",
  "keyChanged",
  "notJson",
  "notText",
  "ownerOnlyHandOver",
  "ownerOnlyKick",
  "ownerOnlyRename",
  "replayed",
  "signatureRequired",
  "tooLarge",
  "unknownType",
  "createFieldsRequired",
  "publicKeyRequired",
  "roomIdRequired",
  "roomNameRequired",
  "targetRequired",
  "destinationRequired",
  "signalRequired",
]);

export function isOffence(code: RefusalCode): boolean {
  return offences.has(code);
}
