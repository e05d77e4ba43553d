import { describe, expect, it } from "vitest";
import { emulatorArguments, links } from "../../bench/tunnel/links.ts";
import { type Options, parseOptions, UsageError } from "../../bench/tunnel/options.ts";
import { isChosen } from "../../bench/tunnel/programs/index.ts";
import { workloadName } from "../../bench/tunnel/workloads.ts";

function parsed(...args: string[]): Options {
  const options = parseOptions(args);
  if (options === "help") throw new Error("asked for help");
  return options;
}

/** What is measured on a link, by name. */
function plan(options: Options, name: string): readonly string[] {
  const link = links.find((one) => one.name === name);
  if (!link) throw new Error(`there is no link ${name}`);
  return options.plan(link).map(workloadName);
}

describe("the tunnel benchmark's command line", () => {
  it("measures every link, three rounds, when nothing is said", () => {
    const options = parsed();
    expect(options.links.map(({ name }) => name)).toEqual(links.map(({ name }) => name));
    expect(options).toMatchObject({ rounds: 3, seconds: 5, reference: "wireguard-go", lanes: ["media", "packets"] });
  });

  it("keeps to a clean link and few workloads when it is to be quick", () => {
    const options = parsed("--quick");
    expect(options.links.map(({ name }) => name)).toEqual(["clean"]);
    expect(plan(options, "clean")).toEqual(["tcp1/cubic", "tcp8/cubic", "ping"]);
    expect(options).toMatchObject({ rounds: 2, seconds: 3 });
  });

  it("lets rounds and seconds be chosen even so", () => {
    expect(parsed("--quick", "--rounds", "5", "--seconds", "9")).toMatchObject({ rounds: 5, seconds: 9 });
  });

  it("takes links by name, in the order they have", () => {
    expect(parsed("--links", "20ms-1%, clean").links.map(({ name }) => name)).toEqual(["clean", "20ms-1%"]);
  });

  it("takes a workload with the congestion controls that are planned for the link", () => {
    expect(plan(parsed("--workloads", "tcp1,ping"), "20ms-1%")).toEqual(["tcp1/cubic", "tcp1/bbr", "ping"]);
    expect(plan(parsed("--workloads", "tcp8"), "clean")).toEqual(["tcp8/cubic"]);
  });

  it("takes a workload that is not planned for a link with both, and one named in full at its word", () => {
    expect(plan(parsed("--workloads", "tcp8"), "20ms-1%")).toEqual(["tcp8/cubic", "tcp8/bbr"]);
    expect(plan(parsed("--workloads", "tcp8/bbr"), "clean")).toEqual(["tcp8/bbr"]);
  });

  it("measures one lane of ours when it is named", () => {
    expect(parsed("--lane", "packets").lanes).toEqual(["packets"]);
  });

  it.each([
    ["--links", "moon"],
    ["--workloads", "tcp9"],
    ["--workloads", "ping/bbr"],
    ["--lane", "fast"],
    ["--rounds", "0"],
    ["--seconds", "1.5"],
    ["--minutes", "soon"],
    ["--fast"],
  ])("says what is wrong with %s %s", (...args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  });
});

describe("a name in --only", () => {
  it("means a program, and `ours` every lane of ours", () => {
    expect(isChosen({ name: "nebula" }, ["nebula", "tinc"])).toBe(true);
    expect(isChosen({ name: "ours-media", ours: true }, ["ours"])).toBe(true);
    expect(isChosen({ name: "ours-media", ours: true }, ["ours-packets"])).toBe(false);
    expect(isChosen({ name: "nebula" }, ["ours"])).toBe(false);
  });
});

describe("links", () => {
  it("give the emulator only what they ask for, loss both ways", () => {
    expect(emulatorArguments({ delayMs: 10, lossPercent: 0.5 })).toEqual([
      "--delay",
      "10",
      "--loss-ab",
      "0.5",
      "--loss-ba",
      "0.5",
    ]);
    expect(emulatorArguments({ delayMs: 5, rateMbit: 100, queueMs: 50 })).toEqual([
      "--delay",
      "5",
      "--rate",
      "100",
      "--queue",
      "50",
    ]);
  });
});
