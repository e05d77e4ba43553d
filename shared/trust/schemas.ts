import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { parsePublicKey } from "../identity/keys.ts";

/** What policies, messages and files name, as schemas. */
export const PublicKeyText = v.custom<PublicKey>(
  (text) => typeof text === "string" && parsePublicKey(text) !== undefined,
);
export const RoomIdText = v.custom<RoomId>((text) => typeof text === "string" && text.length > 0 && text.length <= 64);
