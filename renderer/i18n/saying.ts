import type { i18n, TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Saying } from "../../shared/ipc/app.ts";
import { capitalised, knownFailure } from "./failures.ts";
import { type Formats, useFormats } from "./format.ts";
import { FALLBACK } from "./i18n.ts";

/** A sentence of the program's as a person reads it. */
export interface Said {
  readonly text: string;
  /** The language has no words for it, and the program's English stands in. */
  readonly isForeign?: true;
  /** What the system said of a failure, in English: it names the file or the device, which the words for all do not. */
  readonly original?: string;
}

/**
 * A sentence of the program's in the person's language. It brings its English along, so that nothing of that is in the
 * window twice; what a language has no words for, from a newer program, stays English too.
 */
export function said(t: TFunction<"app">, i18n: i18n, formats: Formats, { code = "", values, text }: Saying): Said {
  const language = i18n.language;
  if (code === "") return { text };
  if (language === FALLBACK) return { text: begun(text, values) };
  const words: unknown = i18n.getResource(language, "app", "doctor");
  if (typeof words === "object" && words !== null && Object.hasOwn(words, code)) {
    const given = written(values, formats);
    const sentence = t(`doctor.${code}`, { defaultValue: text, replace: given });
    return { text: begun(sentence, given) };
  }
  const failure = knownFailure(code);
  return failure ? { text: t(`failures.${failure}`), original: text } : { text: begun(text, values), isForeign: true };
}

export function useSaid(): (saying: Saying) => Said {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  return (saying) => said(t, i18n, formats, saying);
}

/** With a capital letter, where it does not begin with a value: addresses and folders are written as they are. */
function begun(text: string, values: Saying["values"] = {}): string {
  return Object.values(values).some((value) => text.startsWith(String(value))) ? text : capitalised(text);
}

/** Amounts as the language writes them. */
function written(values: Saying["values"], { number }: Formats): Record<string, string> {
  const given = Object.entries(values ?? {});
  return Object.fromEntries(given.map(([name, value]) => [name, typeof value === "number" ? number(value) : value]));
}
