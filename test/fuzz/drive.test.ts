import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CORPUS, seedsOf } from "./mutation/corpus.ts";
import { digest, driveBytes, driveTexts, must } from "./mutation/drive.ts";
import { cpuMs, LONGEST_INPUT_MS, Meter } from "./mutation/meter.ts";
import { packets } from "./mutation/samples.ts";
import { INPUTS, SEED } from "./runs.ts";

// The loop that feeds the parsers would be worth nothing if it did not notice these.
describe("the loop that feeds parsers", () => {
  const whole = (input: Uint8Array) => new Uint8Array(input.buffer);

  it("notices a read beyond the input", () => {
    const readsOn = (input: Uint8Array) => whole(input)[input.byteOffset + input.length] ?? 0;
    expect(() => driveBytes("reads on", packets, readsOn)).toThrow(`input 0 of seed ${SEED}`);
  });

  it("notices a write beyond the input, before it or behind", () => {
    for (const [side, at] of [
      ["before", (input: Uint8Array) => input.byteOffset - 1],
      ["behind", (input: Uint8Array) => input.byteOffset + input.length],
    ] as const) {
      const writes = (input: Uint8Array) => {
        whole(input)[at(input)] = 7;
        return 0;
      };
      expect(() => driveBytes(side, packets, writes)).toThrow(`input 0 of seed ${SEED}`);
    }
  });

  it("notices a throw and a broken promise, and says with which input", () => {
    const trips = (input: Uint8Array) => {
      if (input[9] === 6 && input.length < 30) throw new RangeError("too short");
      return digest(0, input.length);
    };
    expect(() => driveBytes("trips", packets, trips)).toThrow(/^input \d+ of seed \d+: too short$/);
    const isShort = (text: string) => must(text.length < 40, "texts are short");
    expect(() => driveTexts("is short", ["x".repeat(39)], isShort)).toThrow(
      /^input \d+ of seed \d+: not so: texts are/,
    );
  });

  it("notices an input that takes long, by the processor's time and not by the clock's", () => {
    const burn = (text: string) => {
      const end = cpuMs() + 1.5 * LONGEST_INPUT_MS;
      if (text === "x") while (cpuMs() < end);
    };
    expect(() => driveTexts("burns", ["x"], burn)).toThrow(/not so: it takes less than 100 ms \(\d{3} ms\)$/);
    const meter = new Meter();
    const wait = new Int32Array(new SharedArrayBuffer(4));
    meter.time(() => void Atomics.wait(wait, 0, 0, 2 * LONGEST_INPUT_MS));
    expect(meter.slowestMs).toBeLessThan(LONGEST_INPUT_MS);
  });

  it("notices memory that is not given back", () => {
    const kept: Uint8Array[] = [];
    let count = 0;
    const keep = () => {
      if (count++ % Math.ceil(INPUTS / 1_000) === 0) kept.push(new Uint8Array(64 * 1024).fill(1));
    };
    expect(() => driveTexts("keeps", ["x"], keep)).toThrow(
      /not so: keeps gives its memory back: \d+\.\d MiB more after/,
    );
  });

  it("ends a run that one input would keep up for ever, and says which", () => {
    const watchdog = fileURLToPath(new URL("./mutation/watchdog.mjs", import.meta.url));
    const script = `const { Watchdog } = await import(${JSON.stringify(watchdog)});
      const watchdog = new Watchdog(300, 50); watchdog.begin("loops, seed 7"); watchdog.next(5); for (;;);`;
    const { signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGTERM",
    });
    expect(signal).toBe("SIGKILL");
    expect(stderr).toMatch(/^loops, seed 7: input 5 has taken \d{3,} ms of processor time and goes on$/m);
  });
});

describe("the corpus", () => {
  it("has a folder for each parser that is fuzzed, and no other; each is told of in docs/development.md", () => {
    const tests = readdirSync(import.meta.dirname).filter(
      (file) => file.endsWith(".test.ts") && file !== "drive.test.ts",
    );
    const code = tests.map((file) => readFileSync(`${import.meta.dirname}/${file}`, "utf8")).join("\n");
    const folders = readdirSync(CORPUS).filter((name) => !name.startsWith("."));
    expect(folders.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
    const docs = readFileSync(`${import.meta.dirname}/../../docs/development.md`, "utf8");
    const told = [...docs.matchAll(/^\| `([a-z0-9-]+)` \|.*\| `?(?:shared|electron|renderer)\//gm)].map(
      ([, name]) => name,
    );
    expect(told.sort()).toEqual(folders.sort());
  });

  it("is small: an input of it is read by people", () => {
    for (const parser of readdirSync(CORPUS).filter((name) => !name.startsWith("."))) {
      for (const { name, bytes } of seedsOf(parser))
        expect(bytes.length, `${parser}/${name}`).toBeLessThanOrEqual(20_000);
    }
  });
});
