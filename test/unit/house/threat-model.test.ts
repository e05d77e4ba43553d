import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Whom the threat model speaks of, one heading each. */
const ACTORS = [
  "A stranger",
  "A member",
  "A member that was removed",
  "The signaling server",
  "The network",
  "Another user of this computer, or a program",
  "A web page",
];
/** The header of the last column in a table that is held to its word. */
const SHOWN_BY = "shown by";
/** How a row begins its second cell when it tells of what remains possible: it claims no defence, so it needs no test. */
const NOTHING = /^nothing\b/i;

interface Row {
  readonly heading: string;
  readonly cells: readonly string[];
}

/** The rows of every table whose last column is "shown by", and the heading of the second level that each stands under. */
function rowsOf(document: string): readonly Row[] {
  const rows: Row[] = [];
  let heading = "";
  let header: readonly string[] | undefined;
  for (const line of withoutCodeBlocks(document)) {
    heading = /^## (.+)$/.exec(line)?.[1]?.trim() ?? heading;
    if (!line.startsWith("|")) {
      header = undefined;
      continue;
    }
    const cells = cellsOf(line);
    if (header === undefined) header = cells;
    else if (header.at(-1)?.toLowerCase() === SHOWN_BY && !cells.every((cell) => /^:?-+:?$/.test(cell))) {
      rows.push({ heading, cells });
    }
  }
  return rows;
}

function withoutCodeBlocks(document: string): readonly string[] {
  return document.replaceAll(/^```[\s\S]*?^```$/gm, "").split("\n");
}

/** Bars that are written `\|` are part of a cell. */
function cellsOf(line: string): readonly string[] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

interface Evidence {
  readonly file: string;
  readonly words: readonly string[];
}

/** Every test file that a cell names in backticks, and the words in quotes that follow it. */
function evidenceIn(cell: string): readonly Evidence[] {
  const found: { file: string; words: string[] }[] = [];
  for (const [, code, straight, curly] of cell.matchAll(/`([^`]+)`|"([^"]+)"|“([^”]+)”/g)) {
    if (code?.includes("/")) found.push({ file: code, words: [] });
    const quoted = straight ?? curly;
    if (quoted !== undefined) found.at(-1)?.words.push(quoted.replaceAll(/\\(\W)/g, "$1"));
  }
  return found;
}

/** What the calls that make tests and groups of them are called; `it.each(table)` and the like begin with these too. */
const TEST_MAKERS = new Set(["it", "test", "describe"]);
/** A test that never runs shows nothing. */
const NEVER_RUN = new Set(["skip", "todo"]);

/** The titles of the tests in a source, and of the groups they are in. What is under a group that is skipped is left out. */
function titlesOf(file: string, source: string): readonly string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [maker, ...modifiers] = namesOf(node.expression);
      if (maker !== undefined && TEST_MAKERS.has(maker)) {
        if (modifiers.some((name) => NEVER_RUN.has(name))) return;
        const title = textOf(node.arguments[0]);
        if (title !== undefined) titles.push(title);
      }
    }
    ts.forEachChild(node, visit);
  };
  // By its ending: `<T>(file: string): T =>` is a function in one, and an element in the other.
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, false, kind));
  return titles;
}

/** `it.runIf(isLinux).each(table)` as ["it", "runIf", "each"]. */
function namesOf(callee: ts.Expression): readonly string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...namesOf(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return namesOf(callee.expression);
  if (ts.isTaggedTemplateExpression(callee)) return namesOf(callee.tag);
  return [];
}

/** Where a title has a value of its own table or of a variable. */
const GAP = "%s";

function textOf(title: ts.Expression | undefined): string | undefined {
  if (title === undefined) return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  if (!ts.isTemplateExpression(title)) return undefined;
  return [title.head.text, ...title.templateSpans.map(({ literal }) => literal.text)].join(GAP);
}

/** Whether a test says so: word for word, where a gap may be written as it is in the source or filled in. */
function says(title: string, words: string): boolean {
  if (title === words) return true;
  const parts = title.split(/%[sdifjop#]|\$\{[^}]*\}|\$[a-zA-Z][\w.]*/);
  if (parts.every((part) => part.trim() === "")) return false;
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".+")}$`).test(words);
}

type Read = (path: string) => string | undefined;

/** What keeps a threat model from being believed, a line each. */
function faultsOf(document: string, read: Read): readonly string[] {
  const rows = rowsOf(document);
  const unshown = ACTORS.filter(
    (actor) => !rows.some(({ heading, cells }) => heading === actor && evidenceIn(cells.at(-1) ?? "").length > 0),
  );
  return [
    ...unshown.map((actor) => `"## ${actor}" has no table of what was tried and the tests that show it`),
    ...rows.flatMap((row) => faultsOfRow(row, read)),
  ];
}

function faultsOfRow({ heading, cells }: Row, read: Read): readonly string[] {
  const [attempt = "", defence = ""] = cells;
  const evidence = evidenceIn(cells.at(-1) ?? "");
  const named = `${heading}: "${attempt}"`;
  if (evidence.length === 0) return NOTHING.test(defence) ? [] : [`${named} names no test`];
  return evidence.flatMap(({ file, words }) => {
    if (!/\.test\.tsx?$/.test(file)) return [`${named} names ${file}, which is no test`];
    const source = read(file);
    if (source === undefined) return [`${named} names ${file}, which is not there`];
    if (words.length === 0) return [`${named} names ${file}, and none of its tests`];
    const titles = titlesOf(file, source);
    return words
      .filter((text) => !titles.some((title) => says(title, text)))
      .map((text) => `${named} quotes "${text}", which no test in ${file} is called`);
  });
}

