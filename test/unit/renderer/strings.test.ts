import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import en from "../../../renderer/i18n/en.json" with { type: "json" };

/** Attributes whose text a person reads or hears. */
const SPOKEN = new Set(["aria-label", "alt", "label", "placeholder", "title", "description", "detail", "hint", "text"]);

/** An example of an address is the same in every language. */
const ADDRESS = /^[\w:/.-]*\bexample\.(org|com)\b[\w:/.-]*$/;

/** Words between tags, or in an attribute that is read out: each belongs into the strings. */
function literalsIn(file: string, source: string): string[] {
  const found: string[] = [];
  const note = (node: ts.Node, text: string) => {
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    if (/\p{L}/u.test(text) && !ADDRESS.test(text)) found.push(`${file}:${line + 1}: ${text.trim()}`);
  };
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node, node.text);
    if (ts.isJsxExpression(node) && ts.isJsxElement(node.parent) && node.expression) {
      if (ts.isStringLiteralLike(node.expression)) note(node, node.expression.text);
    }
    if (ts.isJsxAttribute(node) && SPOKEN.has(node.name.getText()) && node.initializer) {
      const { initializer } = node;
      const value = ts.isJsxExpression(initializer) ? initializer.expression : initializer;
      if (value && ts.isStringLiteralLike(value)) note(node, value.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const root = new URL("../../../renderer/", import.meta.url);
const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const files = sources.filter((file) => file.endsWith(".tsx"));

describe("the strings", () => {
  it("are all in renderer/i18n: no view holds a word of its own", () => {
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap((file) => literalsIn(file, readFileSync(new URL(file, root), "utf8")))).toEqual([]);
  });

  it("would be missed there, every one", () => {
    expect(literalsIn("a.tsx", "<p>Hello</p>")).toHaveLength(1);
    expect(literalsIn("a.tsx", '<p>{"Hello"}</p>')).toHaveLength(1);
    expect(literalsIn("a.tsx", '<i aria-label="Hello" />')).toHaveLength(1);
    expect(literalsIn("a.tsx", "<i title={`Hello`} />")).toHaveLength(1);
    expect(literalsIn("a.tsx", '<i className="hello">{t("hello")} · {1}</i>')).toEqual([]);
  });

  it("are each used by somebody", () => {
    const code = sources.map((file) => readFileSync(new URL(file, root), "utf8")).join("\n");
    // Sections whose keys are put together from codes and kinds are used whole.
    const composed = [...code.matchAll(/`([\w.]+)\.\$\{/g)].map(([, prefix]) => `${prefix}.`);
    const keys = flat(en).map((key) => key.replace(/_(zero|one|two|few|many|other)$/, ""));
    const isUsed = (key: string) =>
      code.includes(`"${key}"`) || composed.some((prefix) => key.startsWith(prefix)) || code.includes(`\`${key}`);
    expect([...new Set(keys)].filter((key) => !isUsed(key))).toEqual([]);
  });
});

function flat(section: object, prefix = ""): string[] {
  return Object.entries(section).flatMap(([key, value]) =>
    typeof value === "string" ? [prefix + key] : flat(value as object, `${prefix}${key}.`),
  );
}
