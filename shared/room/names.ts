import type { PublicKey } from "../base/brand.ts";
import { hex } from "../base/bytes.ts";
import { publicKeyBytes } from "../identity/keys.ts";
import { MAX_ROOM_NAME_LENGTH } from "../protocols/govpn/limits.ts";

/**
 * Characters that draw nothing, or redirect how their neighbours are drawn (controls, bidirectional overrides, lone
 * surrogates, tags, fillers): a name made of them could pass for another. The joiners and the variation selectors
 * stay, because emoji and several scripts are written with them.
 */
const invisible = /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{C}\p{DI}\p{Zl}\p{Zp}\u2800]/gu;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Towers of combining marks reach over the lines around them; no language needs more than a few. */
const markTower = /(\p{M}{4})\p{M}+/gu;

/** A name from anywhere, safe to show on one line: undefined when nothing visible is left. */
export function cleanName(raw: string, maxLength: number): string | undefined {
  // Cut before the work, so that a giant name costs nothing: far above what composing characters can shrink.
  const drawn = raw
    .slice(0, maxLength * 16)
    .replace(/\s/g, " ")
    .replace(invisible, "");
  const oneLine = drawn.replace(/ +/g, " ");
  const text = truncate(oneLine.normalize("NFC").replace(markTower, "$1").trim(), maxLength).trim();
  return visible.test(text) ? text : undefined;
}

/** At most `maxLength` UTF-16 units (what the protocol counts), never half a character. */
function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let kept = "";
  for (const character of text) {
    if (kept.length + character.length > maxLength) break;
    kept += character;
  }
  return kept;
}

export function cleanRoomName(raw: string): string | undefined {
  return cleanName(raw, MAX_ROOM_NAME_LENGTH);
}

/** "Member ab12cd": what a member is called who gave no usable name, by the first three bytes of its key. */
export function nameOfKey(publicKey: PublicKey): string {
  return `Member ${hex.encode(publicKeyBytes(publicKey).subarray(0, 3))}`;
}