const inRepository: Read = (path) => {
  const file = `${root}${path}`;
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

describe("the threat model", () => {
  it("names a test that exists for every defence that it claims, and speaks of everybody", () => {
    expect(faultsOf(readFileSync(`${root}docs/threat-model.md`, "utf8"), inRepository)).toEqual([]);
  });
});

describe("what holds the threat model to its word", () => {
  const source = `
    const read = <T>(file: string): T => JSON.parse(file) as T;
    describe("a door", () => {
      it("stays shut", () => {});
      it.each(["a", "b"])("is knocked at by %s, in vain", () => {});
      it.runIf(isLinux).each(cases)("turns $name away", () => {});
      it(\`takes \${COUNT} knocks\`, () => {});
      it.each(cases)("%s", () => {});
      it.skip("opens by itself", () => {});
      describe.skip("of glass", () => { it("breaks", () => {}); });
    });
    notATest("melts", () => {});`;
  const read: Read = (path) => (path === "test/door.test.ts" ? source : undefined);
  const table = (...rows: string[]) => ["| attempt | what stops it | shown by |", "| --- | --- | --- |", ...rows];
  const KNOCKS = '| knocks | the door | `test/door.test.ts` "stays shut" |';
  /** A whole threat model, sound but for the rows. */
  const model = (...rows: string[]) =>
    ACTORS.flatMap((actor) => [`## ${actor}`, "", ...table(KNOCKS), ""])
      .concat(table(...rows))
      .join("\n");

  it.each([
    ["a test by its words", '`test/door.test.ts` "stays shut"'],
    ["several", '`test/door.test.ts` "stays shut", "a door"; `test/door.test.ts` "stays shut"'],
    ["a row of a table of cases, as it is written", '`test/door.test.ts` "is knocked at by %s, in vain"'],
    ["a row of a table of cases, as it is reported", '`test/door.test.ts` "is knocked at by Mallory, in vain"'],
    ["a case by a name of its own", '`test/door.test.ts` "turns Mallory away"'],
    ["a title with a figure in it", '`test/door.test.ts` "takes 12 knocks"'],
  ])("takes %s", (_, shownBy) => {
    expect(faultsOf(model(`| breaks in | the lock | ${shownBy} |`), read)).toEqual([]);
  });

  it("asks for no test where it says that nothing stops it", () => {
    expect(faultsOf(model("| stands before it | nothing: the street is everybody's | |"), read)).toEqual([]);
  });

  it("leaves tables alone that say nothing of tests", () => {
    const other = "| who | can |\n| --- | --- |\n| anyone | knock |\n";
    expect(faultsOf(`${other}\n${model()}`, read)).toEqual([]);
  });

  it.each([
    ["no test", "", "names no test"],
    ["a file of tests, but none of them", "`test/door.test.ts`", "names test/door.test.ts, and none of its tests"],
    ["words without a file", '"stays shut"', "names no test"],
    ["a promise", "reviewed by hand", "names no test"],
    ["a file that is no test", "`docs/server.md`", "names docs/server.md, which is no test"],
    ["a test that is not there", "`test/window.test.ts`", "names test/window.test.ts, which is not there"],
    ["words that no test has", '`test/door.test.ts` "stays open"', 'quotes "stays open"'],
    ["a part of a test's words", '`test/door.test.ts` "stays"', 'quotes "stays"'],
    ["a case whose words are anybody's", '`test/door.test.ts` "is made of steel"', 'quotes "is made of steel"'],
    ["a test that is skipped", '`test/door.test.ts` "opens by itself"', 'quotes "opens by itself"'],
    ["a test of a group that is skipped", '`test/door.test.ts` "breaks"', 'quotes "breaks"'],
    ["what is not a test", '`test/door.test.ts` "melts"', 'quotes "melts"'],
    [
      "one that is there and one that is not",
      '`test/door.test.ts` "stays shut", `test/no.test.ts`',
      "test/no.test.ts, which",
    ],
  ])("refuses a row that names %s", (_, shownBy, fault) => {
    const faults = faultsOf(model(`| breaks in | the lock | ${shownBy} |`), read);
    expect(faults).toEqual([expect.stringContaining(`A web page: "breaks in" `)]);
    expect(faults[0]).toContain(fault);
  });

  it.each(ACTORS)("misses %s", (actor) => {
    expect(faultsOf(model().replace(`## ${actor}\n`, "## Somebody else\n"), read)).toEqual([
      `"## ${actor}" has no table of what was tried and the tests that show it`,
    ]);
  });

  it("misses whoever's table tells only of what nothing stops", () => {
    const document = model().replace(KNOCKS, "| knocks | nothing | |");
    expect(faultsOf(document, read)).toEqual([expect.stringContaining(`"## ${ACTORS[0]}" has no table`)]);
  });

  it("is not fooled by an example in a block of code", () => {
    const document = model().replaceAll(/## A member\n[\s\S]*?(?=## )/g, (text) => `\`\`\`\n${text}\`\`\`\n`);
    expect(faultsOf(document, read)).toHaveLength(1);
  });

  it("takes a bar within a cell for a part of it", () => {
    const row = '| sends `a \\| b` | the parser | `test/door.test.ts` "stays shut" |';
    expect(faultsOf(model(row), read)).toEqual([]);
  });
});
