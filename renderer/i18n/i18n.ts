import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import { LANGUAGES, type Language } from "../../shared/ipc/settings.ts";
import en from "./en.json" with { type: "json" };
import { isolated } from "./isolate.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "app";
    /** "doctor": what the program's checks say. Theirs is the English, which comes along with each sentence. */
    resources: { app: typeof en & { readonly doctor: Readonly<Record<string, string>> } };
  }
}

export const FALLBACK: Language = "en";

/** Every language in its own words, as a list of languages shows it. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  "pt-BR": "Português (Brasil)",
  ja: "日本語",
  "zh-CN": "简体中文",
  ar: "العربية",
};

/** English comes with the page; another language is loaded when it is chosen. */
const files = import.meta.glob<{ default: object }>(["./*.json", "!./en.json"]);

export function createI18n(): i18n {
  const instance = i18next.createInstance();
  void instance.use(initReactI18next).init({
    lng: FALLBACK,
    fallbackLng: FALLBACK,
    defaultNS: "app",
    resources: { en: { app: en } },
    initAsync: false,
    // React escapes; what is put into a sentence only has to keep its own direction of writing.
    interpolation: { escape: isolated, escapeValue: true },
    react: { useSuspense: false },
  });
  return instance;
}

/** Switches every view. A language whose file cannot be had leaves things as they are. */
export async function switchLanguage(instance: i18n, language: Language): Promise<void> {
  if (!instance.hasResourceBundle(language, "app")) {
    const load = files[`./${language}.json`];
    if (!load) return;
    instance.addResourceBundle(language, "app", (await load()).default);
  }
  await instance.changeLanguage(language);
}

/** The language to show for a system's, such as "de-AT", "pt" or "zh-Hans-CN". */
export function languageFor(chosen: Language | "system", systemLocale: string): Language {
  if (chosen !== "system") return chosen;
  const [base] = systemLocale.split("-");
  return (
    LANGUAGES.find((language) => language === systemLocale) ??
    LANGUAGES.find((language) => language.split("-")[0] === base) ??
    FALLBACK
  );
}

export function directionOf(language: string): "ltr" | "rtl" {
  return language.startsWith("ar") ? "rtl" : "ltr";
}
