import { describe, expect, it } from "vitest";
import { isInstalled, nodeProblem } from "../../../build/setup.mjs";

describe("the Node that runs a launcher", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("is fine when it is %s", (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it.each(["16.20.2", "18.20.0", "20.18.3"])("is refused in one sentence when it is %s", (version) => {
    expect(nodeProblem(version)).toMatch(
      new RegExp(
        `^Node 20\\.19 or later is needed and this is Node ${version.replaceAll(".", "\\.")}: install [^\\n]+$`,
      ),
    );
  });
});

describe("the packages of a checkout", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/ws": { version: "8.1.0" },
      "node_modules/binary-for-another-system": { version: "1.0.0", optional: true },
    },
  };
  const recorded = (packages: Record<string, { version: string }>) => JSON.stringify({ packages });

  it("are installed when npm recorded what the lock file asks for, less the binaries of other systems", () => {
    expect(isInstalled(lock, recorded({ "node_modules/ws": { version: "8.1.0" } }))).toBe(true);
  });

  it.each([
    ["there are none", undefined],
    ["one is missing", recorded({})],
    ["one has another version", recorded({ "node_modules/ws": { version: "8.0.0" } })],
    [
      "an optional one has another version",
      recorded({
        "node_modules/ws": { version: "8.1.0" },
        "node_modules/binary-for-another-system": { version: "0.9.0" },
      }),
    ],
  ])("are not installed when %s", (_, text) => {
    expect(isInstalled(lock, text)).toBe(false);
  });
});
