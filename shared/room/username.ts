import type { PublicKey } from "../base/brand.ts";
import { MAX_USERNAME_LENGTH } from "../protocols/govpn/limits.ts";
import { cleanName, nameOfKey } from "./names.ts";

/** The one place where a member's name is made fit to show: cleaned, at most 32 characters, never empty. */
export function cleanUsername(raw: string | undefined, publicKey: PublicKey): string {
  return (raw === undefined ? undefined : cleanName(raw, MAX_USERNAME_LENGTH)) ?? nameOfKey(publicKey);
}
