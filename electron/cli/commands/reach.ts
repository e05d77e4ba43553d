import { Command } from "commander";
import { ok } from "../../../shared/base/result.ts";
import { parseInboundRule, type RoomView } from "../../../shared/ipc/contract.ts";
import { createOutput, EXIT_USAGE, type Output, table } from "../output.ts";
import { reachInWords } from "../standing.ts";
import { ask, complain, pickRoom, type RoomOptions, roomOf, roomOption } from "./ask.ts";

const DEFAULT = "default";

/** `govpn reach`: what members may begin with this computer. */
export function reachCommand(): Command {
  return new Command("reach")
    .description("show or set what members may begin with this computer: of a room, or one of them")
    .argument("[member]", "its name, address or public key; left out, the rule is the room's")
    .argument("[rule]", "all, none, ports such as tcp:22,udp:27015-27030, or default")
    .option(...roomOption)
    .addHelpText(
      "after",
      `
Examples:
  govpn reach                          shows who may begin what, and how much was refused
  govpn reach none                     members of the room may begin nothing
  govpn reach ben tcp:22,udp:27015     ben may reach these ports, and ping
  govpn reach ben default              ben goes by the room's rule again

Replies to what this computer begins always pass.`,
    )
    .action(async (first: string | undefined, second: string | undefined, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      if (first === undefined) return showRules(options, undefined);
      const [member, rule] = second === undefined ? [undefined, first] : [first, second];
      const read = rule === DEFAULT ? ok(undefined) : parseInboundRule(rule);
      if (!read.ok) return complain(read.error, createOutput(options.json ?? false), EXIT_USAGE);
      const params = {
        ...roomOf(options),
        ...(member !== undefined && { member }),
        ...(read.value && { rule: read.value }),
      };
      await ask(options, "setInbound", params, ({ roomId }) => showRules({ ...options, room: roomId }, member));
    });
}

function showRules(options: RoomOptions, named: string | undefined): Promise<void> {
  return ask(options, "status", {}, ({ rooms }, output) => {
    const room = options.room === undefined ? undefined : pickRoom(options.room, rooms);
    if (room && !room.ok) return complain(room.error, output);
    const shown = room ? [room.value] : rooms;
    if (shown.length === 0) output.say('In no room. Create one with: govpn create "My room"');
    for (const each of shown) showRoom(each, named, output);
  });
}

function showRoom({ roomId, name, trust, members }: RoomView, named: string | undefined, output: Output): void {
  output.emit({ roomId, name, inbound: trust.inbound });
  output.say(`Members of "${name}" may begin ${reachInWords(trust.inbound)} with this computer.`);
  const others = members.filter(({ state }) => state !== "self");
  const shown = others.filter(
    ({ publicKey, username, ipv4, ipv6 }) => named === undefined || [publicKey, username, ipv4, ipv6].includes(named),
  );
  for (const { publicKey, username, inbound } of shown) output.emit({ roomId, publicKey, username, inbound });
  const rows = shown.map(({ username, inbound: { rule, own, refused } }) => [
    "",
    username,
    `${reachInWords(rule)}${own ? ", a rule of its own" : ""}`,
    `${refused} packets refused`,
  ]);
  for (const line of table(rows)) output.say(line);
}
