import fc from "fast-check";
import { REMOVALS } from "../../../../shared/trust/policy.ts";
import type { RoomTrust } from "../../../../shared/trust/room-trust.ts";
import { DOORS } from "../../../../shared/trust/standing.ts";
import { den, type Machine } from "../world.ts";
import { lie, tellLie } from "./lies.ts";
import type { Town } from "./town.ts";

export type Step = fc.AsyncCommand<Town, Town>;

/** One thing that happens in a town, and all that follows from it. */
function step(text: string, can: (town: Town) => boolean, does: (town: Town) => unknown): Step {
  return {
    check: can,
    run: async (_, town) => {
      await does(town);
      await town.settle();
    },
    toString: () => text,
  };
}

const PEOPLE = 5;
/** The liar is the last one. */
const anybody = fc.nat({ max: PEOPLE });
const honest = fc.nat({ max: PEOPLE - 1 });
const pick = fc.nat({ max: 1_000 });
const two = fc.tuple(anybody, anybody).filter(([a, b]) => a !== b);
const at = (town: Town, n: number): Machine => town.everybody[n] ?? town.founder;
const name = (n: number) => ["ann", "ben", "cem", "dora", "emil", "liar"][n];

/** Whoever owns the room by its own lights does it; else some honest member tries. */
function actor(town: Town, n: number): Machine {
  const owner = town.honest.find((machine) => machine.trust.room(den)?.isOwner);
  return n % 4 !== 0 && owner ? owner : at(town, n % PEOPLE);
}

async function ask(
  town: Town,
  n: number,
  question: (room: RoomTrust, machine: Machine) => ReturnType<RoomTrust["rename"]>,
) {
  const machine = actor(town, n);
  const wasOwner = machine.trust.room(den)?.isOwner ?? false;
  const done = await machine.trust.ask(den, (room) => question(room, machine));
  if (done.ok && !wasOwner) throw new Error(`${machine.name} does what only the owner may`);
}

const isIn = (n: number) => (town: Town) => town.isIn(at(town, n));
const anyIn = (town: Town) => town.honest.some((machine) => town.isIn(machine));

