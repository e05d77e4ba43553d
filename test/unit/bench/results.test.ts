import { describe, expect, it } from "vitest";
import { charts } from "../../bench/plot/charts.ts";
import { BEGIN, END, withFigures } from "../../bench/plot/markdown.ts";
import { svg } from "../../bench/plot/svg.ts";
import { goals } from "../../bench/tunnel/goals.ts";
import { links } from "../../bench/tunnel/links.ts";
import { mergeResults } from "../../bench/tunnel/merge.ts";
import { figureOf, metrics, type Results, type Sample } from "../../bench/tunnel/samples.ts";
import { cell, short, tables } from "../../bench/tunnel/table.ts";

type Values = Readonly<Record<string, number>>;

/** One sample a round, in rounds from 1. */
function rounds(program: string, workload: string, values: readonly Values[], link = "clean"): readonly Sample[] {
  return values.map((one, index) => ({ link, program, workload, round: index + 1, values: one }));
}

function results(...samples: (readonly Sample[])[]): Results {
  return {
    benchmark: "tunnel",
    started: "2026-01-02T03:04:05.000Z",
    seconds: 600,
    machine: { cpu: "a processor", processors: 2, memoryMiB: 4096, system: "a system", kernel: "6", node: "20" },
    options: { rounds: 2, seconds: 3 },
    reference: "wireguard-go",
    links,
    programs: [
      { name: "no-vpn", title: "no VPN" },
      { name: "ours-media", title: "govpn, media lane", ours: true, version: "0.1.0" },
      { name: "ours-packets", title: "govpn, packets lane", ours: true },
      { name: "wireguard-go", title: "wireguard-go", version: "1" },
      { name: "nebula", title: "nebula <&>" },
      { name: "weron", title: "weron", unavailable: "there is no Go toolchain" },
    ],
    samples: samples.flat(),
  };
}

const tcp1 = metrics.find(({ workload, value }) => workload === "tcp1/cubic" && value === "mbit")!;
const tcp = (...rates: number[]) => rates.map((mbit) => ({ mbit, cpu: 5, systemCpu: 9 }));

describe("a run in parts", () => {
  const clean = results(rounds("ours-media", "tcp1/cubic", tcp(1500)), rounds("wireguard-go", "tcp1/cubic", tcp(1000)));
  const slow = results(rounds("ours-media", "tcp1/cubic", tcp(50), "20ms"));

  it("has the links of all parts, and the time they took together", () => {
    const whole = mergeResults([clean, slow]);
    expect(figureOf(whole, { link: "20ms", program: "ours-media" }, tcp1)?.median).toBe(50);
    expect(figureOf(whole, { link: "clean", program: "ours-media" }, tcp1)?.median).toBe(1500);
    expect(whole.seconds).toBe(1200);
  });

  it("counts what two parts measured as two rounds, and takes each ratio within its own", () => {
    const again = results(rounds("ours-media", "tcp1/cubic", tcp(900)), rounds("wireguard-go", "tcp1/cubic", tcp(300)));
    const figure = figureOf(mergeResults([clean, again]), { link: "clean", program: "ours-media" }, tcp1);
    expect(figure).toMatchObject({ count: 2, median: 1200, ratio: 2.25 });
    expect(mergeResults([clean, again, slow]).options.rounds).toBe("1 to 2");
  });

  it("knows a program that one part could not measure and another could", () => {
    const built = { ...slow, programs: [{ name: "weron", title: "weron", version: "2" }] };
    const whole = mergeResults([clean, built]);
    expect(whole.programs.find(({ name }) => name === "weron")).toEqual({
      name: "weron",
      title: "weron",
      version: "2",
    });
    expect(whole.programs.map(({ name }) => name)).toEqual(clean.programs.map(({ name }) => name));
  });

  it("is refused where it is no whole", () => {
    const elsewhere = { ...slow, machine: { ...slow.machine, cpu: "another" } };
    expect(() => mergeResults([clean, elsewhere])).toThrow("different machines");
    expect(() => mergeResults([clean, { ...slow, reference: "nebula" }])).toThrow("different programs");
  });
});

