import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { detailText, fixText, say, WORDS } from "../../../electron/main/doctor/words.ts";

const folder = join(import.meta.dirname, "../../../electron/main/doctor");

describe("what the doctor says", () => {
  it("is a sentence with its values in it, by name", () => {
    expect(say("clock_agrees")).toEqual({ code: "clock_agrees", text: "agrees with the server's" });
    expect(say("profile_space", { folder: "/p{{mebibytes}}", mebibytes: 7 })).toEqual({
      code: "profile_space",
      values: { folder: "/p{{mebibytes}}", mebibytes: 7 },
      text: "/p{{mebibytes}}, 7 MiB free",
    });
  });

  it("is each said by some check", () => {
    const sources = readdirSync(folder).filter((file) => file !== "words.ts");
    const code = sources.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
    expect(Object.keys(WORDS).filter((word) => !code.includes(`"${word}"`))).toEqual([]);
  });

  it("comes in one line for a terminal", () => {
    const parts = [{ text: "The store is locked." }, { text: "a plain file will do" }];
    expect(detailText(parts)).toBe("The store is locked; a plain file will do");
    expect(fixText([{ text: "Unlock it." }, { text: "Or set one." }])).toBe("Unlock it. Or set one.");
  });
});
