import { describe, expect, it } from "vitest";
import { tables, translator } from "../../../electron/main/desktop/strings.ts";
import { LANGUAGES } from "../../../shared/ipc/settings.ts";

const FORMS = ["zero", "one", "two", "few", "many"];
const placeholders = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(([all]) => all).sort();

/** The key whose form this is; undefined for a key of its own. */
function keyOf(name: string): string | undefined {
  const end = name.lastIndexOf("_");
  const key = name.slice(0, end);
  return FORMS.includes(name.slice(end + 1)) && key in tables.en ? key : undefined;
}

const keys = Object.keys(tables.en).filter((name) => keyOf(name) === undefined);

describe.each(LANGUAGES)("the words in %s", (language) => {
  const table = tables[language];

  it("are all there, and no others", () => {
    expect(
      Object.keys(table)
        .filter((name) => keyOf(name) === undefined)
        .sort(),
    ).toEqual([...keys].sort());
  });

  it("take the values that the English ones take", () => {
    for (const key of keys) expect(placeholders(table[key]!), key).toEqual(placeholders(tables.en[key]!));
  });

  it("have forms for numbers that the language has, which may leave out the number itself", () => {
    const has = new Intl.PluralRules(language).resolvedOptions().pluralCategories as string[];
    for (const name of Object.keys(table)) {
      const key = keyOf(name);
      if (key === undefined) continue;
      expect(has, name).toContain(name.slice(key.length + 1));
      const others = (sentence: string) => placeholders(sentence).filter((each) => each !== "{count}");
      expect(others(table[name]!), name).toEqual(others(tables.en[key]!));
    }
  });

  it("are not left as they were in English", () => {
    const same = keys.filter((key) => table[key] === tables.en[key]);
    if (language !== "en") expect(same.filter((key) => key !== "room_state")).toEqual([]);
  });

  it("are short enough for a menu", () => {
    for (const key of ["connect", "disconnect", "open", "quit"]) expect(table[key]!.length).toBeLessThan(24);
  });
});

it("Arabic has six forms of a number, and keeps names of the other direction apart", () => {
  const translate = translator("ar");
  const said = [0, 1, 2, 3, 11, 100].map((count) => translate("members", { count }));
  expect(new Set(said).size).toBe(6);
  expect(translate("joined", { name: "Ben", room: "Den" })).toBe("انضم \u2068Ben\u2069 إلى \u2068Den\u2069");
});
