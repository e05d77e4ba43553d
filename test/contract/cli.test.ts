import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dist, ensureBuilt } from "../../build/bundle.mjs";

// The built program as people and scripts use it: help, exit status, output, and commands to a running one.

type Event = Record<string, unknown>;

const running = new Set<ChildProcessWithoutNullStreams>();
let folder: string;

beforeAll(async () => {
  await ensureBuilt(["govpn"]);
}, 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-cli-"));
});
afterEach(async () => {
  await Promise.all([...running].map(end));
  rmSync(folder, { recursive: true, force: true });
});

function govpn(args: readonly string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
  // No keychain, no settings of the developer's: a machine of its own.
  const own = { PATH: process.env.PATH ?? "", HOME: folder, XDG_DATA_HOME: join(folder, "data"), TMPDIR: folder };
  const child = spawn(process.execPath, [join(dist, "govpn.mjs"), ...args], { env: { ...own, ...env } });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const child = govpn(args, env);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Every line an object, or the test fails. */
function events(stdout: string): Event[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}

/** A program that runs until it is told to stop, and what it said so far. */
class Running {
  readonly profile: string;
  readonly exited: Promise<number | null>;
  readonly child: ChildProcessWithoutNullStreams;
  readonly said: Event[] = [];
  stderr = "";
  #look: () => void = () => {};

  constructor(name: string, args: readonly string[]) {
    this.profile = join(folder, name);
    this.child = govpn([
      ...args,
      "--json",
      "--profile",
      this.profile,
      "--tun",
      "off",
      "--no-stun",
      "--log-level",
      "debug",
    ]);
    this.child.stderr.on("data", (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.exited = once(this.child, "close").then(([code]) => code as number | null);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.said.push(JSON.parse(line) as Event);
      this.#look();
    });
  }

  async event(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = this.said.find(fits);
      if (found) return found;
      const more = new Promise<"more">((resolve) => {
        this.#look = () => resolve("more");
      });
      if ((await Promise.race([more, this.exited])) !== "more" && !this.said.some(fits)) {
        throw new Error(`it ended: ${JSON.stringify(this.said)} ${this.stderr}`);
      }
    }
  }

  /** A command to this one. */
  command(...args: string[]): Promise<Finished> {
    return run([...args, "--profile", this.profile]);
  }
}

const isNamed = (event: string, fields: Event = {}) => {
  return (seen: Event) => seen.event === event && Object.entries(fields).every(([name, value]) => seen[name] === value);
};

async function startServer(): Promise<{ server: Running; url: string }> {
  const server = new Running("one", ["start", "--port", "0", "--username", "Ann"]);
  const { server: view } = await server.event(isNamed("ready"));
  await server.event(isNamed("server", { state: "online" }));
  return { server, url: (view as { url: string }).url };
}

describe("help", () => {
  it("is what govpn alone prints, to standard output", async () => {
    const { code, stdout, stderr } = await run([]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const command of ["start", "up", "down", "status", "create", "join", "invite", "serve", "doctor", "demo"]) {
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    }
    expect(stdout).toContain("The first time:");
    expect(stdout).toContain("Exit status: 0 done, 1 failed, 2 bad usage.");
    expect(stdout).not.toContain("demo-traffic");
  });

  it.each([["--help"], ["help"], ["up", "--help"], ["help", "serve"], ["identity", "--help"], ["--version"]])(
    "of %s %s ends with 0",
    async (...args) => {
      const { code, stdout } = await run(args.filter(Boolean));
      expect(code).toBe(0);
      expect(stdout).not.toBe("");
    },
  );

  it("teaches by examples", async () => {
    expect((await run(["help", "up"])).stdout).toContain('govpn up --server vpn.example.org --create "LAN party"');
  });
});

