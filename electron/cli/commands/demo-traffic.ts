import { Command } from "commander";
import { receive, roundTrips, send } from "../demo/traffic.ts";
import { createOutput } from "../output.ts";

/** What `govpn demo` runs on its machines; not for people, so help does not list it. */
export function demoTrafficCommand(): Command {
  const print = createOutput(true).emit;
  const port = (text: string) => Number(text);
  const command = new Command("demo-traffic").description("one end of a measurement of govpn demo");
  command.command("receive <host>").action(async (host: string) => {
    await receive(host, print);
    // Until SIGTERM.
    await new Promise<never>(() => {});
  });
  command
    .command("send <host> <port> <ms>")
    .action((host: string, to: string, ms: string) => send(host, port(to), Number(ms), print));
  command
    .command("round-trips <host> <port> <count>")
    .action((host: string, to: string, count: string) => roundTrips(host, port(to), Number(count), print));
  return command;
}
