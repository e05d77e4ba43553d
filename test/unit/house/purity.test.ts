import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const shared = fileURLToPath(new URL("../../../shared/", import.meta.url));

/** The names by which Node, a browser or real time would get into code that must run anywhere and stand still in tests. */
const FORBIDDEN =
  /["']node:|\b(?:Buffer|process|require|__dirname|window|document|navigator|setTimeout|setInterval|setImmediate|performance|fetch|localStorage)\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bcrypto\.(?:subtle|getRandomValues|randomUUID)\b/g;

/** The code without its comments and without what its string literals say: words there are only words. */
function codeOf(source: string): string {
  const commentOrString =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|from "[^"\n]*"|import\("[^"\n]*"\)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return source.replace(commentOrString, (text) => {
    if (text.startsWith("from") || text.startsWith("import")) return text;
    return text.startsWith("`") ? (text.match(/\$\{[^}]*\}/g) ?? []).join(" ") : " ";
  });
}

/** What makes a file impure; a property, private or not, or a type of that name ("process:" in a schema) is no use of the global. */
function impurities(source: string): string[] {
  const code = codeOf(source);
  return [...code.matchAll(FORBIDDEN)]
    .filter(({ index, 0: word }) => {
      const before = code.slice(0, index).trimEnd().at(-1);
      const after = code.slice(index + word.length).trimStart()[0];
      return before !== "." && before !== "#" && after !== ":" && after !== "?";
    })
    .map(([word]) => word);
}

describe("shared/", () => {
  const files = readdirSync(shared, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

  it("has files to look at", () => {
    expect(files.length).toBeGreaterThan(10);
  });

  it.each(files)("%s runs anywhere", (file) => {
    expect(impurities(readFileSync(`${shared}${file}`, "utf8"))).toEqual([]);
  });
});

describe("the look for impurities", () => {
  it.each([
    ['import { readFile } from "node:fs";', ['"node:']],
    ['const later = await import("node:crypto");', ['"node:']],
    ["const bytes = Buffer.from(text);", ["Buffer"]],
    ["setTimeout(() => process.exit(), 5);", ["setTimeout", "process"]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of a template is what is tested
    ["const a = `at ${Date.now()}`;", ["Date.now"]],
    ["const id = Math.random();", ["Math.random"]],
  ])("sees %s", (source, found) => {
    expect(impurities(source)).toEqual(found);
  });

  it.each([
    "// a Buffer would do in Node",
    '/** unlike setTimeout */ const text = "the process ended";',
    "interface Row { process: string }",
    "clock.performance.now()",
    "new TextEncoder()",
  ])("does not mind %s", (source) => {
    expect(impurities(source)).toEqual([]);
  });
});
