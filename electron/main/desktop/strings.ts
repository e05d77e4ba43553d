import type { Language } from "../../../shared/ipc/settings.ts";
import { LANGUAGES } from "../../../shared/ipc/settings.ts";
import en from "./i18n/en.json" with { type: "json" };

/** The words that the shell shows outside of the window: tray, notifications, dialogs. English has every one. */
export type StringKey = keyof typeof en;
export type Strings = Readonly<Record<StringKey, string>>;

/** What a language lacks is said in English. */
const tables: Partial<Readonly<Record<Language, Partial<Strings>>>> = { en };

/** Puts values for "{name}" into a sentence. With a `count`, the key's form for that number is taken, where there is one. */
export type Translate = (key: StringKey, values?: Readonly<Record<string, string | number>>) => string;

export function translator(language: Language): Translate {
  const plurals = new Intl.PluralRules(language);
  const table: Readonly<Record<string, string | undefined>> = { ...en, ...tables[language] };
  return (key, values = {}) => {
    const form = typeof values.count === "number" ? table[`${key}_${plurals.select(values.count)}`] : undefined;
    const sentence = form ?? table[key] ?? key;
    return sentence.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
  };
}

/** The chosen language, or the first of the system's that there is: "pt" and "pt-PT" are served by "pt-BR", "zh-TW" by "zh-CN". */
export function languageFor(chosen: Language | "system", system: readonly string[]): Language {
  if (chosen !== "system") return chosen;
  for (const wanted of system) {
    const exact = LANGUAGES.find((language) => language.toLowerCase() === wanted.toLowerCase());
    const near = exact ?? LANGUAGES.find((language) => language.split("-")[0] === wanted.split("-")[0]?.toLowerCase());
    if (near) return near;
  }
  return "en";
}