describe("a figure", () => {
  const run = results(
    rounds("ours-media", "tcp1/cubic", tcp(1500, 600, 1000)),
    rounds("wireguard-go", "tcp1/cubic", tcp(1000, 300, 1000)),
  );

  it("is the median with its extremes, and a ratio taken round by round", () => {
    const figure = figureOf(run, { link: "clean", program: "ours-media" }, tcp1);
    // 1.5, 2 and 1 in the three rounds: the medians of both (1000) would have given 1.
    expect(figure).toEqual({ median: 1000, min: 600, max: 1500, count: 3, ratio: 1.5 });
    expect(cell(figure)).toBe("1000 (600–1500) 1.50×");
  });

  it("has no ratio where the reference failed in each of its rounds", () => {
    const alone = results(rounds("ours-media", "tcp1/cubic", tcp(1500)));
    expect(figureOf(alone, { link: "clean", program: "ours-media" }, tcp1)).not.toHaveProperty("ratio");
  });

  it("is absent where nothing was measured", () => {
    expect(figureOf(run, { link: "20ms", program: "ours-media" }, tcp1)).toBeUndefined();
    expect(cell(undefined)).toBe("");
  });

  it("has about three digits", () => {
    expect([0, 0.0456, 1.234, 12.34, 123.4, 12_345].map(short)).toEqual(["0", "0.046", "1.23", "12.3", "123", "12345"]);
  });
});

describe("the tables", () => {
  const failed: Sample = { link: "clean", program: "nebula", round: 1, workload: "start", error: "made no device" };
  const text = tables(
    results(rounds("ours-media", "tcp1/cubic", tcp(1500)), rounds("wireguard-go", "tcp1/cubic", tcp(1000)), [failed]),
  );

  it("have a row for each program that has figures", () => {
    expect(text).toMatch(/^govpn, media lane +1500 1\.50×/m);
    expect(text).toMatch(/^wireguard-go +1000 1\.00×/m);
    expect(text).not.toMatch(/^govpn, packets lane/m);
  });

  it("say why a program has none", () => {
    expect(text).toContain("! nebula <&>, start: made no device");
    expect(text).toContain("! weron: there is no Go toolchain");
  });
});

describe("the goals", () => {
  const verdict = (run: Results, about: string) => goals(run).find((goal) => goal.about === about);
  const memory = rounds("ours-media", "memory", [{ peakMiB: 100 }]);

  it("say nothing of what was not measured", () => {
    for (const goal of goals(results())) expect(goal).not.toHaveProperty("met");
  });

  it("want one stream to be well ahead of wireguard-go and ahead of nebula", () => {
    const against = (nebula: number) =>
      results(
        memory,
        rounds("ours-media", "tcp1/cubic", tcp(1600)),
        rounds("wireguard-go", "tcp1/cubic", tcp(1000)),
        rounds("nebula", "tcp1/cubic", tcp(nebula)),
      );
    expect(verdict(against(1500), "TCP one stream, clean")).toMatchObject({ met: true });
    expect(verdict(against(1700), "TCP one stream, clean")).toMatchObject({ met: false });
  });

  it("compare with the best of the others on a lossy link, and not with its own other lane", () => {
    const at = (nebula: number) =>
      results(
        memory,
        rounds("no-vpn", "tcp1/bbr", tcp(600), "20ms-1%"),
        rounds("ours-media", "tcp1/bbr", tcp(590), "20ms-1%"),
        rounds("ours-packets", "tcp1/bbr", tcp(700), "20ms-1%"),
        rounds("nebula", "tcp1/bbr", tcp(nebula), "20ms-1%"),
      );
    expect(verdict(at(580), "20 ms, 1 % loss, BBR")).toMatchObject({ met: true });
    expect(verdict(at(595), "20 ms, 1 % loss, BBR")).toMatchObject({ met: false });
  });

  it("take a loaded ping against the idle one of the same round", () => {
    const run = results(
      memory,
      rounds("ours-media", "ping", [{ average: 10 }, { average: 30 }], "100mbit"),
      rounds("ours-media", "ping-load/bbr", [{ average: 22 }, { average: 44 }], "100mbit"),
    );
    expect(verdict(run, "ping beside TCP, 100 Mbit/s, BBR")).toMatchObject({ measured: "adds 13.0 ms", met: true });
  });
});