describe("bad usage", () => {
  it.each([
    [["frobnicate"], "unknown command"],
    [["statsu"], "Did you mean status?"],
    [["status", "--nonsense"], "unknown option '--nonsense'"],
    [["status", "extra"], "too many arguments"],
    [["create"], "missing required argument 'name'"],
    [["join", "den"], "required option '--pin <pin>' not specified"],
    [["join", "den", "--pin", "12"], "exactly four digits"],
    [["create", "Den", "--pin", "abcd"], "exactly four digits"],
    [["ping", "Ben", "--count", "0"], "from 1 to 100"],
    [["up", "--server", "ftp://example.org"], "use ws:// or wss://"],
    [["up", "--server", "http://bad:99999"], "not a host name or address"],
    [["up", "--tun", "maybe"], "auto, required, off"],
    [["up", "--create", "a", "--join", "b"], "not both"],
    [["up", "--join", "den"], "takes the room's PIN"],
    [["up", "--pin", "1234"], "goes with --create or --join"],
    [["up", "--join", "govpn://join/den#k=short", "--pin", "1234"], "The link's key is damaged"],
    [["up", "--open-room"], "goes with --create"],
    [["up", "--reach", "none"], "goes with --create or --join"],
    [["join", "govpn://kick/den", "--pin", "1234"], "something else than joining"],
    [["create", "Den", "--reach", "icmp"], "ports such as"],
    [["reach", "icmp"], 'Say "all", "none"'],
    [["rules", "--sealed", "--open"], "cannot be used with"],
    [["rules", "--doors", "nobody"], "owner, trusted, members"],
    [["start", "--port", "65536"], "from 0 to 65535"],
    [["serve", "--port", "x"], "whole number"],
    [["identity"], "Usage: govpn identity"],
  ])("govpn %j ends with 2 and says why on standard error", async (args, why) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(why);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("is an event too, for a program that reads standard output", async () => {
    for (const args of [["--json", "frobnicate"], ["up", "--json", "--join", "den"], ["--json"]]) {
      const { code, stdout } = await run(args);
      expect(code).toBe(2);
      expect(events(stdout)).toEqual([{ event: "error", code: "usage", message: expect.stringMatching(/./) }]);
    }
  });
});

describe("without a running GoVPN", () => {
  it.each([
    ["status"],
    ["peers"],
    ["leave"],
    ["invite"],
    ["down"],
    ["create Den"],
    ["kick Ben"],
    ["ping Ben"],
    ["rename Lair"],
    ["door"],
    ["let-in Ben"],
    ["ban Ben"],
    ["unban Ben"],
    ["rules"],
    ["reach"],
    ["words"],
    ["compared Ben"],
  ])("govpn %s ends with 1 and says how to start it", async (command) => {
    const plain = await run(command.split(" "));
    expect(plain).toMatchObject({ code: 1, stdout: "" });
    expect(plain.stderr).toBe("govpn: GoVPN is not running for this profile. Start it with: govpn up --server URL\n");
    const json = await run([...command.split(" "), "--json"]);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(events(json.stdout)).toEqual([expect.objectContaining({ event: "error", code: "not_running" })]);
  });

  it("`up` wants to know the server at the first run", async () => {
    const { code, stderr } = await run(["up", "--tun", "off"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Which server? Say --server URL");
  });
});

describe("a running GoVPN", () => {
  it("creates, invites, is joined, lists, pings, renames, kicks, leaves and goes down", async () => {
    const { server, url } = await startServer();
    const created = events((await server.command("create", "Den", "--json")).stdout)[0]!;
    expect(created).toMatchObject({ name: "Den", state: "joined", owner: true, pin: expect.stringMatching(/^\d{4}$/) });
    const { room_id: roomId, pin } = created as { room_id: string; pin: string };
    const [invitation] = events((await server.command("invite", "--json")).stdout);
    const { link } = created as { link: string };
    expect(invitation).toEqual({
      ...{ event: "invitation", room_id: roomId, name: "Den", pin, server: url, link, sealed: true },
    });
    expect(link).toMatch(new RegExp(`^govpn://join/${roomId}\\?.*#k=[\\w-]{43}&o=[\\w-]{22}$`));

    const ben = new Running("two", ["up", "--server", url, "--username", "日本"]);
    await ben.event(isNamed("server", { state: "online" }));
    const wrong = await ben.command("join", link, "--pin", pin === "0000" ? "0001" : "0000");
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toBe("govpn: The PIN is wrong. Ask whoever made the room for it; it has four digits.\n");
    const elsewhere = await ben.command("join", link.replace("127.0.0.1", "192.0.2.1"), "--pin", pin);
    expect(elsewhere).toMatchObject({ code: 1, stdout: "" });
    expect(elsewhere.stderr).toContain("The link's room is on ws://192.0.2.1");
    const joined = await ben.command("join", link, "--pin", pin);
    expect(joined).toMatchObject({ code: 0, stdout: 'In the room "Den". Its members: govpn peers\n' });
    await server.event(isNamed("peer", { state: "connected" }));

    const peers = events((await server.command("peers", "--json")).stdout);
    expect(peers.map(({ username, state }) => [username, state])).toEqual([
      ["Ann", "self"],
      ["日本", "connected"],
    ]);
    const [status] = events((await server.command("status", "--json")).stdout);
    expect(status).toMatchObject({
      username: "Ann",
      tunnel: { state: "off" },
      rooms: [{ room_id: roomId, owner: true }],
    });
    const text = (await server.command("status")).stdout;
    expect(text).toMatch(/^Machine {4}Ann$/m);
    expect(text).toMatch(/^ {2}日本 {2}100\./m);
    const ping = events((await server.command("ping", "日本", "-c", "2", "--json")).stdout);
    expect(ping).toMatchObject([{ username: "日本", sent: 2, received: 2, min_ms: expect.any(Number) }]);
    expect((await server.command("ping", "Zoe")).stderr).toContain("No such member. Use a name, an address");

    expect((await ben.command("rename", "Mine")).stderr).toBe("govpn: Only the room's owner can do that.\n");
    expect((await server.command("rename", "Lair")).stdout).toBe('The room is called "Lair" now.\n');
    await ben.event(isNamed("room", { name: "Lair" }));
    expect((await server.command("leave", "--room", "nope")).stderr).toContain("You are not in that room.");
    expect((await server.command("kick", "日本")).stdout).toBe(
      "日本 is out of the room. It may knock; only you can let it in again.\n",
    );
    await ben.event(isNamed("room", { state: "left", reason: "kicked" }));
    expect((await server.command("leave")).stdout).toBe("Left.\n");
    expect((await server.command("leave")).stderr).toContain(
      'You are in no room. Create one with: govpn create "My room"',
    );

    expect(await server.command("down")).toMatchObject({ code: 0, stdout: "GoVPN is down. Its rooms are kept.\n" });
    expect(await server.exited).toBe(0);
    expect(server.said.at(-1)).toEqual({ event: "down" });
    await ben.event(isNamed("server", { state: "waiting" }));
    ben.child.kill("SIGTERM");
    expect(await ben.exited).toBe(0);
  });

  it("tells who joined by command line options at once, and the PIN it made up", async () => {
    const { url } = await startServer();
    const owner = new Running("two", ["up", "--server", url, "--create", "Attic", "--username", "Ben"]);
    const invitation = await owner.event(isNamed("invitation"));
    expect(invitation).toMatchObject({ name: "Attic", pin: expect.stringMatching(/^\d{4}$/), server: url });
    const { link, pin } = invitation as { link: string; pin: string };
    // The link says where the server is.
    const guest = new Running("three", ["up", "--join", link, "--pin", pin, "--username", "Eve"]);
    const peer = await guest.event(isNamed("peer", { state: "connected" }));
    // The lane is the one in use just then: the media lane may have proved itself before the first round trip came back.
    expect(peer).toMatchObject({
      username: "Ben",
      ipv4: expect.stringMatching(/^100\./),
      ipv6: expect.stringMatching(/^fd67:6f76:706e:/),
      lane: expect.stringMatching(/^(packets|media)$/),
      path: "direct",
      verified: true,
      standing: "member",
      rtt_ms: expect.any(Number),
    });
    expect(guest.said[0]).toMatchObject({ event: "warning", code: "secrets_in_plain_file" });
    expect(guest.said[1]).toMatchObject({ event: "ready" });
  });

  it("ends with 1 when the room of its first run refuses it", async () => {
    const { url } = await startServer();
    const guest = new Running("two", ["up", "--server", url, "--join", "0123456789abcdef", "--pin", "1234"]);
    expect(await guest.event(isNamed("error"))).toMatchObject({ code: "room_missing" });
    expect(await guest.exited).toBe(1);
  });

  it("is back in its rooms after a restart, without being told the server or the room again", async () => {
    const { url } = await startServer();
    const first = new Running("two", ["up", "--server", url, "--create", "Attic"]);
    const { room_id: roomId } = await first.event(isNamed("invitation"));
    expect((await first.command("down")).code).toBe(0);
    // No wait in between: down has waited.
    const again = new Running("two", ["up"]);
    expect(await again.event(isNamed("room", { state: "joined" }))).toMatchObject({ room_id: roomId, name: "Attic" });
    const { public_key: before } = await first.event(isNamed("ready"));
    expect(await again.event(isNamed("ready"))).toMatchObject({ public_key: before });
  });

  it("has its profile for itself", async () => {
    const { server } = await startServer();
    const second = await run(["up", "--server", "ws://127.0.0.1:1/ws", "--tun", "off", "--profile", server.profile]);
    expect(second.code).toBe(1);
    expect(second.stderr).toBe(
      `govpn: This profile is in use by process ${server.child.pid}. Look at it with govpn status, stop it with govpn down, or take another --profile DIR.\n`,
    );
    expect((await server.command("status")).code).toBe(0);
  });

  it("ends in order on SIGINT, SIGTERM and SIGHUP, and leaves no socket that answers", async () => {
    const { url } = await startServer();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const up = new Running(signal, ["up", "--server", url]);
      await up.event(isNamed("ready"));
      up.child.kill(signal);
      expect(await up.exited).toBe(0);
      expect(up.said.at(-1)).toEqual({ event: "down" });
      expect((await up.command("status")).stderr).toContain("not running");
    }
  });

  it("ends in order when it is told to while it still starts", async () => {
    const up = new Running("two", ["up", "--server", "ws://127.0.0.1:1/ws"]);
    await once(up.child, "spawn");
    // The first debug line comes when the program's own code runs, long before it is ready.
    await once(up.child.stderr, "data");
    up.child.kill("SIGTERM");
    expect(await up.exited).toBe(0);
  });
});

describe("a sealed room", () => {
  async function den(): Promise<{ ann: Running; url: string; roomId: string; pin: string; link: string }> {
    const { server: ann, url } = await startServer();
    const made = events((await ann.command("create", "Den", "--json")).stdout)[0]!;
    return { ann, url, roomId: String(made.room_id), pin: String(made.pin), link: String(made.link) };
  }

  it("has a door: who knocks is shown with words, and let in, turned away, trusted, banned and forgiven by command", async () => {
    const { ann, url, roomId, pin } = await den();
    expect((await ann.command("door")).stdout).toBe("Nobody is at the door.\n");
    const ben = new Running("two", ["up", "--server", url, "--join", roomId, "--pin", pin, "--username", "Ben"]);
    const { words } = await ann.event(isNamed("door", { username: "Ben", may_let_in: true }));
    expect(await ben.event(isNamed("waiting", { answer: "wait" }))).toMatchObject({ words, room_id: roomId });
    expect((await ann.command("door")).stdout).toMatch(
      new RegExp(`^At the door of "Den":\n {2}Ben {2}100\\.[\\d.]+ {2}${words}\nHave them read`),
    );
    expect((await ben.command("door", "Den")).stdout).toContain(`Its words: ${words}`);
    const waiting = (await ben.command("status")).stdout;
    expect(waiting).toContain("not let in yet");
    expect(waiting).toContain(`Waiting at the door. Read your words to somebody inside: ${words}`);
    expect((await ann.command("peers")).stdout).toMatch(/Ben .* at the door$/m);
    expect((await ann.command("let-in", "Zoe")).stderr).toContain("No such member.");

    expect((await ann.command("let-in", "Ben")).stdout).toBe("Ben is let in.\n");
    await ben.event(isNamed("let_in", { username: "Ann" }));
    await ann.event(isNamed("peer", { username: "Ben", state: "connected", standing: "member" }));
    expect(await ann.command("let-in", "Ben")).toMatchObject({
      code: 1,
      stderr: "govpn: Nobody of that name is at the door. See who is: govpn door\n",
    });

    expect((await ann.command("words", "Ben")).stdout).toMatch(new RegExp(`^Ann .*\nBen {2}${words}\n$`));
    expect((await ann.command("compared", "Ben")).stdout).toBe("Ben: words compared.\n");
    expect((await ann.command("trust", "Ben")).stdout).toContain("Ben is trusted");
    await ben.event(isNamed("role", { role: "trusted" }));
    expect((await ann.command("peers")).stdout).toMatch(/Ben .* trusted, words compared$/m);
    expect((await ann.command("untrust", "Ben")).code).toBe(0);
    expect((await ann.command("compared", "Ben", "--no")).stdout).toBe("Ben: words not compared.\n");

    expect((await ann.command("rules", "--doors", "members")).stdout).toBe(
      `"Den" (${roomId}) is sealed, every member lets in.\n`,
    );
    await ben.event(isNamed("rules", { sealed: true, doors: "members" }));
    expect((await ben.command("rules", "--open")).stderr).toBe("govpn: Only the room's owner can do that.\n");
    expect((await ann.command("reach", "Ben", "tcp:22", "--room", "Den")).stdout).toContain(
      "tcp:22, a rule of its own",
    );
    expect((await ann.command("reach", "Ben", "none", "--room", "Attic")).stderr).toContain(
      "You are not in that room.",
    );
    expect(events((await ann.command("reach", "none", "--json")).stdout)[0]).toMatchObject({
      inbound: { mode: "none" },
    });

    expect((await ann.command("ban", "Ben")).stdout).toContain("may not knock");
    await ben.event(isNamed("room", { state: "left", reason: "kicked" }));
    expect((await ann.command("status")).stdout).toContain("Removed: Ben (banned)");
    expect((await ann.command("unban", "Eve")).stderr).toContain("Nobody of that name or key was removed");
    expect((await ann.command("unban", "Ben")).stdout).toBe("Ben may knock at the door again.\n");
    await ben.command("join", roomId, "--pin", pin);
    expect(ann.said.find(isNamed("forgiven"))).toMatchObject({ username: "Ben" });
    // Not every knock of somebody who comes and goes is news.
    await expect.poll(async () => (await ann.command("door")).stdout, { timeout: 20_000 }).toContain(String(words));
    expect((await ann.command("turn-away", "Ben")).stdout).toContain("turned away");
    await ben.event(isNamed("waiting", { answer: "no", username: "Ann" }));
    expect((await ann.command("peers")).stdout).toMatch(/Ben .* turned away /);
    expect((await ann.command("door")).stdout).toContain('Turned away from "Den" a moment ago: Ben.');
  });

  it("changes hands, and is then the new owner's to rule", async () => {
    const { ann, url, pin, link } = await den();
    const ben = new Running("two", ["up", "--server", url, "--join", link, "--pin", pin, "--username", "Ben"]);
    await Promise.all([ann, ben].map((each) => each.event(isNamed("peer", { state: "connected" }))));
    expect((await ann.command("hand-over", "Ben")).stdout).toContain("offered to Ben");
    await Promise.all([ann, ben].map((each) => each.event(isNamed("owner", { username: "Ben" }))));
    expect((await ann.command("rules", "--open")).stderr).toBe("govpn: Only the room's owner can do that.\n");
    expect((await ben.command("status")).stdout).toMatch(/^Den \(.*\), joined, yours; sealed/m);
    expect((await ben.command("rename", "Lair")).stdout).toBe('The room is called "Lair" now.\n');
    await ann.event(isNamed("room", { name: "Lair" }));
    expect((await ann.command("leave")).stdout).toMatch(/^Left/);
    expect((await ben.command("status")).stdout).toContain("Lair");
  });

  it("warns of a known name with another key, until the person says that it is right", async () => {
    const { ann, url, pin, link } = await den();
    const join = ["up", "--server", url, "--join", link, "--pin", pin, "--username", "Ben"];
    const ben = new Running("two", join);
    await ann.event(isNamed("peer", { username: "Ben", state: "connected" }));
    const { public_key: knownKey } = await ben.event(isNamed("ready"));
    await ben.command("down");
    await ann.event(isNamed("peer", { username: "Ben", state: "gone" }));
    const other = new Running("three", join);
    const { public_key: newKey } = await other.event(isNamed("ready"));
    const warning = await ann.event(isNamed("key_changed"));
    expect(warning).toMatchObject({ username: "Ben", public_key: newKey, known_key: knownKey, compared: false });
    await ann.event(isNamed("peer", { public_key: newKey, state: "connected" }));
    expect((await ann.command("peers")).stdout).toMatch(/Ben .*CHANGED KEY/);
    const accepted = await ann.command("accept-key", String(newKey));
    expect(accepted.stdout).toBe("The new key is Ben's from now on.\n");
    expect((await ann.command("peers")).stdout).not.toContain("CHANGED KEY");
  });

  it("is told to people in sentences, with what to type", async () => {
    const { url, roomId, pin, ann } = await den();
    const profile = join(folder, "two");
    const up = govpn(["up", "--server", url, "--tun", "off", "--no-stun", "--profile", profile, "--username", "Ben"]);
    let told = "";
    up.stdout.on("data", (chunk: Buffer) => {
      told += chunk;
    });
    const line = async (text: string) => {
      while (!told.includes(text)) await once(up.stdout, "data");
    };
    await line("Connected to the signaling server.");
    await run(["join", roomId, "--pin", pin, "--profile", profile]);
    await line('Waiting at the door of "Den"');
    await ann.event(isNamed("door"));
    await ann.command("let-in", "Ben");
    await line('Ann let this machine in: it is in "Den" now.');
    await line("+ Ann is connected");
    const { words } = await ann.event(isNamed("door"));
    expect(told).toContain(`Read them your words by voice: ${words}`);
  });
});

describe("a port that is taken", () => {
  it.each([["start"], ["serve"]])("is told in one sentence by govpn %s, with what to do", async (command) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, stderr } = await run([
      command,
      "--port",
      String(port),
      ...(command === "start" ? ["--tun", "off"] : []),
    ]);
    taken.close();
    expect(stderr.trim().split("\n")).toEqual([
      `govpn: Port ${port} on 127.0.0.1 is in use by another program. Stop that program, or take another port with --port.`,
    ]);
    expect(code).toBe(1);
  });
});

