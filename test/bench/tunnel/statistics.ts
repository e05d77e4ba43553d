/** The few statistics that the benchmarks need. All of them want at least one value. */

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return at(sorted, Math.floor(middle));
  return (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

/** The smallest value that at least `percent` of all are not above (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = ascending(values);
  return at(sorted, Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1);
}

export function mean(values: readonly number[]): number {
  at(values, 0);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What is shown of several runs of one measurement. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

function ascending(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError("there are no values");
  return value;
}
