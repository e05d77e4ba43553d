import { Command, CommanderError } from "commander";
import { VERSION } from "../main/version.ts";
import { demoCommand } from "./commands/demo.ts";
import { demoTrafficCommand } from "./commands/demo-traffic.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { banCommand, doorCommand, kickCommand, letInCommand, turnAwayCommand, unbanCommand } from "./commands/door.ts";
import { identityCommand } from "./commands/identity.ts";
import { reachCommand } from "./commands/reach.ts";
import { createCommand, inviteCommand, joinCommand, leaveCommand, renameCommand } from "./commands/rooms.ts";
import { serveCommand } from "./commands/serve.ts";
import { downCommand, peersCommand, pingCommand, statusCommand } from "./commands/status.ts";
import {
  acceptKeyCommand,
  comparedCommand,
  handOverCommand,
  rulesCommand,
  trustCommand,
  untrustCommand,
  wordsCommand,
} from "./commands/trust.ts";
import { uiCommand } from "./commands/ui.ts";
import { startCommand, upCommand } from "./commands/up.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from "./output.ts";
import { endWithReader } from "./signals.ts";

function program(): Command {
  const root = new Command("govpn")
    .description("A private network among friends: create a room, share its link and PIN, reach each other's machines.")
    .version(VERSION)
    .option("--profile <dir>", "folder with this machine's identity and rooms (default: the platform's data folder)")
    .option("--json", "print one JSON object a line")
    .addHelpText(
      "after",
      `
The first time:
  govpn demo                                         see it work, on this machine alone
  govpn serve --host 0.0.0.0                         on a machine that all can reach
  govpn up --server HOST:8080 --create "My room"     on the first machine; prints a link and a PIN
  govpn up --join LINK --pin PIN                     on every other machine

Exit status: 0 done, 1 failed, 2 bad usage.`,
    );
  for (const command of [
    startCommand(),
    upCommand(),
    downCommand(),
    statusCommand(),
    uiCommand(),
    peersCommand(),
    pingCommand(),
    createCommand(),
    inviteCommand(),
    joinCommand(),
    renameCommand(),
    leaveCommand(),
    doorCommand(),
    letInCommand(),
    turnAwayCommand(),
    kickCommand(),
    banCommand(),
    unbanCommand(),
    trustCommand(),
    untrustCommand(),
    handOverCommand(),
    rulesCommand(),
    reachCommand(),
    wordsCommand(),
    comparedCommand(),
    acceptKeyCommand(),
    serveCommand(),
    identityCommand(),
    doctorCommand(),
    demoCommand(),
  ]) {
    root.addCommand(command);
  }
  root.addCommand(demoTrafficCommand(), { hidden: true });
  forEachCommand(root, (command) => command.exitOverride().showHelpAfterError("(govpn help COMMAND tells more)"));
  return root;
}

function forEachCommand(command: Command, change: (command: Command) => unknown): void {
  change(command);
  for (const child of command.commands) forEachCommand(child, change);
}

async function main(): Promise<number> {
  endWithReader();
  const root = program();
  // Nothing was asked, so nothing is wrong: help goes where it can be read and piped.
  if (process.argv.length <= 2) {
    root.outputHelp();
    return EXIT_DONE;
  }
  try {
    await root.parseAsync();
    return Number(process.exitCode ?? EXIT_DONE);
  } catch (error) {
    // Commander has already said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : badUsage(error);
    process.stderr.write(`govpn: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT_FAILED;
  }
}

/** Commander has told people on standard error; a program reads standard output. */
function badUsage({ message }: CommanderError): number {
  const [, sentence = "Which command? govpn help lists them."] = /^error: (.*)$/s.exec(message) ?? [];
  if (process.argv.includes("--json")) createOutput(true).complain("usage", sentence);
  return EXIT_USAGE;
}

const status = await main();
// Ends at once, whatever may still hold the process; what was printed is flushed first.
process.stdout.write("", () => process.exit(status));
