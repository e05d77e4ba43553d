import type { ProgramInfo, Results, Sample } from "./samples.ts";

/**
 * Several runs on one machine as one: a long comparison can be made in parts, a link or a program at a time. What two
 * runs both measured counts as further rounds, so a ratio is still taken within one run's round.
 *
 * @throws when the runs are of different machines, or their ratios are to different programs
 */
export function mergeResults(runs: readonly [Results, ...Results[]]): Results {
  const [first, ...rest] = runs;
  return rest.reduce(joined, first);
}

function joined(one: Results, other: Results): Results {
  if (String(one.machine.cpu) !== String(other.machine.cpu) || one.machine.kernel !== other.machine.kernel) {
    throw new Error("the runs are of different machines");
  }
  if (one.reference !== other.reference) throw new Error("the runs take their ratios to different programs");
  const before = Math.max(0, ...one.samples.map(({ round }) => round));
  const later = other.samples.map((sample): Sample => ({ ...sample, round: sample.round + before }));
  return {
    ...one,
    started: one.started < other.started ? one.started : other.started,
    seconds: one.seconds + other.seconds,
    options: { ...one.options, rounds: roundsOf([...one.samples, ...later]) },
    links: byName([...one.links, ...other.links]),
    programs: byName([...one.programs, ...other.programs]),
    samples: [...one.samples, ...later],
  };
}

/** How many rounds the links had: "1 to 3". */
function roundsOf(samples: readonly Sample[]): string {
  const byLink = new Map<string, Set<number>>();
  for (const { link, round } of samples) byLink.set(link, (byLink.get(link) ?? new Set()).add(round));
  const counts = [...byLink.values()].map(({ size }) => size);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** One of each name, in the order of their first mention; one that a run could measure says more than one it could not. */
function byName<T extends { readonly name: string } & Pick<ProgramInfo, "unavailable">>(
  all: readonly T[],
): readonly T[] {
  const found = new Map<string, T>();
  for (const each of all) {
    const known = found.get(each.name);
    if (!known || known.unavailable !== undefined) found.set(each.name, each);
  }
  return [...found.values()];
}
