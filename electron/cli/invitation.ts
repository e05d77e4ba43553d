import { randomInt } from "node:crypto";
import { InvalidArgumentError } from "commander";
import type { HostSnapshot, RoomView } from "../../shared/ipc/contract.ts";
import { PIN_PATTERN } from "../../shared/protocols/govpn/limits.ts";
import { invocation } from "./invocation.ts";
import type { Output } from "./output.ts";

/** Four digits, none more likely than another. */
export function newPin(): string {
  return String(randomInt(10_000)).padStart(4, "0");
}

/** For `--pin` of any command. */
export function pinArgument(text: string): string {
  if (PIN_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("A PIN is exactly four digits, for example 4821.");
}

/** What others need to join. It holds the room's secret: shown to whoever made the room, or asked for an invitation. */
export function sayInvitation(room: RoomView, { url, publicUrl }: HostSnapshot["server"], output: Output): void {
  if (room.pin === undefined) return;
  const server = publicUrl ?? url;
  output.emit({ event: "invitation", roomId: room.roomId, name: room.name, pin: room.pin, server });
  output.say();
  output.say(`  Room "${room.name}"`);
  output.say(`  id   ${room.roomId}`);
  output.say(`  PIN  ${room.pin}`);
  output.say();
  output.say(
    publicUrl === undefined
      ? "To join, on this machine alone (the server listens here only):"
      : "To join, on another machine:",
  );
  const elsewhere = publicUrl === undefined ? `${invocation()} --profile OTHER` : invocation();
  output.say(`  ${elsewhere} up --server ${server} --join ${room.roomId} --pin ${room.pin}`);
}
