import type { TFunction } from "i18next";
import type { Failure } from "../../shared/base/result.ts";
import en from "./en.json" with { type: "json" };

export type FailureKey = keyof typeof en.failures;

/** Codes that mean the same to a person. */
const SAME: Readonly<Record<string, FailureKey>> = {
  file_corrupt: "file_damaged",
  rooms_corrupt: "file_damaged",
  trust_corrupt: "file_damaged",
  known_members_damaged: "file_damaged",
  vault_damaged: "file_damaged",
  address_unavailable: "server_port",
  listen_failed: "server_port",
  too_many_requests: "too_much",
  queue_full: "too_much",
  failed: "internal",
  bad_params: "other_version",
  unknown_method: "other_version",
  identity_missing: "secrets_missing",
  secrets_elsewhere: "secret_store_unknown",
  not_kept: "store_failed",
  deleted: "room_gone",
  refused: "entry_refused",
};

/** Under which key the words for a failure are; undefined: the window has none of its own. */
export function knownFailure(code: string): FailureKey | undefined {
  if (Object.hasOwn(SAME, code)) return SAME[code];
  return Object.hasOwn(en.failures, code) ? (code as FailureKey) : undefined;
}

/** A failure in the person's language; a code without words of its own keeps the host's sentence. */
export function failureText(t: TFunction<"app">, { code, message }: Failure): string {
  const known = knownFailure(code);
  return known ? t(`failures.${known}`) : capitalised(message === "" ? code : message);
}

/** The host's sentences begin small, to be put into others. */
export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
