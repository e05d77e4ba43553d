import { Command, InvalidArgumentError } from "commander";
import type { HostSnapshot, MemberView, RoomView } from "../../../shared/ipc/contract.ts";
import { askHost } from "../control-client.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, table } from "../output.ts";
import { roundTripsInWords, summarize } from "../round-trips.ts";
import { bytes, duration, inWords } from "../words.ts";
import { ask } from "./rooms.ts";

interface GlobalOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command("status")
    .description("show this machine, its server, its rooms and their members")
    .action(async (_: unknown, self: Command) => {
      await ask(self.optsWithGlobals<GlobalOptions>(), "status", {}, (status, output) => {
        output.emit(status);
        for (const line of statusLines(status)) output.say(line);
      });
    });
}

export function peersCommand(): Command {
  return new Command("peers")
    .description("list the members of every room, with their addresses and links")
    .action(async (_: unknown, self: Command) => {
      await ask(self.optsWithGlobals<GlobalOptions>(), "status", {}, (status, output) => {
        for (const room of status.rooms) {
          for (const member of room.members) output.emit({ roomId: room.roomId, ...member });
          for (const line of memberLines(room)) output.say(line);
        }
        if (status.rooms.length === 0) output.say('In no room. Create one with: govpn create "My room"');
      });
    });
}

export function pingCommand(): Command {
  return new Command("ping")
    .description("measure the round trip to a member over its link, without the network device")
    .argument("<member>", "its name, address or public key")
    .option("-c, --count <n>", "how many round trips", countNumber, 4)
    .action(async (member: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & { count: number }>();
      await ask(options, "ping", { member, count: options.count }, ({ username, sent, rttMs, publicKey }, output) => {
        const figures = summarize(sent, rttMs);
        output.emit({ publicKey, username, ...figures });
        if (figures.received === 0) process.exitCode = EXIT_FAILED;
        output.say(`${username}: ${roundTripsInWords(figures)}`);
      });
    });
}

export function downCommand(): Command {
  return new Command("down")
    .description("stop the running GoVPN of this profile; its rooms are kept")
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions>();
      const output = createOutput(options.json ?? false);
      const reply = await askHost(options.profile, "down", {});
      if (reply.ok) output.emit(reply.value);
      if (reply.ok) output.say("GoVPN goes down.");
      else output.complain(reply.error.code, inWords(reply.error));
      process.exitCode = reply.ok ? EXIT_DONE : EXIT_FAILED;
    });
}

function statusLines({ username, ipv4, ipv6, server, tunnel, rooms, traffic }: HostSnapshot): string[] {
  const device =
    tunnel.state === "up"
      ? `${tunnel.device}, MTU ${tunnel.mtu}`
      : tunnel.state === "failed"
        ? `none: ${tunnel.message}`
        : "none";
  const waiting = server.reason === undefined ? "" : ` (${server.reason})`;
  const lines = table([
    ["Machine", username],
    ["Addresses", `${ipv4}, ${ipv6}`],
    ["Device", device],
    ["Server", `${server.url}, ${server.state}${waiting}`],
    ["Traffic", `${bytes(traffic.bytesIn)} in, ${bytes(traffic.bytesOut)} out`],
  ]);
  if (rooms.length === 0) lines.push("", 'In no room. Create one with: govpn create "My room"');
  for (const room of rooms) lines.push("", ...memberLines(room));
  return lines;
}

function memberLines(room: RoomView): string[] {
  const title = `${room.name || room.roomId} (${room.roomId}), ${room.state}${room.owner ? ", yours" : ""}`;
  return [title, ...table(room.members.map((member) => ["", ...memberCells(member)]))];
}

function memberCells({ username, ipv4, ipv6, state, path, lane, rttMs, verified, traffic }: MemberView): string[] {
  if (state === "self") return [username, ipv4, ipv6, "this machine"];
  const link =
    state === "connected" ? `${path}, ${lane}, ${duration(rttMs ?? 0)}${verified ? "" : ", not verified"}` : state;
  const volume = traffic ? `${bytes(traffic.bytesIn)} in, ${bytes(traffic.bytesOut)} out` : "";
  return [username, ipv4, ipv6, link, volume];
}

function countNumber(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError("Give a number from 1 to 100.");
}
