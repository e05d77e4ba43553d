// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WORDS } from "../../../electron/main/doctor/words.ts";
import { createI18n, switchLanguage } from "../../../renderer/i18n/i18n.ts";
import { LANGUAGES, type Language } from "../../../shared/ipc/settings.ts";

/** Every sentence of a file by its path: "rooms.state.off". */
type Words = Readonly<Record<string, string>>;

const folder = join(import.meta.dirname, "../../../renderer/i18n");
const written = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));
const translations = LANGUAGES.filter((language) => language !== "en");

/** How i18next marks the forms of a plural, by the names of Intl.PluralRules; "_zero" may be there in any language. */
const FORM = /_(zero|one|two|few|many|other)$/;
const PLACEHOLDER = /\{\{\w+\}\}/g;
/** Values that say how many: "number" is the count as the language writes it. */
const COUNTS = ["{{count}}", "{{number}}"];
/** Plural rules repeat well before: which numbers a form stands for shows in these. */
const NUMBERS = Array.from({ length: 300 }, (_, n) => n);

/** A longer sentence that reads as the English one was forgotten: terms and names are shorter. */
const MAX_SAME_WORDS = 3;
/** Longer ones that are right as they are in every language, by path. */
const SAME_IN_EVERY_LANGUAGE: readonly string[] = [];

/** Sentences that send a person to a label, and the label. */
const QUOTED = [
  ["settings.serverClosed", "welcome.serverNetwork"],
  ["settings.logLevelDetail", "settings.logLevels.debug"],
  ["settings.notificationsBrowser", "shell.activity"],
] as const;

const english = wordsOf("en");

describe("the words of the window", () => {
  it("come in every language there is to choose, and in no other", () => {
    expect(written.sort()).toEqual([...LANGUAGES].sort());
  });

  describe.each(translations)("in %s", (language) => {
    const words = written.includes(language) ? wordsOf(language) : {};
    const rules = new Intl.PluralRules(language);
    const needed = neededPaths(rules);

    it("are all there, in each form that the language's plurals have", () => {
      expect(needed.filter((path) => !(path in words))).toEqual([]);
    });

    it("are no more than the English ones", () => {
      expect(Object.keys(words).filter((path) => !needed.includes(path) && !isCounted(path))).toEqual([]);
    });

    it("have the same values put into them", () => {
      const differing = Object.keys(words).filter((path) => {
        const own = valuesOf(words[path]);
        const wanted = valuesOf(english[generalOf(path)]);
        const mayMiss = sparedValues(path, rules) ?? wanted;
        return (
          own.some((name) => !wanted.includes(name)) ||
          wanted.some((name) => !own.includes(name) && !mayMiss.includes(name))
        );
      });
      expect(differing).toEqual([]);
    });

    it("are never empty", () => {
      expect(Object.keys(words).filter((path) => words[path]?.trim() === "")).toEqual([]);
    });

    it("are not in English still", () => {
      const isLong = (text = "") => text.split(/\s+/).length > MAX_SAME_WORDS;
      const isSame = (path: string) => [english[path], english[generalOf(path)]].includes(words[path]);
      const forgotten = Object.keys(words).filter((path) => isLong(words[path]) && isSame(path));
      expect(forgotten.filter((path) => !SAME_IN_EVERY_LANGUAGE.includes(path))).toEqual([]);
    });

    it.each(QUOTED)("say in %s what %s says", (sentence, label) => {
      expect(words[sentence]).toContain(words[label]);
    });

    it("are shown once the language is chosen", async () => {
      const i18n = createI18n();
      await switchLanguage(i18n, language);
      expect(i18n.t("settings.resetQuestion")).toBe(words["settings.resetQuestion"]);
    });
  });
});

/** The English sentence that a path translates; for a form of a plural, the plural's general form. */
function generalOf(path: string): string {
  const stem = path.replace(FORM, "");
  return [`${stem}_other`, path, stem].find((candidate) => candidate in english) ?? path;
}

/** A form of a sentence with a number in it, which English says in one form: "{{reached}} of {{count}} connected". */
function isCounted(path: string): boolean {
  const stem = path.replace(FORM, "");
  return stem !== path && COUNTS.some((count) => english[stem]?.includes(count));
}

function valuesOf(text = ""): readonly string[] {
  return text.match(PLACEHOLDER) ?? [];
}

/**
 * The values that a sentence may leave out; undefined: any. Of none there is nothing to tell; a form for one number only,
 * "the other member", says it in words; and what English leaves unsaid in the same form may stay so.
 */
function sparedValues(path: string, rules: Intl.PluralRules): readonly string[] | undefined {
  const form = FORM.exec(path)?.[1];
  if (form === undefined) return [];
  if (form === "zero") return undefined;
  const isOneNumber = NUMBERS.filter((n) => rules.select(n) === form).length === 1;
  const original = english[path];
  const isSparedInEnglish = original !== undefined && !COUNTS.some((count) => original.includes(count));
  return isOneNumber || isSparedInEnglish ? COUNTS : [];
}

/** English's paths, with the forms of the language's plurals in the place of English's. */
function neededPaths(rules: Intl.PluralRules): readonly string[] {
  const forms = rules.resolvedOptions().pluralCategories;
  const paths = Object.keys(english).flatMap((path) => {
    const stem = path.replace(FORM, "");
    if (stem === path || !(`${stem}_other` in english)) return [path];
    const ownZero = `${stem}_zero` in english ? [`${stem}_zero`] : [];
    return [...ownZero, ...forms.map((form) => `${stem}_${form}`)];
  });
  return [...new Set(paths)];
}

/** English says the doctor's sentences with the program's own words: the window has no second copy of them. */
function wordsOf(language: Language): Words {
  const words: Record<string, string> = {};
  const walk = (value: unknown, path: readonly string[]) => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    else words[path.join(".")] = String(value);
  };
  walk(JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8")), []);
  if (language === "en") walk({ doctor: WORDS }, []);
  return words;
}
