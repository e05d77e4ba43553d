import { Command } from "commander";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { HostSnapshot, MemberInRoom, RoomView } from "../../../shared/ipc/contract.ts";
import type { ControlParams } from "../../../shared/ipc/control.ts";
import { askHost } from "../control-client.ts";
import { quoted } from "../invocation.ts";
import { createOutput, type Output, table } from "../output.ts";
import { turnedAwayInWords } from "../standing.ts";
import { ask, complain, type GlobalOptions, pickRoom, type RoomOptions, roomOf, roomOption } from "./ask.ts";

/** Who comes in and who does not: the door, and those who were removed. */

export function doorCommand(): Command {
  return new Command("door")
    .description("show who waits at the door of a room, with the words to compare by voice")
    .argument("[room]", "its id or name (default: every room)")
    .action(async (named: string | undefined, _: unknown, self: Command) => {
      await ask(self.optsWithGlobals<GlobalOptions>(), "status", {}, (status, output) => {
        const room = named === undefined ? undefined : pickRoom(named, status.rooms);
        if (room && !room.ok) return complain(room.error, output);
        showDoors(room ? [room.value] : status.rooms, status, output);
      });
    });
}

function showDoors(rooms: readonly RoomView[], { publicKey: self }: HostSnapshot, output: Output): void {
  const knocking = rooms.map((room) => ({ room, at: room.members.filter(({ standing }) => standing === "door") }));
  for (const { room, at } of knocking) {
    for (const { publicKey, username, ipv4, words, changedKey } of at) {
      output.emit({ roomId: room.roomId, publicKey, username, ipv4, words, ...(changedKey && { changedKey }) });
    }
    if (at.length > 0) output.say(`At the door of "${room.name}":`);
    const rows = at.map(({ username, ipv4, words, changedKey }) => [
      "",
      username,
      ipv4,
      `${words}${changedKey ? "   CHANGED KEY: somebody else had this name" : ""}`,
    ]);
    for (const line of table(rows)) output.say(line);
    if (at.length > 0) output.say(whatToDo(room));
    const words = room.members.find(({ publicKey }) => publicKey === self)?.words;
    const turnedAway = turnedAwayInWords(room);
    if (turnedAway !== "") output.say(turnedAway);
    if (room.trust.waiting) output.say(`This machine waits at the door of "${room.name}". Its words: ${words}`);
  }
  if (knocking.every(({ room, at }) => at.length === 0 && !room.trust.waiting)) output.say("Nobody is at the door.");
}

function whatToDo({ trust }: RoomView): string {
  return trust.canLetIn
    ? "Have them read their words to you by voice. If they are the same: govpn let-in MEMBER; if not: govpn turn-away MEMBER"
    : "This machine may not let them in: the owner, or whom it trusts, does.";
}

/** What is asked of the host about one member of a room. */
type MemberMethod = "letIn" | "turnAway" | "kick" | "setRole" | "handOver" | "acceptKey";

/** A command about one member of a room. @param more what the method takes beside room and member */
export function memberCommand<M extends MemberMethod>(
  [name, description]: readonly [name: string, description: string],
  method: M,
  more: Omit<ControlParams<M>, "roomId" | "member">,
  told: (member: MemberInRoom) => string,
): Command {
  return new Command(name)
    .description(description)
    .argument("<member>", "its name, address or public key")
    .option(...roomOption)
    .action(async (member: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      // The compiler does not put the two halves of a generic type together.
      const params = { ...roomOf(options), member, ...more } as ControlParams<M>;
      await ask(options, method, params, (done, output) => {
        output.emit(done);
        output.say(told(done as MemberInRoom));
      });
    });
}

export function letInCommand(): Command {
  return memberCommand(
    ["let-in", "let in somebody who is at the door of a room"],
    "letIn",
    {},
    ({ username }) => `${username} is let in.`,
  );
}

export function turnAwayCommand(): Command {
  return memberCommand(
    ["turn-away", "say no to somebody who is at the door of a room; it may knock again in ten minutes"],
    "turnAway",
    {},
    ({ username }) =>
      `${username} is turned away for ten minutes. To let it in after all: govpn let-in ${quoted(username)}`,
  );
}

export function kickCommand(): Command {
  return memberCommand(
    ["kick", "remove a member from a room of yours; it may knock again"],
    "kick",
    {},
    ({ username }) => `${username} is out of the room. It may knock; only you can let it in again.`,
  );
}

export function banCommand(): Command {
  return memberCommand(
    ["ban", "remove a member from a room of yours, for good"],
    "kick",
    { ban: true },
    ({ username }) =>
      `${username} is out of the room, and may not knock. To take that back: govpn unban ${quoted(username)}`,
  );
}

export function unbanCommand(): Command {
  return new Command("unban")
    .description("let somebody knock again who was removed from a room of yours")
    .argument("<key>", "its public key, or the name it had")
    .option(...roomOption)
    .action(async (named: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RoomOptions>();
      const status = await askHost(options.profile, "status", {});
      const found = status.ok ? findRemoved(named, options.room, status.value) : status;
      if (!found.ok) return complain(found.error, createOutput(options.json ?? false));
      const { roomId, publicKey, username } = found.value;
      await ask(options, "unban", { roomId, publicKey }, (done, output) => {
        output.emit({ ...done, publicKey, username });
        output.say(`${username || publicKey} may knock at the door again.`);
      });
    });
}

function findRemoved(named: string, room: string | undefined, { rooms }: HostSnapshot): Result<MemberInRoom> {
  const picked = pickRoom(room, rooms);
  if (!picked.ok) return picked;
  const { roomId, trust } = picked.value;
  const found = Object.entries(trust.removed).flatMap(([key, { username }]) =>
    named === key || named === username ? [{ roomId, publicKey: key as PublicKey, username }] : [],
  );
  const [one] = found;
  if (!one) return fail("not_removed", "nobody of that name or key was removed from the room");
  return found.length === 1 ? ok(one) : fail("which_removed", `several who were removed were called "${named}"`);
}
