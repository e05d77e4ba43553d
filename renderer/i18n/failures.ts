import type { TFunction } from "i18next";
import type { Failure } from "../../shared/base/result.ts";
import en from "./en.json" with { type: "json" };

export type FailureKey = keyof typeof en.failures;

/** A failure in the person's language; a code without words of its own keeps the host's sentence. */
export function failureText(t: TFunction<"app">, { code, message }: Failure): string {
  const known = Object.hasOwn(en.failures, code) ? (code as FailureKey) : undefined;
  const sentence = message === "" ? code : message.charAt(0).toUpperCase() + message.slice(1);
  return known ? t(`failures.${known}`) : sentence;
}