describe("the charts", () => {
  const failed: Sample = { link: "clean", program: "ours-packets", round: 1, workload: "start", error: "no lane" };
  const run = results(
    rounds("no-vpn", "tcp1/cubic", tcp(30_000)),
    rounds("ours-media", "tcp1/cubic", tcp(900, 1100)),
    rounds("wireguard-go", "tcp1/cubic", tcp(800)),
    rounds("nebula", "tcp1/cubic", tcp(700)),
    [failed],
  );

  it("are drawn for what was measured and for nothing else", () => {
    expect(charts(run).map(({ name }) => name)).toEqual(["tcp-clean", "cost"]);
    expect(charts(results())).toEqual([]);
  });

  it("hold every program, and the reason where one has no figure", () => {
    const [panel] = charts(run)[0]!.panels;
    expect(panel!.bars).toEqual([
      { label: "no VPN", kind: "baseline", value: 30_000, min: 30_000, max: 30_000 },
      { label: "govpn, media lane", kind: "ours", value: 1000, min: 900, max: 1100 },
      { label: "govpn, packets lane", kind: "ours", note: "no lane" },
      { label: "wireguard-go", value: 800, min: 800, max: 800 },
      { label: "nebula <&>", value: 700, min: 700, max: 700 },
      { label: "weron", note: "there is no Go toolchain" },
    ]);
  });

  it("are well-formed, titled, described, and dark where the reader's screen is", () => {
    const text = svg(charts(run)[0]!);
    expect(text).toContain('<title id="title">TCP through the tunnel on a clean link</title>');
    expect(text).toMatch(/<desc id="description">.*wireguard-go 800.*<\/desc>/);
    expect(text).toContain("prefers-color-scheme: dark");
    expect(text).toContain("nebula &lt;&amp;&gt;");
    expect(text.match(/<(text|title|desc|style|svg)\b/g)).toHaveLength(
      text.match(/<\/(text|title|desc|style|svg)>/g)!.length,
    );
  });

  it("cut a baseline that would squash the rest, and draw the rest to scale", () => {
    const widths = [...svg(charts(run)[0]!).matchAll(/<rect class="(bar|ours|baseline)"[^>]*? width="([\d.]+)"/g)];
    const [baseline, ours, wireguard] = widths.map(([, , width]) => Number(width));
    expect(ours! / wireguard!).toBeCloseTo(1000 / 800, 2);
    expect(baseline! / ours!).toBeLessThan(1.3);
  });
});

describe("the page", () => {
  const run = results(rounds("ours-media", "tcp1/cubic", tcp(1500)));

  it("keeps what people wrote and takes its figures anew", () => {
    const once = withFigures(`# Title\n\n${BEGIN}\nold\n${END}\n\nwords\n`, run, charts(run));
    expect(once).toMatch(/^# Title\n/);
    expect(once).toMatch(/\nwords\n$/);
    expect(once).not.toContain("old");
    expect(once).toContain("![TCP through the tunnel on a clean link](performance/tcp-clean.svg)");
    expect(withFigures(once, run, charts(run))).toBe(once);
  });

  it("must have a place for them", () => {
    expect(() => withFigures("# Title\n", run, [])).toThrow("has no");
  });
});
