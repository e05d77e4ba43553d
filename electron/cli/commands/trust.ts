import { Command, Option } from "commander";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { safetyWords } from "../../../shared/identity/safety-words.ts";
import { DOORS, type Doors, type HostSnapshot, type MemberView } from "../../../shared/ipc/contract.ts";
import { table } from "../output.ts";
import { sealInWords } from "../standing.ts";
import { ask, complain, type GlobalOptions, pickRoom, type RoomOptions, roomOf, roomOption } from "./ask.ts";
import { memberCommand } from "./door.ts";

/** Whom to trust: roles, the room's owner and rules, and safety words. */

export function trustCommand(): Command {
  return memberCommand(
    ["trust", "have a member of a room of yours let others in, too"],
    "setRole",
    { role: "trusted" },
    ({ username }) =>
      `${username} is trusted: where the rules allow it, it lets others in. Take it back: govpn untrust`,
  );
}

export function untrustCommand(): Command {
  return memberCommand(
    ["untrust", "make a trusted member one like any other"],
    "setRole",
    { role: "member" },
    ({ username }) => `${username} is a member like any other.`,
  );
}

export function handOverCommand(): Command {
  return memberCommand(
    ["hand-over", "make a member the owner of a room in your place"],
    "handOver",
    {},
    ({ username }) => `The room is offered to ${username}: it is the owner as soon as its GoVPN takes it, in a moment.`,
  );
}

export function acceptKeyCommand(): Command {
  return memberCommand(
    ["accept-key", "take a member's new key for the one that belongs to its name, after you compared its words"],
    "acceptKey",
    {},
    ({ username }) => `The new key is ${username}'s from now on.`,
  );
}

interface RulesOptions extends RoomOptions {
  readonly sealed?: boolean;
  readonly open?: boolean;
  readonly doors?: Doors;
}

export function rulesCommand(): Command {
  return new Command("rules")
    .description("show the rules of a room, or change those of a room of yours")
    .addOption(new Option("--sealed", "who has not got the link waits at the door").conflicts("open"))
    .option("--open", "who has the PIN comes in")
    .addOption(new Option("--doors <who>", "who lets in whoever waits at the door").choices(DOORS))
    .option(...roomOption)
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RulesOptions>();
      const { sealed, open, doors } = options;
      if (!sealed && !open && doors === undefined) return showRules(options);
      const rules = { ...((sealed || open) && { sealed: sealed ?? false }), ...(doors && { doors }) };
      await ask(options, "setRules", { ...roomOf(options), ...rules }, ({ roomId }) =>
        showRules({ ...options, room: roomId }),
      );
    });
}

function showRules(options: RoomOptions): Promise<void> {
  return ask(options, "status", {}, ({ rooms }, output) => {
    const room = pickRoom(options.room, rooms);
    if (!room.ok) return complain(room.error, output);
    const { roomId, name, trust } = room.value;
    const { seal, doors, role, canLetIn } = trust;
    output.emit({ roomId, name, seal, doors, role, canLetIn });
    output.say(`"${name}" (${roomId}) is ${sealInWords(trust)}.`);
  });
}

export function wordsCommand(): Command {
  return new Command("words")
    .description("show the words that stand for this machine's key and for members' keys, to compare by voice")
    .argument("[member]", "its name, address or public key (default: everybody)")
    .action(async (named: string | undefined, _: unknown, self: Command) => {
      await ask(self.optsWithGlobals<GlobalOptions>(), "status", {}, (status, output) => {
        const found = membersOf(status, named);
        if (!found.ok) return complain(found.error, output);
        const { publicKey, username } = status;
        const own = { publicKey, username, words: safetyWords(publicKey), state: "self" as const, compared: false };
        const all = [own, ...found.value];
        for (const { publicKey, username, words, compared, state } of all) {
          output.emit({ publicKey, username, words, compared, isSelf: state === "self" });
        }
        const rows = all.map((each) => [each.username, each.words, markOf(each)]);
        for (const line of table(rows)) output.say(line.trimEnd());
      });
    });
}

function markOf({ state, compared }: Pick<MemberView, "state" | "compared">): string {
  if (state === "self") return "this machine: read these aloud";
  return compared ? "compared" : "";
}

/** Members of all rooms, each once: the one that was named, or everybody. */
function membersOf({ rooms }: HostSnapshot, named: string | undefined): Result<readonly MemberView[]> {
  const others = rooms.flatMap(({ members }) => members).filter(({ state }) => state !== "self");
  const wanted = others.filter(
    ({ publicKey, username, ipv4, ipv6 }) => named === undefined || [publicKey, username, ipv4, ipv6].includes(named),
  );
  const found = [...new Map(wanted.map((member) => [member.publicKey, member])).values()];
  if (named === undefined || found.length === 1) return ok(found);
  return found.length === 0
    ? fail("unknown_member", "no such member")
    : fail("which_member", `several members are called "${named}"`);
}

export function comparedCommand(): Command {
  return new Command("compared")
    .description("note that you compared a member's words by voice, and that they were the same")
    .argument("<member>", "its name, address or public key")
    .option("--no", "take it back")
    .action(async (member: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & { no?: boolean }>();
      const compared = !options.no;
      await ask(options, "setCompared", { member, compared }, (done, output) => {
        output.emit({ ...done, compared });
        output.say(`${done.username}: words ${compared ? "compared" : "not compared"}.`);
      });
    });
}
