import type { InboundRule, MemberView, RoomTrustView, RoomView } from "../../shared/ipc/contract.ts";
import { formatInboundRule } from "../../shared/tunnel/inbound-rule.ts";
import { duration } from "./words.ts";

/** Trust in words: who belongs in a room, who may do what in it, and what members may begin here. */

/** Who lets in, as the end of a sentence that begins with whoever does. */
export const doorsInWords = {
  owner: "the owner lets in",
  trusted: "the owner and those it trusts let in",
  members: "every member lets in",
} as const;

export function sealInWords({ seal, doors }: Pick<RoomTrustView, "seal" | "doors">): string {
  if (seal === "sealed") return `sealed, ${doorsInWords[doors]}`;
  return seal === "open" ? "open to whoever has the PIN" : "not let in yet";
}

/** How far a member is: its link, or what keeps its packets out. */
export function linkInWords({ state, standing, path, lane, quality, rttMs, verified }: MemberView): string {
  if (state === "self") return "this machine";
  switch (standing) {
    case "door":
      return "at the door";
    case "turned_away":
      return "turned away";
    case "away":
      return "has not let this machine in";
    case "removed":
    case "banned":
      return standing;
    default:
      return state === "connected"
        ? `${path}, ${lane}, ${duration(rttMs ?? 0)}${lossInWords(quality)}${verified ? "" : ", not verified"}`
        : state;
  }
}

/** Less than this is no news to anybody. */
const LOSS_WORTH_TELLING_PERCENT = 0.1;

function lossInWords(quality: MemberView["quality"]): string {
  if (!quality || quality.lossPercent < LOSS_WORTH_TELLING_PERCENT) return "";
  return `, ${quality.lossPercent.toFixed(1)} % of its packets lost`;
}

/** What else there is to know of a member; empty for most. */
export function notesOn({ role, compared, changedKey, inbound: { rule, own, refused }, state }: MemberView): string {
  return [
    changedKey ? "CHANGED KEY" : "",
    role === "member" ? "" : role,
    compared ? "words compared" : "",
    own && state !== "self" ? `may begin ${reachInWords(rule)}` : "",
    refused > 0 ? `${refused} packets refused` : "",
  ]
    .filter((note) => note !== "")
    .join(", ");
}

export function reachInWords(rule: InboundRule): string {
  if (rule.mode === "all") return "anything";
  return rule.mode === "none" ? "nothing" : formatInboundRule(rule);
}

/** Whoever was removed from a room, with the key where the name is not known or several have it. */
export function removedInWords({ removed }: RoomTrustView): string {
  const all = Object.entries(removed);
  const names = all.map(([, { username }]) => username);
  return all
    .map(([key, { username, kind }]) => {
      const isPlain = username !== "" && names.indexOf(username) === names.lastIndexOf(username);
      return `${isPlain ? username : `${username} ${key}`.trim()} (${kind})`;
    })
    .join(", ");
}

/** Whom this machine's person said no to a moment ago, and how to let one in after all; empty when there is nobody. */
export function turnedAwayInWords(room: Pick<RoomView, "name" | "members">): string {
  const names = room.members.filter(({ standing }) => standing === "turned_away").map(({ username }) => username);
  if (names.length === 0) return "";
  return `Turned away from "${room.name}" a moment ago: ${names.join(", ")}. To let somebody in after all: govpn let-in MEMBER`;
}

/** What a member is to be called in a command: its name, or its address where the name would not do. */
export function callable(member: Pick<MemberView, "publicKey" | "username" | "ipv4">, { members }: RoomView): string {
  const isPlain = members.filter(({ username }) => username === member.username).length === 1;
  return isPlain && member.username !== "" ? member.username : member.ipv4;
}
