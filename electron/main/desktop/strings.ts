import { LANGUAGES, type Language } from "../../../shared/ipc/settings.ts";
import ar from "./i18n/ar.json" with { type: "json" };
import de from "./i18n/de.json" with { type: "json" };
import en from "./i18n/en.json" with { type: "json" };
import es from "./i18n/es.json" with { type: "json" };
import fr from "./i18n/fr.json" with { type: "json" };
import ja from "./i18n/ja.json" with { type: "json" };
import ptBR from "./i18n/pt-BR.json" with { type: "json" };
import zhCN from "./i18n/zh-CN.json" with { type: "json" };

/** The words that the shell shows outside of the window: tray, notifications, dialogs. English has every one. */
export type StringKey = keyof typeof en;

/**
 * A key may have other forms beside it, for numbers: "members_one", "members_few", by the names of Intl.PluralRules. The
 * key itself is the form for all the others.
 */
export const tables: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  ar,
  de,
  en,
  es,
  fr,
  ja,
  "pt-BR": ptBR,
  "zh-CN": zhCN,
};

/** Puts values for "{name}" into a sentence. With a `count`, the key's form for that number is taken, where there is one. */
export type Translate = (key: StringKey, values?: Readonly<Record<string, string | number>>) => string;

/** Between these, a name of the other direction does not turn the sentence around it (Unicode's isolates). */
const ISOLATE = "\u2068";
const END_OF_ISOLATE = "\u2069";
const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(["ar"]);

export function translator(language: Language): Translate {
  const plurals = new Intl.PluralRules(language);
  const table = tables[language];
  const shown = (value: string | number) =>
    RIGHT_TO_LEFT.has(language) && typeof value === "string" ? `${ISOLATE}${value}${END_OF_ISOLATE}` : String(value);
  return (key, values = {}) => {
    const form = typeof values.count === "number" ? table[`${key}_${plurals.select(values.count)}`] : undefined;
    const sentence = form ?? table[key] ?? en[key];
    return sentence.replace(/\{(\w+)\}/g, (all, name: string) => {
      const value = values[name];
      return value === undefined ? all : shown(value);
    });
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
