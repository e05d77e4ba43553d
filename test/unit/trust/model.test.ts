import fc from "fast-check";
import { afterAll, describe, it } from "vitest";
import { steps } from "./model/commands.ts";
import { Town } from "./model/town.ts";
import { den } from "./world.ts";

/**
 * `npm test` has seconds for this, and tries the same towns each time, so that it says something about a change. `npm run
 * fuzz` asks for more, and for others; MODEL_SEED repeats a run.
 */
const { GOVPN_MODEL_RUNS, MODEL_SEED } = process.env;
const RUNS = Number(GOVPN_MODEL_RUNS ?? 100);
const SEED = Number(MODEL_SEED ?? (GOVPN_MODEL_RUNS === undefined ? 20_261_121 : Date.now() % 2 ** 31));

let runs = 0;
let commands = 0;
afterAll(() => console.log(`trust models: ${runs} towns, ${commands} commands, seed ${SEED}`));

/** Five honest machines and a liar: of one room, sealed or open, in which the founder and whoever came by its link are. */
async function townOf(sealed: boolean, guests: number): Promise<Town> {
  const town = new Town(["ann", "ben", "cem", "dora", "emil"]);
  await town.founder.trust.found(den, "Den", sealed);
  await town.settle();
  const link = town.founder.room.invitation;
  town.remember(link);
  for (const guest of town.everybody.slice(1, 1 + guests)) town.enter(guest, link, () => true);
  if (guests > 2) town.enter(town.liar, link, () => true);
  await town.pass(2_000);
  return town;
}

describe("joins, leaves, removals, hand-overs, partitions, restarts, storms and lies, in any order", () => {
  it.each([
    ["a sealed room", true],
    ["an open room", false],
  ])(
    "never let in whom they must not, and end with all honest members agreeing: %s",
    async (_, sealed) => {
      const property = fc.asyncProperty(
        fc.commands(steps, { maxCommands: 60, size: "max" }),
        fc.nat({ max: 4 }),
        async (chosen, guests) => {
          const town = await townOf(sealed, guests);
          await fc.asyncModelRun(() => ({ model: town, real: town }), chosen);
          await town.reunite();
          runs++;
          commands += town.steps;
          for (const { trust } of town.everybody) trust.dispose();
        },
      );
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    },
    3_600_000,
  );
});
