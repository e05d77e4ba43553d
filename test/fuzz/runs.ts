/** How much the fuzz tests do. `npm run fuzz -- N` sets GOVPN_FUZZ_RUNS to N; FUZZ_SEED repeats a run. */

/** Inputs for each parser, by plain mutation: a million in `npm test`, ten million by command. */
export const INPUTS = Number(process.env.GOVPN_FUZZ_RUNS ?? 1_000_000);

/** Of each property of fast-check, which makes cleverer inputs at some fifty times the cost. */
export const PROPERTY_RUNS = Math.max(1, Math.round(INPUTS / 50));

/** Another one every time, and told by whatever fails. */
export const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

/** The file that takes a line of JSON for each parser, if somebody wants to count. */
export const REPORT = process.env.GOVPN_FUZZ_REPORT;
