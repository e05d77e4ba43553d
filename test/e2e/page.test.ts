import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useLab } from "../netns/lab/use-lab.ts";
import { type Person, sitDown } from "./support/person.ts";

describe("the page of a headless host", () => {
  const lab = useLab({ hosts: 1 });
  let ann: Person;
  beforeAll(async () => {
    ann = await sitDown(lab().host(1), "ann");
  });
  afterAll(() => ann?.goHome());

  it("opens by its link and shows the first screen", async () => {
    await ann.page.getByRole("heading", { name: "A private network for you and your people" }).waitFor();
    expect(ann.page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/(#\/.*)?$/);
    expect(ann.trouble).toEqual([]);
  });
});
