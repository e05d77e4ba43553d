import { randomInt } from "node:crypto";
import { InvalidArgumentError } from "commander";
import type { Invitation } from "../../shared/ipc/app.ts";
import { PIN_PATTERN } from "../../shared/protocols/govpn/limits.ts";
import { invocation, quoted } from "./invocation.ts";
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

/** What others need to join. It holds the room's secrets: shown to whoever made the room, or asked for an invitation. */
export function sayInvitation(invitation: Invitation, output: Output): void {
  const { roomId, name, pin, server, link, sealed, reachable } = invitation;
  output.emit({ event: "invitation", roomId, name, pin, server, link, sealed });
  output.say();
  output.say(`  Room "${name}"`);
  output.say(`  id    ${roomId}`);
  output.say(`  PIN   ${pin}`);
  output.say(`  link  ${link}`);
  output.say();
  output.say(
    reachable ? "To join, on another machine:" : "To join, on this machine alone (the server listens here only):",
  );
  output.say(
    `  ${reachable ? invocation() : `${invocation()} --profile OTHER`} up --join ${quoted(link)} --pin ${pin}`,
  );
  output.say(
    sealed
      ? "Who has the link and the PIN comes in. Who has the id and the PIN alone waits at the door: govpn door"
      : "Who has the PIN comes in: the link holds no key.",
  );
}