describe("a reader that goes away", () => {
  it("ends a command without a complaint", async () => {
    const child = govpn(["help"]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("ends a program that runs on, in order", async () => {
    const { url } = await startServer();
    const up = new Running("two", ["up", "--server", url]);
    await up.event(isNamed("ready"));
    up.child.stdout.destroy();
    // Anything it has to say brings it to light.
    await up.command("create", "Den");
    expect(await up.exited).toBe(0);
    expect((await up.command("status")).stderr).toContain("not running");
  });
});

describe("secrets", () => {
  it("stay where they belong: the key in its file, the PIN and the room's key in an invitation", async () => {
    const { server } = await startServer();
    const created = events((await server.command("create", "Den", "--json")).stdout)[0] as {
      pin: string;
      link: string;
    };
    const { pin, link } = created;
    const outputs = [];
    for (const command of [
      "status",
      "peers",
      "door",
      "rules",
      "reach",
      "words",
      "rename Lair",
      "identity show",
      "leave",
    ]) {
      for (const json of [[], ["--json"]]) outputs.push(await server.command(...command.split(" "), ...json));
    }
    await server.command("down");
    await server.exited;
    const told = JSON.stringify([outputs, server.said, server.stderr]);
    expect(server.stderr).not.toBe("");
    // Four digits alone may be anything; as a value or a word of their own they are the PIN.
    expect(told).not.toMatch(new RegExp(`["' =:]${pin}["' ,.}\\\\]`));
    const [, roomKey = ""] = /#k=([\w-]{43})/.exec(link) ?? [];
    expect(roomKey).toHaveLength(43);
    expect(told).not.toContain(roomKey);

    const files = readdirSync(server.profile, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const secret = files.map(({ parentPath, name }) => join(parentPath, name)).find((file) => /secret/.test(file));
    const contents = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
    const seeds = contents.flatMap((content) => content.match(/[A-Za-z0-9+/]{43}=/g) ?? []);
    expect(seeds.length).toBeGreaterThan(0);
    const publicKey = server.said.find(isNamed("ready"))?.public_key;
    for (const seed of seeds) if (seed !== publicKey) expect(told).not.toContain(seed);
    expect(secret).toBeDefined();
    for (const { parentPath, name } of files) {
      if (!parentPath.includes("server")) expect(statSync(join(parentPath, name)).mode & 0o077).toBe(0);
    }
  });
});

describe("govpn demo", () => {
  const leftovers = () => [...readdirSync(folder), ...namespaces()].filter((name) => name.startsWith("govpn-demo"));

  it("shows it all in under 30 s, in order, and leaves nothing behind", async () => {
    const started = Date.now();
    const child = govpn(["demo", "--json"]);
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    const [code] = await once(child, "close");
    const steps = events(stdout);
    expect(code, stdout).toBe(0);
    expect(Date.now() - started).toBeLessThan(30_000);
    const withTunnel = steps[0]?.kind === "namespaces";
    expect(steps.map(({ step }) => step)).toEqual([
      ...["stage", "server_listening", "room_created", "member_joined", "linked"],
      ...(withTunnel ? ["ping", "ping", "tcp"] : ["link_ping"]),
      "done",
    ]);
    expect(steps[2]).toMatchObject({
      room_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      pin: expect.stringMatching(/^\d{4}$/),
    });
    expect(steps[5]).toMatchObject({
      received: withTunnel ? 10 : 5,
      min_ms: expect.any(Number),
      max_ms: expect.any(Number),
    });
    if (withTunnel) expect(steps.at(-2)).toMatchObject({ mbit_per_s: expect.any(Number) });
    else expect(steps[0]).toMatchObject({ kind: "loopback", reason: expect.stringMatching(/./) });
    expect(leftovers().filter((name) => name.startsWith(`govpn-demo${child.pid}-`))).toEqual([]);
  }, 60_000);

  it("cleans up when it is interrupted, and says so", async () => {
    const child = govpn(["demo", "--json"]);
    const lines = createInterface({ input: child.stdout });
    const seen: Event[] = [];
    for await (const line of lines) {
      seen.push(JSON.parse(line) as Event);
      if (seen.at(-1)?.step === "room_created") child.kill("SIGINT");
    }
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(1);
    expect(seen.at(-1)).toMatchObject({ event: "error", code: "interrupted" });
    expect(leftovers().filter((name) => name.startsWith(`govpn-demo${child.pid}-`))).toEqual([]);
  }, 60_000);
});

function namespaces(): string[] {
  try {
    return readdirSync("/run/netns");
  } catch {
    return [];
  }
}