export const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(anybody, pick, pick).map(([n, link, meets]) =>
    step(
      `${name(n)} opens link ${link}, meets ${meets}`,
      (town) => !town.isIn(at(town, n)) && town.links.length > 0,
      (town) => {
        // The last link half of the time: it is the one that holds.
        const links = town.links;
        const chosen = link % 2 === 0 ? links.at(-1) : links[link % links.length];
        town.enter(at(town, n), chosen ?? {}, (other) => meets % 3 === 0 || ((meets >> other.name.length) & 1) === 1);
      },
    ),
  ),
  fc.tuple(anybody, pick).map(([n, link]) =>
    step(
      `${name(n)} opens link ${link} of the room that it is in`,
      (town) => town.isIn(at(town, n)) && town.links.length > 0,
      (town) => town.open(at(town, n), town.links[link % town.links.length] ?? {}),
    ),
  ),
  anybody.map((n) =>
    step(
      `${name(n)} comes with the PIN alone`,
      (town) => !town.isIn(at(town, n)),
      (town) => town.enter(at(town, n), {}, () => true),
    ),
  ),
  anybody.map((n) =>
    step(
      `${name(n)} leaves`,
      // Who gives the room away and forgets it could give it away twice.
      (town) => town.isIn(at(town, n)) && at(town, n).trust.room(den)?.handingOverTo === undefined,
      (town) => town.leave(at(town, n)),
    ),
  ),
  two.map(([a, b]) =>
    step(
      `${name(a)} and ${name(b)} are connected`,
      (town) => isIn(a)(town) && isIn(b)(town),
      (town) => town.world.link(at(town, a), at(town, b)),
    ),
  ),
  two.map(([a, b]) =>
    step(
      `${name(a)} and ${name(b)} are cut off`,
      (town) => town.world.isLinked(at(town, a), at(town, b)),
      (town) => town.world.cut(at(town, a), at(town, b)),
    ),
  ),
  two.map(([a, b]) =>
    step(
      `${name(a)} is told that ${name(b)} is gone`,
      (town) => isIn(a)(town) && isIn(b)(town),
      (town) => {
        town.world.cut(at(town, a), at(town, b));
        at(town, a).trust.gone(at(town, b).key);
      },
    ),
  ),
  fc.tuple(anybody, pick).map(([n, meets]) =>
    step(`${name(n)} restarts, meets ${meets}`, isIn(n), (town) => {
      const machine = at(town, n);
      machine.restart();
      for (const [m, other] of town.everybody.entries()) {
        if (other !== machine && town.isIn(other) && ((meets >> m) & 1) === 1) town.world.link(machine, other);
      }
    }),
  ),
  fc
    .tuple(pick, anybody, fc.constantFrom(...REMOVALS))
    .map(([n, m, removal]) =>
      step(`${n} removes ${name(m)}: ${removal}`, anyIn, (town) =>
        ask(town, n, (room) => room.remove(at(town, m).key, removal)),
      ),
    ),
  fc
    .tuple(pick, anybody)
    .map(([n, m]) =>
      step(`${n} forgives ${name(m)}`, anyIn, (town) => ask(town, n, (room) => room.forgive(at(town, m).key))),
    ),
  fc.tuple(honest, pick).map(([n, which]) =>
    step(`${name(n)} lets in ${which}`, isIn(n), async (town) => {
      const waiting = town.everybody.filter((other) => at(town, n).standing(other) === "door");
      const guest = waiting[which % Math.max(1, waiting.length)] ?? at(town, which % (PEOPLE + 1));
      if (guest !== at(town, n)) await town.letIn(at(town, n), guest);
    }),
  ),
  two.map(([n, m]) =>
    step(`${name(n)} turns away ${name(m)}`, isIn(n), (town) => void at(town, n).room.turnAway(at(town, m).key)),
  ),
  fc
    .tuple(pick, anybody, fc.constantFrom("trusted" as const, "member" as const))
    .map(([n, m, role]) =>
      step(`${n} makes ${name(m)} ${role}`, anyIn, (town) =>
        ask(town, n, (room) => room.setRole(at(town, m).key, role)),
      ),
    ),
  fc
    .tuple(pick, fc.option(fc.boolean(), { nil: undefined }), fc.constantFrom(...DOORS))
    .map(([n, sealed, doors]) =>
      step(`${n} sets rules: sealed ${sealed}, doors ${doors}`, anyIn, (town) =>
        ask(town, n, (room) => room.setRules({ doors, ...(sealed !== undefined && { sealed }) })),
      ),
    ),
  pick.map((n) => step(`${n} renames`, anyIn, (town) => ask(town, n, (room) => room.rename(`Den ${n}`)))),
  fc
    .tuple(pick, honest)
    .map(([n, m]) =>
      step(`${n} hands over to ${name(m)}`, anyIn, (town) =>
        ask(town, n, (room, machine) => room.handOver(machine === at(town, m) ? town.founder.key : at(town, m).key)),
      ),
    ),
  fc.constantFrom(1_000, 5_000, 60_000, 700_000).map((ms) =>
    step(
      `${ms} ms pass`,
      () => true,
      (town) => town.pass(ms),
    ),
  ),
  fc.array(pick, { minLength: 20, maxLength: 40 }).map((fates) =>
    step(
      "a storm begins",
      ({ isStormy }) => !isStormy,
      (town) => {
        town.isStormy = true;
        let n = 0;
        town.world.weather = () => {
          const fate = fates[n++ % fates.length] ?? 0;
          return fate < 200 ? "lost" : fate < 350 ? "twice" : fate < 550 ? "later" : "arrives";
        };
      },
    ),
  ),
  fc.constant(
    step(
      "the storm is over",
      ({ isStormy }) => isStormy,
      async (town) => {
        town.world.weather = () => "arrives";
        await town.world.pass(700_000);
        await town.world.pass(700_000);
        town.isStormy = false;
      },
    ),
  ),
  ...Array.from({ length: 3 }, () =>
    fc.tuple(fc.array(fc.tuple(lie, pick), { minLength: 1, maxLength: 4 }), honest).map(([lies, to]) =>
      step(`the liar tells ${name(to)}: ${lies.map((each) => each.join(" ")).join(", ")}`, isIn(to), async (town) => {
        if (!town.world.isLinked(town.liar, at(town, to))) town.world.link(town.liar, at(town, to));
        for (const [kind, which] of lies) await tellLie(town, kind, at(town, to), which);
      }),
    ),
  ),
];
