import { Command } from "commander";
import { type Failure, fail } from "../../../shared/base/result.ts";
import type { HostSnapshot, InboundRule } from "../../../shared/ipc/contract.ts";
import { isServerInUse, reachArgument, readEntry } from "../entry.ts";
import { newPin, pinArgument, sayInvitation } from "../invitation.ts";
import { createOutput, EXIT_USAGE } from "../output.ts";
import { shownRoom } from "../shown.ts";
import {
  ask,
  askPatiently,
  complain,
  type GlobalOptions,
  pickRoom,
  type RoomOptions,
  roomOf,
  roomOption,
} from "./ask.ts";

const reachOption = [
  "--reach <rule>",
  "what members may begin with this computer: all, none, or ports such as tcp:22,udp:27015",
  reachArgument,
] as const;

interface EntryOptions extends GlobalOptions {
  readonly pin?: string;
  readonly reach?: InboundRule;
}

const inboundOf = ({ reach }: EntryOptions) => (reach === undefined ? {} : { inbound: reach });

export function createCommand(): Command {
  return new Command("create")
    .description("create a room, and show what others need to join it")
    .argument("<name>", "what the room is called")
    .option("--pin <pin>", "four digits (default: made up)", pinArgument)
    .option("--open", "let in whoever has the PIN; else who has not got the link waits at the door")
    .option(...reachOption)
    .action(async (name: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<EntryOptions & { open?: boolean }>();
      const { pin = newPin(), open = false } = options;
      const wanted = { name, pin, sealed: !open, ...inboundOf(options) };
      const queuedUntil = ({ creationQueuedUntil }: HostSnapshot) => creationQueuedUntil;
      await askPatiently(options, "create", wanted, queuedUntil, (room) =>
        ask(options, "invite", { roomId: room.roomId }, (invitation, output) => {
          const { link, sealed } = invitation;
          if (output.json) output.emit({ ...shownRoom(room), pin, link, sealed });
          else sayInvitation(invitation, output);
        }),
      );
    });
}

export function inviteCommand(): Command {
  return new Command("invite")
    .description("show what others need to join a room: its link and its PIN")
    .option(...roomOption)
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "status", {}, ({ rooms }, output) => {
        const room = pickRoom(options.room, rooms);
        if (!room.ok) return complain(room.error, output);
        return ask(options, "invite", { roomId: room.value.roomId }, sayInvitation);
      });
    });
}

export function joinCommand(): Command {
  return new Command("join")
    .description("join a room")
    .argument("<room>", "an invitation's link, or the room's id; - reads it from standard input")
    .requiredOption("--pin <pin>", "the room's PIN: four digits", pinArgument)
    .option("--here", "the room is on the server in use, by whatever name the link knows it")
    .option(...reachOption)
    .action(async (named: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<EntryOptions & { pin: string; here?: boolean }>();
      const entry = await readEntry(named);
      if (!entry.ok) return complain(entry.error, createOutput(options.json ?? false), EXIT_USAGE);
      const { server, ...secrets } = entry.value;
      const wanted = { ...secrets, pin: options.pin, ...inboundOf(options) };
      const queuedUntil = ({ rooms }: HostSnapshot) =>
        rooms.find(({ roomId }) => roomId === secrets.roomId)?.queuedUntil;
      const join = () =>
        askPatiently(options, "join", wanted, queuedUntil, (room, output) => {
          output.emit(shownRoom(room));
          output.say(`In the room "${room.name}". Its members: govpn peers`);
          if (secrets.key === undefined) output.say("If it has a door, somebody inside has to let you in: govpn door");
        });
      if (server === undefined || options.here) return join();
      await ask(options, "status", {}, ({ server: inUse }, output) =>
        isServerInUse(server, inUse) ? join() : complain(otherServer(server, inUse.url), output),
      );
    });
}

function otherServer(named: string, inUse: string): Failure {
  return fail("other_server", `the link's room is on ${named}, and this machine is connected to ${inUse}`).error;
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

export function leaveCommand(): Command {
  return new Command("leave")
    .description("leave a room; a room of yours is closed for everybody, unless you hand it over first")
    .option(...roomOption)
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      await ask(options, "leave", roomOf(options), (left, output) => {
        output.emit(left);
        output.say(left.delivered ? "Left." : "Left here; the server is told as soon as it can be reached.");
      });
    });
}
