import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { removeLeftovers } from "../netns/lab/namespaces.ts";
import { compileEmulator } from "./tunnel/emulator.ts";
import { type Goal, goals } from "./tunnel/goals.ts";
import { describeMachine } from "./tunnel/machine.ts";
import { udpBufferBytes, WANTED_UDP_BUFFER } from "./tunnel/measure/measure.ts";
import { type Options, parseOptions, UsageError, usage } from "./tunnel/options.ts";
import { ensurePackages, extendPath, installWeron } from "./tunnel/packages.ts";
import type { Contender } from "./tunnel/programs/contender.ts";
import { contenders, isChosen } from "./tunnel/programs/index.ts";
import type { ProgramInfo, Results, Sample } from "./tunnel/samples.ts";
import { tables } from "./tunnel/table.ts";
import { takeTurn } from "./tunnel/turn.ts";
import { expectedSeconds } from "./tunnel/workloads.ts";

/*
 * This VPN and others, side by side: `npm run bench -- tunnel`. Every program has its turn, then every program has its
 * second turn, and so on (A B C A B C), each in two fresh namespaces: what slows the machine down for a while slows
 * everybody down, and ratios within a round hold better than figures do.
 */

/** A bundle is at dist/bench/NAME.mjs of its checkout. */
const checkout = resolve(dirname(process.argv[1] ?? ""), "../..");
const say = (line: string) => void process.stderr.write(`${line}\n`);
/** What a turn takes besides its workloads. */
const TURN_SECONDS = 4;

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    say("This benchmark makes network namespaces: it needs Linux, and root.");
    return 1;
  }
  extendPath();
  removeLeftovers();
  const results = await compare(options);
  const file = options.json ?? join(checkout, `.test-output/tunnel-${results.started.replaceAll(/[:.]/g, "-")}.json`);
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  console.log(`${tables(results)}\n\n${verdicts(goals(results))}`);
  console.log(`\nRatios (×) are to ${results.reference}, round by round. Raw samples: ${file}`);
  return 0;
}

/** The goals that this run says something of. */
function verdicts(all: readonly Goal[]): string {
  const judged = all.filter(({ met }) => met !== undefined);
  return judged
    .map(
      ({ about, goal, measured, met }) =>
        `${met ? "reached    " : "not reached"}  ${about}: ${measured} (goal: ${goal})`,
    )
    .join("\n");
}

async function compare(options: Options): Promise<Results> {
  const { chosen, programs } = await prepare(options);
  const machine = await describeMachine();
  if (udpBufferBytes() < WANTED_UDP_BUFFER) {
    say("net.core.rmem_max or wmem_max is below 4 MiB here: at high UDP rates iperf3 itself will lose packets");
  }
  const emulator = compileEmulator(join(checkout, "test/bench/link/link.c"));
  const started = new Date();
  const samples = await takeTurns(options, chosen, emulator);
  return {
    benchmark: "tunnel",
    started: started.toISOString(),
    seconds: Math.round((Date.now() - started.getTime()) / 1000),
    machine,
    options: { quick: options.quick, rounds: options.rounds, seconds: options.seconds },
    reference: options.reference,
    links: options.links,
    programs,
    samples,
  };
}

/** @returns the programs that can run here, and what is to be said of all that were asked for */
async function prepare(options: Options) {
  const { only, lanes } = options;
  const isWanted = (contender: Contender) => only === undefined || isChosen(contender, only);
  const weronWanted = only === undefined || only.includes("weron");
  const weronPath = weronWanted ? await installWeron(say) : () => "";
  const all = contenders({ checkout, lanes, weronPath });
  const unknown = only?.find((name) => !all.some((contender) => isChosen(contender, [name])));
  if (unknown !== undefined) throw new UsageError(`there is no program "${unknown}"`);
  const wanted = all.filter(isWanted);
  const failed = await ensurePackages(
    wanted.flatMap(({ packages }) => packages),
    say,
  );
  const programs = await Promise.all(wanted.map((contender) => inform(contender, failed)));
  for (const { title, unavailable } of programs) if (unavailable !== undefined) say(`${title}: ${unavailable}`);
  const chosen = wanted.filter((_, index) => programs[index]?.unavailable === undefined);
  return { chosen, programs };
}

async function inform(contender: Contender, failed: ReadonlyMap<string, string>): Promise<ProgramInfo> {
  const { name, title, ours, packages } = contender;
  const about = { name, title, ...(ours ? { ours } : {}) };
  const missing = packages.find((debian) => failed.has(debian));
  if (missing !== undefined) return { ...about, unavailable: `apt-get install ${missing}: ${failed.get(missing)}` };
  try {
    const version = await contender.version();
    return version === "" ? about : { ...about, version };
  } catch (error) {
    return { ...about, unavailable: error instanceof Error ? error.message : String(error) };
  }
}

async function takeTurns(options: Options, chosen: readonly Contender[], emulator: string): Promise<readonly Sample[]> {
  const turns = options.links.flatMap((link) =>
    Array.from({ length: options.rounds }, (_, index) => index + 1).flatMap((round) =>
      chosen
        .filter(({ isFor }) => isFor?.(link) ?? true)
        .map((contender) => ({
          link,
          round,
          contender,
          workloads: options.plan(link),
          seconds: options.seconds,
          emulator,
        })),
    ),
  );
  const turnSeconds = turns.map(({ workloads }) =>
    workloads.reduce((sum, workload) => sum + expectedSeconds(workload, options.seconds), TURN_SECONDS),
  );
  const total = turnSeconds.reduce((sum, seconds) => sum + seconds, 0);
  say(`${turns.length} turns, about ${Math.ceil(total / 60)} minutes`);
  const deadline = Date.now() + options.minutes * 60_000;
  const samples: Sample[] = [];
  for (const [index, turn] of turns.entries()) {
    if (Date.now() > deadline) {
      say(`Stopped after ${options.minutes} minutes: ${turns.length - index} turns were not taken`);
      break;
    }
    const taken = await takeTurn(turn);
    samples.push(...taken);
    const { link, round, contender } = turn;
    say(`${index + 1}/${turns.length} ${link.name}, round ${round}, ${contender.title}: ${gist(taken)}`);
  }
  return samples;
}

/** A line while one waits. */
function gist(samples: readonly Sample[]): string {
  const parts = samples.flatMap(({ workload, values, error }) => {
    if (error !== undefined) return [`${workload} FAILED: ${error}`];
    const [value] = Object.values(values ?? {});
    return workload === "link" || value === undefined ? [] : [`${workload} ${value.toFixed(value < 10 ? 2 : 0)}`];
  });
  return parts.join(", ");
}
