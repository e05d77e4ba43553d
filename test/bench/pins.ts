import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openRoomStore } from "../../electron/adapters/store/libsql-room-store.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { type AttackFigures, attackPins } from "./pins/attack.ts";
import { describeComputer } from "./tunnel/machine.ts";

/*
 * How many guesses at a room's PIN get through: `npm run bench -- pins`. The server is the real one, with its own limits,
 * behind a proxy that it trusts; it is attacked over real sockets and a simulated day, and started anew at noon.
 */

const usage = `npm run bench -- pins [--addresses 1000] [--hours 24] [--every 60] [--json]
  --addresses  machines that guess together
  --hours      simulated hours of each attack
  --every      simulated minutes between one machine's guesses`;

interface Case {
  readonly name: string;
  readonly addresses: number;
  readonly everyMinutes: number;
  readonly memberKeys: number;
  readonly ownerKey: boolean;
}

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      addresses: { type: "string", default: "1000" },
      hours: { type: "string", default: "24" },
      every: { type: "string", default: "60" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const [addresses, hours, everyMinutes] = [values.addresses, values.hours, values.every].map(Number) as [
    number,
    number,
    number,
  ];
  const strangers = { addresses, everyMinutes, memberKeys: 0, ownerKey: false };
  const many = addresses.toLocaleString("en");
  const results: (AttackFigures & { readonly name: string })[] = [];
  for (const each of [
    { ...strangers, name: "1 address, a new key a guess", addresses: 1, everyMinutes: 1 },
    { ...strangers, name: `${many} addresses, a new key a guess` },
    { ...strangers, name: `the same, and 10 former members' keys`, memberKeys: 10 },
    { ...strangers, name: `the same, and 60 former members' and the owner's`, memberKeys: 60, ownerKey: true },
  ] satisfies Case[]) {
    results.push({ name: each.name, ...(await simulate(each, hours, !values.json)) });
  }
  const result = { benchmark: "pins", computer: describeComputer(), hours, results };
  if (!values.json) console.log(table(results));
  console.log(JSON.stringify(result));
  if (results.some(({ comparedInADay }) => comparedInADay > 200)) process.exitCode = 1;
}

async function simulate(each: Case, hours: number, isShown: boolean): Promise<AttackFigures> {
  const folder = mkdtempSync(join(tmpdir(), "govpn-pins-"));
  const show = (text: string) => {
    if (isShown && process.stderr.isTTY) process.stderr.write(text);
  };
  try {
    return await attackPins({
      ...each,
      hours,
      openStore: () => openRoomStore(join(folder, "rooms.db"), silentLogger),
      onHour: (hour) => show(`\r${each.name}: hour ${hour} of ${hours}  `),
    });
  } finally {
    show("\n");
    rmSync(folder, { recursive: true, force: true });
  }
}

function table(results: readonly (AttackFigures & { readonly name: string })[]): string {
  const rows = results.map(({ name, tried, compared, comparedInADay, refused, owner, member, newcomer }) =>
    [
      name,
      tried,
      compared,
      comparedInADay,
      refused,
      ...[owner, member, newcomer].map(({ letIn, of }) => `${letIn} of ${of}`),
    ].join(" | "),
  );
  const head = "who guesses | guesses | compared | in 24 h | refused | owner let in | member let in | newcomer let in";
  return [head, head.replace(/[^|]+/g, " --- ").trim(), ...rows].map((row) => `| ${row} |`).join("\n");
}
