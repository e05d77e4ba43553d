import { type Failure, fail, ok, type Result } from "../../../shared/base/result.ts";
import type { RoomView } from "../../../shared/ipc/contract.ts";
import type { ControlMethod, ControlParams, ControlReplies } from "../../../shared/ipc/control.ts";
import { systemClock } from "../../adapters/clock.ts";
import { askHost } from "../control-client.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, type Output } from "../output.ts";
import { type QueuedUntil, tellOfWait } from "../waiting.ts";
import { inWords } from "../words.ts";

/** What every command that speaks to the running host has in common. */

export interface GlobalOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

export interface RoomOptions extends GlobalOptions {
  readonly room?: string;
}

export const roomOption = ["--room <id>", "which room, if you are in several"] as const;
export const roomOf = ({ room }: RoomOptions) => (room === undefined ? {} : { roomId: room });

/** Asks the running host one thing and shows the answer; the exit status says whether it was done. */
export async function ask<M extends ControlMethod>(
  options: GlobalOptions,
  method: M,
  params: ControlParams<M>,
  show: (reply: ControlReplies[M], output: Output) => unknown,
): Promise<void> {
  const output = createOutput(options.json ?? false);
  const reply = await askHost(options.profile, method, params);
  if (!reply.ok) return complain(reply.error, output);
  process.exitCode = EXIT_DONE;
  await show(reply.value, output);
}

/** The same for what may have to wait: the person is told what for. */
export async function askPatiently<M extends ControlMethod>(
  options: GlobalOptions,
  method: M,
  params: ControlParams<M>,
  queuedUntil: QueuedUntil,
  show: (reply: ControlReplies[M], output: Output) => unknown,
): Promise<void> {
  const wait = tellOfWait(queuedUntil, {
    clock: systemClock,
    output: createOutput(options.json ?? false),
    status: () => askHost(options.profile, "status", {}),
  });
  try {
    await ask(options, method, params, (reply, output) => {
      wait.dispose();
      return show(reply, output);
    });
  } finally {
    wait.dispose();
  }
}

/** Says what is wrong, and has the program end with a status that says so. */
export function complain(failure: Failure, output: Output, status: number = EXIT_FAILED): void {
  output.complain(failure.code, inWords(failure));
  process.exitCode = status;
}

/** The room that was named, by id or name; the only one where none was. Fails as the host does where it picks one. */
export function pickRoom(named: string | undefined, rooms: readonly RoomView[]): Result<RoomView> {
  const found = rooms.filter(({ roomId, name }) => named === undefined || named === roomId || named === name);
  const [room] = found;
  if (room && found.length === 1) return ok(room);
  if (rooms.length === 0) return fail("no_room", "this machine is in no room");
  return room ? fail("which_room", "several rooms fit") : fail("unknown_room", "this machine is not in that room");
}
