import { Command, InvalidArgumentError } from "commander";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { safetyWords } from "../../../shared/identity/safety-words.ts";
import type { HostSnapshot, MemberView, RoomView, RuntimeView } from "../../../shared/ipc/contract.ts";
import { systemClock } from "../../adapters/clock.ts";
import { openProfile } from "../../adapters/profile/profile.ts";
import { askHost } from "../control-client.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, table } from "../output.ts";
import { roundTripsInWords, summarize } from "../round-trips.ts";
import { shownRoom } from "../shown.ts";
import { linkInWords, notesOn, removedInWords, sealInWords } from "../standing.ts";
import { queuedInWords } from "../waiting.ts";
import { bytes, duration, inWords } from "../words.ts";
import { ask } from "./ask.ts";

/** Links are told goodbye and the device is removed, in well under a second. */
const DOWN_WITHIN_MS = 10_000;
const DOWN_POLL_MS = 25;

interface GlobalOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command("status")
    .description("show this machine, its server, its rooms and their members")
    .action(async (_: unknown, self: Command) => {
      await ask(self.optsWithGlobals<GlobalOptions>(), "status", {}, (status, output) => {
        output.emit({ ...status, rooms: status.rooms.map(shownRoom) });
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
      const ended = reply.ok ? await untilFree(options.profile) : reply;
      if (ended.ok) output.emit({ event: "down" });
      if (ended.ok) output.say("GoVPN is down. Its rooms are kept.");
      else output.complain(ended.error.code, inWords(ended.error));
      process.exitCode = ended.ok ? EXIT_DONE : EXIT_FAILED;
    });
}

/** Until the profile can be used again, so that `govpn down && govpn up` works. */
async function untilFree(profileDir: string | undefined): Promise<Result<void>> {
  const profile = await openProfile(profileDir);
  if (!profile.ok) return profile;
  const deadline = systemClock.now() + DOWN_WITHIN_MS;
  while (systemClock.now() < deadline) {
    const lock = await profile.value.lock();
    if (lock.ok) {
      await lock.value.release();
      return ok(undefined);
    }
    await new Promise<void>((resolve) => systemClock.after(DOWN_POLL_MS, resolve));
  }
  return fail("still_running", "GoVPN was told to stop, and has not stopped yet");
}

function statusLines(status: HostSnapshot): string[] {
  const { publicKey, username, ipv4, ipv6, server, tunnel, rooms, traffic, runtime } = status;
  const device =
    tunnel.state === "up"
      ? `${tunnel.device}, MTU ${tunnel.mtu}`
      : tunnel.state === "failed"
        ? `none: ${inWords(tunnel)}`
        : "none, as asked";
  const waiting = server.reason === undefined ? "" : ` (${server.reason})`;
  const lines = table([
    ["Machine", username],
    ["Words", safetyWords(publicKey)],
    ["Addresses", `${ipv4}, ${ipv6}`],
    ["Device", device],
    ["Server", `${server.url}, ${server.state}${waiting}`],
    ["Traffic", `${bytes(traffic.bytesIn)} in, ${bytes(traffic.bytesOut)} out`],
    ["Program", programInWords(runtime)],
  ]);
  if (rooms.length === 0) lines.push("", 'In no room. Create one with: govpn create "My room"');
  for (const room of rooms) lines.push("", ...memberLines(room));
  return lines;
}

/** An idle program keeps nothing waiting, and does not measure it. */
function programInWords({ rssBytes, eventLoopDelayMs: { lastSecond } }: RuntimeView): string {
  const memory = `${bytes(rssBytes)} of memory`;
  return lastSecond ? `${memory}, busy: what is due waits up to ${duration(lastSecond.max)}` : `${memory}, idle`;
}

function memberLines({ roomId, name, state, queuedUntil, owner, trust, members }: RoomView): string[] {
  const { handingOver, removed, waiting } = trust;
  const nameOf = (key: string) => members.find(({ publicKey }) => publicKey === key)?.username ?? key;
  const self = members.find((member) => member.state === "self");
  return [
    `${name || roomId} (${roomId}), ${state}${owner ? ", yours" : ""}; ${sealInWords(trust)}`,
    ...(queuedUntil === undefined ? [] : [`  ${queuedInWords(queuedUntil - systemClock.wallTime())}`]),
    ...(waiting ? [`  Waiting at the door. Read your words to somebody inside: ${self?.words}`] : []),
    ...(handingOver === undefined ? [] : [`  Being handed over to ${nameOf(handingOver)}.`]),
    ...table(members.map((member) => ["", ...memberCells(member)])).map((line) => line.trimEnd()),
    ...(Object.keys(removed).length === 0 ? [] : [`  Removed: ${removedInWords(trust)}`]),
  ];
}

function memberCells(member: MemberView): string[] {
  const { username, ipv4, ipv6, traffic, state } = member;
  const volume = traffic && state !== "self" ? `${bytes(traffic.bytesIn)} in, ${bytes(traffic.bytesOut)} out` : "";
  return [username, ipv4, ipv6, linkInWords(member), volume, notesOn(member)];
}

function countNumber(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError("Give a number from 1 to 100.");
}
