import { Command } from "commander";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { RoomView } from "../../../shared/ipc/contract.ts";
import type { ControlMethod, ControlParams, ControlReplies } from "../../../shared/ipc/control.ts";
import { askHost } from "../control-client.ts";
import { newPin, pinArgument, sayInvitation } from "../invitation.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, type Output } from "../output.ts";
import { inWords } from "../words.ts";

interface GlobalOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

interface RoomOptions extends GlobalOptions {
  readonly room?: string;
}

const roomOption = ["--room <id>", "which room, if you are in several"] as const;
const roomOf = ({ room }: RoomOptions) => (room === undefined ? {} : { roomId: room });

/** Asks the running host one thing and shows the answer; the exit status says whether it was done. */
export async function ask<M extends ControlMethod>(
  options: GlobalOptions,
  method: M,
  params: ControlParams<M>,
  show: (reply: ControlReplies[M], output: Output) => unknown,
): Promise<void> {
  const output = createOutput(options.json ?? false);
  const reply = await askHost(options.profile, method, params);
  if (!reply.ok) {
    output.complain(reply.error.code, inWords(reply.error));
    process.exitCode = EXIT_FAILED;
    return;
  }
  process.exitCode = EXIT_DONE;
  await show(reply.value, output);
}

export function createCommand(): Command {
  return new Command("create")
    .description("create a room, and show what others need to join it")
    .argument("<name>", "what the room is called")
    .option("--pin <pin>", "four digits (default: made up)", pinArgument)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & { pin?: string }>();
      await ask(options, "create", { name, pin: options.pin ?? newPin() }, async (room, output) => {
        output.emit(room);
        if (output.json) return;
        await ask(options, "status", {}, ({ server }) => sayInvitation(room, server, output));
      });
    });
}

export function inviteCommand(): Command {
  return new Command("invite")
    .description("show what others need to join a room: its id, its PIN and the server")
    .option(...roomOption)
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "status", {}, ({ rooms, server }, output) => {
        const room = pickRoom(rooms, options.room);
        if (room.ok) return sayInvitation(room.value, server, output);
        output.complain(room.error.code, inWords(room.error));
        process.exitCode = EXIT_FAILED;
      });
    });
}

function pickRoom(rooms: readonly RoomView[], named: string | undefined): Result<RoomView> {
  const found = rooms.filter(({ roomId, name }) => named === undefined || named === roomId || named === name);
  const [room] = found;
  if (room && found.length === 1) return ok(room);
  if (rooms.length === 0) return fail("no_room", "this machine is in no room");
  return room ? fail("which_room", "several rooms fit") : fail("unknown_room", "this machine is not in that room");
}

export function joinCommand(): Command {
  return new Command("join")
    .description("join a room")
    .argument("<id>", "the room's id")
    .requiredOption("--pin <pin>", "the room's PIN: four digits", pinArgument)
    .action(async (roomId: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & { pin: string }>();
      await ask(options, "join", { roomId, pin: options.pin }, (room, output) => {
        output.emit(room);
        output.say(`In the room "${room.name}". Its members: govpn peers`);
      });
    });
}

export function renameCommand(): Command {
  return new Command("rename")
    .description("rename a room of yours")
    .argument("<name>", "the new name")
    .option(...roomOption)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "rename", { ...roomOf(options), name }, (renamed, output) => {
        output.emit(renamed);
        output.say(`The room is called "${renamed.name}" now.`);
      });
    });
}

export function kickCommand(): Command {
  return new Command("kick")
    .description("remove a member from a room of yours")
    .argument("<member>", "its name, address or public key")
    .option(...roomOption)
    .action(async (member: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "kick", { ...roomOf(options), member }, (kicked, output) => {
        output.emit(kicked);
        output.say(`${kicked.username} is out of the room. With the PIN it can come back.`);
      });
    });
}

export function leaveCommand(): Command {
  return new Command("leave")
    .description("leave a room; a room of yours is closed for everybody")
    .option(...roomOption)
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "leave", roomOf(options), (left, output) => {
        output.emit(left);
        output.say(left.delivered ? "Left." : "Left here; the server is told as soon as it can be reached.");
      });
    });
}
