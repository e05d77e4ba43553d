import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { FailureError, fail, ok } from "../../../shared/base/result.ts";
import type { AppParams, AppState } from "../../../shared/ipc/app.ts";
import { defaultSettings } from "../../../shared/ipc/settings.ts";
import { TestApp, URL_SERVER } from "./app-world.ts";
import { PIN, World } from "./machines.ts";

let world: World;
let apps: TestApp[];
beforeEach(() => {
  world = new World();
  apps = [];
});
afterEach(async () => {
  await Promise.all(apps.map(({ app }) => app.stop()));
  await world.stop();
  expect(world.clock.pending).toBe(0);
});

async function started(username = "Ann", how?: Parameters<typeof TestApp.started>[2]): Promise<TestApp> {
  const made = await TestApp.started(world, username, how);
  apps.push(made);
  return made;
}

function fresh(username = "Ann"): TestApp {
  const made = new TestApp(world, username);
  apps.push(made);
  return made;
}

async function inOneRoom(): Promise<{ ann: TestApp; ben: TestApp; roomId: RoomId }> {
  const [ann, ben] = [await started("Ann"), await started("Ben")];
  const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
  await ben.must("join", ann.invitationTo(roomId));
  await world.until(() => [ann, ben].every((each) => stateOfOther(each) === "connected"));
  return { ann, ben, roomId };
}

const TRUST = ['{"v":1,"servers":{}}', '{"v":1,"members":[]}'] as const;

async function keepTrust({ vault }: TestApp): Promise<void> {
  await vault.set("trust", TRUST[0]);
  await vault.set("known-members", TRUST[1]);
}

const trustOf = ({ vault }: TestApp) => Promise.all([vault.get("trust"), vault.get("known-members")]);
const members = ({ rooms }: AppState) => Object.values(rooms).flatMap((room) => Object.values(room.members));
const stateOfOther = ({ state }: TestApp) => members(state).find(({ state: link }) => link !== "self")?.state;

describe("the state", () => {
  it("shows this machine, its server, its rooms and their members by key", async () => {
    const { ann, ben, roomId } = await inOneRoom();
    const { self, server, tunnel, rooms, wanted } = ann.state;
    expect(self).toMatchObject({ username: "Ann", publicKey: ann.app.host.snapshot().publicKey });
    expect(server).toMatchObject({ url: URL_SERVER.url, state: "online" });
    expect(tunnel).toMatchObject({ state: "up", device: "fake0" });
    expect(wanted).toBe(true);
    const room = Object.values(rooms)[0]!;
    expect(room).toMatchObject({ roomId, name: "Den", state: "joined", owner: true, hasPin: true });
    expect(Object.values(room.members).map(({ username }) => username)).toEqual(["Ann", "Ben"]);
    expect(Object.keys(room.members)).toContain(ben.app.host.snapshot().publicKey);
  });

  it("holds no PIN and no null", async () => {
    const { ann } = await inOneRoom();
    expect(JSON.stringify(ann.state)).not.toMatch(new RegExp(`"pin"|${PIN}|null`));
  });

  it("says what can be done where the network device may not be made", async () => {
    const ann = fresh();
    ann.tunFailure = { code: "tun_permission", message: "not allowed" };
    ann.rights.view = { kind: "command", command: "sudo govpn-netconf setup" };
    await ann.app.start({ connect: true });
    await world.until(() => ann.state.tunnel.state === "failed");
    expect(ann.state.rights).toEqual({ kind: "command", command: "sudo govpn-netconf setup" });
  });
});

describe("whoever watches", () => {
  it("is told of what happens, at most four times a second", async () => {
    const ann = await started();
    const seen: { at: number; state: AppState }[] = [];
    const watching = ann.app.watch((state) => seen.push({ at: world.clock.now(), state }));
    await ann.must("create", { name: "Den", pin: PIN });
    for (let i = 0; i < 40; i++) {
      await ann.must("rename", { name: `Den ${i}` });
      await world.clock.advance(20);
    }
    await world.clock.advance(1_000);
    watching.dispose();
    expect(Object.values(seen.at(-1)!.state.rooms)[0]?.name).toBe("Den 39");
    const gaps = seen.slice(1).map(({ at }, i) => at - seen[i]!.at);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200);
  });

  it("hears of what another's first look finds before it was told", async () => {
    const ann = await started();
    const seen: AppState[] = [];
    const watching = ann.app.watch((state) => seen.push(state));
    await world.clock.advance(1_000);
    ann.app.openLink("govpn://join/abc");
    const other = ann.app.watch(() => {});
    await world.clock.advance(10_000);
    expect(other.state.link).toMatchObject({ state: "ask", roomId: "abc" });
    expect(seen.at(-1)?.link).toEqual(other.state.link);
    for (const each of [watching, other]) each.dispose();
  });

  it("sees round trips change once a second, and not with every event", async () => {
    const { ann } = await inOneRoom();
    const seen: number[] = [];
    const watching = ann.app.watch(() => seen.push(world.clock.now()));
    await world.clock.advance(20_000);
    watching.dispose();
    expect(seen.length).toBeLessThanOrEqual(20);
  });

  it("costs nothing when nobody does", async () => {
    const ann = await started();
    const before = world.clock.pending;
    const watching = ann.app.watch(() => {});
    expect(world.clock.pending).toBeGreaterThan(before);
    watching.dispose();
    expect(world.clock.pending).toBe(before);
  });

  it("gets states that share what did not change", async () => {
    const { ann } = await inOneRoom();
    const before = ann.state;
    ann.app.openLink("govpn://join/abc");
    expect(ann.state.rooms).toBe(before.rooms);
    expect(ann.state.settings).toBe(before.settings);
    expect(ann.state).not.toBe(before);
  });
});

describe("being connected", () => {
  it("ends when it is not wanted any more, and the rooms stay", async () => {
    const { ann, ben, roomId } = await inOneRoom();
    await ann.must("setConnected", { connected: false });
    expect(ann.state).toMatchObject({ wanted: false, tunnel: { state: "closed" }, server: { state: "idle" } });
    expect(Object.keys(ann.state.rooms)).toEqual([roomId]);
    await world.until(() => stateOfOther(ben) === undefined);
    await ann.must("setConnected", { connected: true });
    await world.until(() => stateOfOther(ann) === "connected" && stateOfOther(ben) === "connected");
  });

  it("waits for the person where the settings say so, and the rooms are shown meanwhile", async () => {
    const { ann, roomId } = await inOneRoom();
    await ann.must("saveSettings", { change: { connectAtStart: false } });
    const dials = world.server.dials;
    await ann.restarted();
    expect(ann.state).toMatchObject({ wanted: false, server: { state: "idle" } });
    expect(Object.keys(ann.state.rooms)).toEqual([roomId]);
    expect(world.server.dials).toBe(dials);
  });

  it("begins when a room is to be entered", async () => {
    const ann = await started("Ann", { connect: false });
    const room = await ann.must("create", { name: "Den", pin: PIN });
    expect(ann.state.wanted).toBe(true);
    expect(ann.state.rooms[room.roomId]?.state).toBe("joined");
  });

  it("is needed for what members are asked, and not for leaving", async () => {
    const { ann, roomId } = await inOneRoom();
    await ann.must("setConnected", { connected: false });
    expect(await ann.ask("ping", { member: "Ben", count: 1 })).toMatchObject({ error: { code: "not_connected" } });
    expect(await ann.ask("rename", { name: "Hut" })).toMatchObject({ error: { code: "not_connected" } });
    await ann.must("leave", { roomId });
    expect(ann.state.rooms).toEqual({});
    await ann.must("setConnected", { connected: true });
    await world.until(() => world.server.rooms.size === 0);
  });
});

describe("settings", () => {
  it("that need another host and one that does not, at the same time, are all in force", async () => {
    const { ann, ben } = await inOneRoom();
    const save = (change: AppParams<"saveSettings">["change"]) => ann.ask("saveSettings", { change });
    await Promise.all([save({ mtu: 1300 }), save({ username: "Anna" })]);
    expect(ann.state.self.username).toBe("Anna");
    await world.until(() => members(ben.state).some(({ username }) => username === "Anna"));
  });

  it("that change at the same time are all kept", async () => {
    const ann = await started();
    const save = (change: AppParams<"saveSettings">["change"]) => ann.ask("saveSettings", { change });
    await Promise.all([save({ theme: "dark" }), save({ language: "fr" }), save({ notifications: { rooms: false } })]);
    const kept = { theme: "dark", language: "fr", notifications: { rooms: false, connection: true } };
    expect(ann.state.settings).toMatchObject(kept);
    await ann.restarted();
    expect(ann.state.settings).toMatchObject(kept);
  });

  it("are kept, and the file of an earlier version is carried over", async () => {
    const ann = fresh();
    ann.files.texts.set("settings.json", JSON.stringify({ server: URL_SERVER.url, username: "Annie" }));
    await ann.app.start();
    expect(ann.state.settings).toEqual({
      ...defaultSettings,
      server: URL_SERVER,
      username: "Annie",
      welcomed: true,
    });
    expect(ann.state.self.username).toBe("Annie");
    await ann.must("saveSettings", { change: { theme: "dark", notifications: { rooms: false } } });
    await ann.restarted();
    expect(ann.state.settings).toMatchObject({
      theme: "dark",
      notifications: { ...defaultSettings.notifications, rooms: false },
    });
  });

  it("that are damaged are set aside, and that is said", async () => {
    const ann = fresh();
    ann.files.texts.set("settings.json", "{");
    expect(await ann.app.start()).toMatchObject(ok([{ code: "file_corrupt" }]));
    expect(ann.state.settings).toEqual(defaultSettings);
    expect(ann.happened).toContainEqual(expect.objectContaining({ kind: "file_damaged", code: "file_corrupt" }));
    expect(ann.files.texts.get("settings.json.corrupt")).toBe("{");
  });

  it("of looks and names disturb no link", async () => {
    const { ann, ben } = await inOneRoom();
    const connections = world.wires.made;
    await ann.must("saveSettings", { change: { theme: "dark", username: "Anna", logLevel: "debug" } });
    await world.until(() => members(ben.state).some(({ username }) => username === "Anna"));
    expect(ann.hosts).toHaveLength(1);
    expect(world.wires.made).toBe(connections);
    expect(ann.levels.at(-1)).toBe("debug");
  });

  it("of the lane and the relays make each link anew, and nothing else", async () => {
    const { ann, ben } = await inOneRoom();
    const connections = world.wires.made;
    const turn = [{ url: "relay.test:3478", username: "u", credential: "c" }];
    await ann.must("saveSettings", { change: { lane: "packets", turn, stun: [] } });
    await world.until(() => world.wires.made > connections);
    await world.until(() => [ann, ben].every((each) => stateOfOther(each) === "connected"));
    expect(ann.hosts).toHaveLength(1);
    expect(ben.kinds()).not.toContain("member_left");
    expect(ann.transports.at(-1)).toEqual({
      iceServers: [{ url: "turn:relay.test:3478", username: "u", credential: "c" }],
      relayOnly: false,
      media: false,
    });
  });

  it("of the MTU make the host anew, which is back in its rooms", async () => {
    const { ann } = await inOneRoom();
    await ann.must("saveSettings", { change: { mtu: 1_300 } });
    await world.until(() => ann.state.tunnel.state === "up" && stateOfOther(ann) === "connected");
    expect(ann.state.tunnel).toMatchObject({ mtu: 1_300 });
    expect(ann.hosts).toHaveLength(2);
  });

  it("go there without the relays and their passwords, and leave those of the other machine alone", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    const relay = (name: string) => ({
      url: `turn:${name}.test:3478`,
      username: name,
      credential: `secret of ${name}`,
    });
    await ann.must("saveSettings", { change: { turn: [relay("ann")], theme: "dark" } });
    await ben.must("saveSettings", { change: { turn: [relay("ben")] } });
    const { text } = await ann.must("exportSettings", {});
    expect(text).not.toContain("ann.test");
    expect(text).not.toContain("secret");
    expect(await ben.must("importSettings", { text })).toMatchObject({ turn: [relay("ben")], theme: "dark" });
  });

  it.each([
    [{ server: { kind: "url", url: "ftp://x" } }, "url_scheme"],
    [{ turn: [{ url: "relay.test", username: "", credential: "" }] }, "bad_ice_server"],
    [{ stun: ["no server at all"] }, "bad_ice_server"],
  ] as const)("that cannot work are refused and not saved: %j", async (change, code) => {
    const ann = await started();
    const before = ann.state.settings;
    expect(await ann.ask("saveSettings", { change: change as never })).toMatchObject({ ok: false, error: { code } });
    expect(ann.state.settings).toBe(before);
  });

  it("stay as they were when the disk is full", async () => {
    const ann = await started();
    ann.files.isFull = true;
    expect(await ann.ask("saveSettings", { change: { theme: "dark" } })).toMatchObject({
      error: { code: "unwritable" },
    });
    expect(ann.state.settings.theme).toBe("system");
    ann.files.isFull = false;
  });

  it("go to another machine as a file", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    await ann.must("saveSettings", { change: { theme: "contrast", language: "ar" } });
    const { text } = await ann.must("exportSettings", {});
    expect(await ben.must("importSettings", { text })).toMatchObject({ theme: "contrast", language: "ar" });
    expect(await ben.ask("importSettings", { text: "{}" })).toMatchObject({ error: { code: "not_settings" } });
    expect(await ben.must("reset", { identity: false })).toMatchObject({ theme: "system", language: "system" });
  });

  it.each([
    [{ server: { kind: "url", url: "ftp://x" } }, "url_scheme"],
    [{ stun: ["no server at all"] }, "bad_ice_server"],
  ])("from a file that cannot work are refused whole: %j", async (wrong, code) => {
    const ann = await started();
    const before = ann.state.settings;
    const text = JSON.stringify({ govpn: "settings", version: 1, settings: { ...before, theme: "dark", ...wrong } });
    expect(await ann.ask("importSettings", { text })).toMatchObject({ ok: false, error: { code } });
    expect(ann.state.settings).toBe(before);
  });

  it("with a server that nobody can dial are set aside like damaged ones", async () => {
    const ann = fresh();
    const text = JSON.stringify({ ...defaultSettings, server: { kind: "url", url: "no server" } });
    ann.files.texts.set("settings.json", text);
    expect(await ann.app.start()).toMatchObject(ok([{ code: "file_corrupt" }]));
    expect(ann.state.settings.server).toEqual(defaultSettings.server);
    expect(ann.files.texts.get("settings.json.corrupt")).toBe(text);
  });

  it("said for this run hold until the person chooses otherwise in the window", async () => {
    const ann = await started("Ann", { transports: { media: false } });
    expect(ann.transports.at(-1)?.media).toBe(false);
    await ann.must("saveSettings", { change: { theme: "dark" } });
    expect(ann.transports.at(-1)?.media).toBe(false);
    await ann.must("saveSettings", { change: { lane: "packets" } });
    await ann.must("saveSettings", { change: { lane: "auto" } });
    expect(ann.transports.at(-1)?.media).toBe(true);
  });
});

describe("the server in this process", () => {
  it("runs where nothing else was chosen", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    await world.until(() => ann.state.server.state === "online");
    expect([...ann.listening]).toEqual(["127.0.0.1:8080"]);
    expect(ann.state.server).toMatchObject({ url: "ws://127.0.0.1:8080/ws", state: "online" });
    expect(ann.state.server.publicUrl).toBeUndefined();
  });

  it("lets other machines in without anybody here noticing", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    await ann.must("create", { name: "Den", pin: PIN });
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "network", port: 8080 } } });
    expect([...ann.listening]).toEqual(["0.0.0.0:8080"]);
    expect(ann.hosts).toHaveLength(1);
  });

  it("keeps its rooms when it gets another port", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect([...ann.listening]).toEqual(["127.0.0.1:9090"]);
    await world.until(() => ann.state.rooms[roomId as never]?.["state" as never] === "joined");
  });

  it("keeps its rooms over a port that it could not have", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    ann.taken.add(9090);
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect(ann.state.server.code).toBe("address_in_use");
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "network", port: 9191 } } });
    await world.until(() => ann.state.server.state === "online");
    expect(ann.state.server.url).toBe("ws://127.0.0.1:9191/ws");
    expect(Object.keys(ann.state.rooms)).toEqual([roomId]);
  });

  it("keeps its rooms over a time with another server", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await ann.must("saveSettings", { change: { server: { kind: "url", url: "ws://other.test/ws" } } });
    expect(ann.state.rooms).toEqual({});
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect(Object.keys(ann.state.rooms)).toEqual([roomId]);
  });

  it("keeps its rooms over a restart at another port, as with one that any program may have", async () => {
    const ann = fresh();
    const at = (port: number) => ({ connect: true, server: { kind: "embedded", host: "127.0.0.1", port } as const });
    await ann.app.start(at(40_001));
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await ann.restarted(at(40_002));
    expect(ann.state.server.url).toBe("ws://127.0.0.1:40002/ws");
    await world.until(() => ann.state.rooms[roomId]?.state === "joined");
  });

  it("keeps the keys of its rooms at another port, and has none for another server", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    const invitation = ann.invitationTo(roomId);
    expect(invitation).toHaveProperty("key");
    await ann.must("saveSettings", { change: { server: { kind: "url", url: "ws://other.test/ws" } } });
    expect(ann.invitationTo(roomId)).not.toHaveProperty("key");
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect(ann.invitationTo(roomId)).toEqual(invitation);
  });

  it("is another one than one that others run at the same address", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await ann.must("saveSettings", { change: { server: { kind: "url", url: "ws://127.0.0.1:8080/ws" } } });
    await world.until(() => !ann.listening.has("127.0.0.1:8080"));
    expect(ann.hosts).toHaveLength(2);
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 8080 } } });
    expect(Object.keys(ann.state.rooms)).toEqual([roomId]);
  });

  it("gets another port also where the list of rooms cannot be read", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    await ann.vault.set("rooms", "{");
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect(ann.state.server).toMatchObject({ url: "ws://127.0.0.1:9090/ws", code: "rooms_corrupt" });
    await ann.vault.delete("rooms");
    await ann.must("retryNow", {});
    await world.until(() => ann.state.server.state === "online");
  });

  it("that finds its port taken is a state with a reason, and is tried again", async () => {
    const ann = fresh();
    ann.taken.add(8080);
    const started = await ann.app.start({ connect: true });
    expect(started.ok).toBe(true);
    expect(ann.state.server).toMatchObject({ state: "waiting", code: "address_in_use" });
    expect(ann.state.server.retryAt).toBe(world.clock.wallTime() + 30_000);
    expect(world.server.dials).toBe(0);
    ann.taken.clear();
    await world.clock.advance(30_000);
    await world.until(() => ann.state.server.state === "online");

    ann.taken.add(9090);
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 9090 } } });
    expect(ann.state.server.code).toBe("address_in_use");
    ann.taken.clear();
    await ann.must("retryNow", {});
    await world.until(() => ann.state.server.state === "online");
  });

  it("that finds its port taken ends a command that insists", async () => {
    const ann = fresh();
    ann.taken.add(8080);
    const server = { kind: "embedded", host: "127.0.0.1", port: 8080 } as const;
    expect(await ann.app.start({ isStrict: true, server })).toMatchObject({ error: { code: "address_in_use" } });
  });

  it("is not taken for granted by a command that was told of none", async () => {
    expect(await fresh().app.start({ isStrict: true })).toEqual(fail("no_server", "no server was given"));
  });

  it("goes when another server is chosen, and with the app", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    await ann.must("saveSettings", { change: { server: { kind: "url", url: "vpn.example.org" } } });
    expect(ann.listening.size).toBe(0);
    expect(ann.state.settings.server).toEqual({ kind: "url", url: "wss://vpn.example.org/ws" });
    await ann.must("saveSettings", { change: { server: { kind: "embedded", reach: "computer", port: 8080 } } });
    expect(ann.listening.size).toBe(1);
    await ann.app.stop();
    expect(ann.listening.size).toBe(0);
  });
});

describe("an invitation", () => {
  it("has all that others need, the PIN beside the link", async () => {
    const { ann, roomId } = await inOneRoom();
    const invitation = await ann.must("invite", { roomId });
    const { key = "", owner = "" } = ann.invitationTo(roomId);
    expect([key, owner].map(({ length }) => length)).toEqual([43, 22]);
    expect(invitation).toEqual({
      roomId,
      name: "Den",
      pin: PIN,
      server: URL_SERVER.url,
      reachable: true,
      link: `govpn://join/${roomId}?server=ws%3A%2F%2Fserver.test%2Fws&name=Den#k=${key}&o=${owner}`,
      sealed: true,
    });
    expect(await ann.ask("invite", { roomId: "nowhere" })).toMatchObject({ error: { code: "unknown_room" } });
  });

  it("says when nobody elsewhere can use it", async () => {
    const ann = fresh();
    await ann.app.start({ connect: true });
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    expect(await ann.must("invite", { roomId })).toMatchObject({ reachable: false });
  });

  it("is read again by whoever gets it", async () => {
    const { ann, ben, roomId } = await inOneRoom();
    const cleo = await started("Cleo");
    const { link } = await ann.must("invite", { roomId });
    const { pin: _, ...secrets } = ann.invitationTo(roomId);
    const read = { state: "ask", server: URL_SERVER.url, name: "Den", ...secrets };
    expect(await cleo.must("readLink", { link })).toEqual({ ...read, known: false });
    expect(await ben.must("readLink", { link })).toEqual({ ...read, known: true });
    expect(await cleo.ask("readLink", { link: "https://x" })).toMatchObject({ error: { code: "link_scheme" } });
    expect(cleo.state.link).toBeUndefined();
  });

  it("opened by the system waits for the person's answer, and joins nothing by itself", async () => {
    const ann = await started();
    ann.app.openLink("govpn://join/abc123?name=Den");
    expect(ann.state.link).toEqual({ state: "ask", roomId: "abc123", name: "Den", known: false });
    await ann.must("dismissLink", {});
    expect(ann.state.link).toBeUndefined();
    ann.app.openLink("govpn://leave/abc123");
    expect(ann.state.link).toMatchObject({ state: "refused", code: "link_action" });
    expect(world.server.received).toEqual([]);
  });
});

describe("a vault with a damaged document", () => {
  it("is told of at the start, for the person and in what happened, and the rest goes on", async () => {
    const { ann, ben, roomId } = await inOneRoom();
    ben.vault.damage("rooms");
    await ben.restarted();
    expect(ben.state.rooms).toEqual({});
    expect(ben.happened).toContainEqual(expect.objectContaining({ kind: "file_damaged", code: "vault_damaged" }));
    await ben.must("join", ann.invitationTo(roomId));
    await ben.restarted();
    expect(Object.values(ben.state.rooms)).toMatchObject([{ name: "Den" }]);
    expect(ben.kinds().filter((kind) => kind === "file_damaged")).toHaveLength(1);
  });

  it("is a warning of the start", async () => {
    const ann = fresh();
    ann.vault.damage("rooms");
    expect(await ann.app.start()).toMatchObject(ok([{ code: "vault_damaged", message: "rooms was set aside" }]));
  });
});

describe("an identity", () => {
  const passphrase = "correct horse battery staple";

  it("goes to another machine, which is that member from then on", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    const { text } = await ann.must("exportIdentity", { passphrase });
    expect(await ben.ask("importIdentity", { text, passphrase: "wrong" })).toMatchObject({ ok: false });
    const self = await ben.must("importIdentity", { text, passphrase });
    expect(self.publicKey).toBe(ann.state.self.publicKey);
    expect(ben.state.self).toEqual({ ...self, username: "Ben" });
    expect(ben.kinds()).toContain("identity_changed");
  });

  it("that takes another's place has no room's key and knows nobody; one that is there already keeps all", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    for (const each of [ann, ben]) await keepTrust(each);
    const { text } = await ann.must("exportIdentity", { passphrase });
    await ann.must("importIdentity", { text, passphrase });
    await ben.must("importIdentity", { text, passphrase });
    expect(await trustOf(ann)).toEqual(TRUST);
    expect(await trustOf(ben)).toEqual([undefined, undefined]);
    expect(ben.state.wanted).toBe(true);
    await world.until(() => ben.state.server.state === "online");
  });

  it("that takes another's place owns none of its rooms, and says so", async () => {
    const { ann, roomId } = await inOneRoom();
    const cleo = await started("Cleo");
    const { text } = await cleo.must("exportIdentity", { passphrase });
    expect(ann.state.rooms[roomId]?.owner).toBe(true);
    await ann.must("importIdentity", { text, passphrase });
    expect(ann.state.rooms[roomId]?.owner).toBe(false);
    expect(await ann.ask("setRules", { roomId, sealed: false })).toMatchObject({ error: { code: "not_owner" } });
  });

  it("that is reset leaves every room, and is another that knows nobody", async () => {
    const { ann } = await inOneRoom();
    await keepTrust(ann);
    const before = ann.state.self.publicKey;
    await ann.must("reset", { identity: true });
    expect(await trustOf(ann)).toEqual([undefined, undefined]);
    expect(ann.state.rooms).toEqual({});
    expect(ann.state.self.publicKey).not.toBe(before);
    expect(world.server.rooms.size).toBe(0);
  });
});

describe("an identity that is replaced", () => {
  it("leaves what is wanted as it was, also where it is asked for twice at once", async () => {
    const ann = await started();
    const reset = () => ann.ask("reset", { identity: true });
    expect(await Promise.all([reset(), reset()])).toMatchObject([{ ok: true }, { ok: true }]);
    expect(ann.state.wanted).toBe(true);
    await world.until(() => ann.state.server.state === "online");
  });

  it("is this machine's also where the old one's keys cannot be forgotten, and that is told", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    const passphrase = "correct horse battery staple";
    const { text } = await ann.must("exportIdentity", { passphrase });
    ben.vault.failWith = new FailureError({ code: "unwritable", message: "the disk is full" });
    expect(await ben.ask("importIdentity", { text, passphrase })).toMatchObject({ error: { code: "unwritable" } });
    expect(ben.state.self.publicKey).toBe(ann.state.self.publicKey);
    ben.vault.failWith = undefined;
    await ben.must("retryNow", {});
    await world.until(() => ben.state.server.state === "online");
  });
});

describe("an identity that cannot be replaced", () => {
  it("stays, and is connected again", async () => {
    const ann = await started();
    const { publicKey } = ann.state.self;
    ann.secrets.failWith = new FailureError({ code: "keychain_locked", message: "the keychain is locked" });
    expect(await ann.ask("reset", { identity: true })).toMatchObject({ error: { code: "keychain_locked" } });
    ann.secrets.failWith = undefined;
    await ann.must("retryNow", {});
    await world.until(() => ann.state.server.state === "online");
    expect(ann.state.self.publicKey).toBe(publicKey);
  });
});

describe("rights to the network device", () => {
  it("bring the device up at once when they are given", async () => {
    const ann = fresh();
    ann.tunFailure = { code: "tun_permission", message: "not allowed" };
    await ann.app.start({ connect: true });
    await world.until(() => ann.state.tunnel.state === "failed");
    ann.rights.granted = fail("rights_dismissed", "the question was closed");
    expect(await ann.ask("grantRights", {})).toMatchObject({ error: { code: "rights_dismissed" } });
    ann.rights.granted = ok(undefined);
    ann.tunFailure = undefined;
    expect(await ann.must("grantRights", {})).toMatchObject({ granted: true });
    expect(ann.state.tunnel.state).toBe("up");
  });
});

describe("looking at things", () => {
  it("says what a server is before it is chosen", async () => {
    const ann = await started();
    expect(await ann.must("testServer", { url: "vpn.example.org" })).toEqual({
      url: "wss://vpn.example.org/ws",
      reachable: true,
      ms: 2,
    });
    const nothing = { state: "unreachable", code: "ECONNREFUSED", reason: "connection refused" } as const;
    ann.probed = { health: nothing, upgrade: nothing };
    expect(await ann.must("testServer", { url: "vpn.example.org" })).toMatchObject({
      reachable: false,
      why: [{ code: "server_refuses", values: { url: "wss://vpn.example.org/ws" } }, { code: "server_refuses_fix" }],
    });
    expect(await ann.ask("testServer", { url: "gopher://x" })).toMatchObject({ error: { code: "url_scheme" } });
  });

  it("gives the doctor's findings", async () => {
    expect(await (await started()).must("doctor", {})).toMatchObject([{ id: "tun", status: "ok" }]);
  });

  it("measures round trips and answers status as the command line wants it", async () => {
    const { ann } = await inOneRoom();
    expect((await ann.must("ping", { member: "Ben", count: 2 })).rttMs).toHaveLength(2);
    expect((await ann.must("status", {})).rooms[0]?.pin).toBe(PIN);
  });

  it("measures the speed between two members over their lane", async () => {
    const { ann } = await inOneRoom();
    const figures = await ann.must("speedTest", { member: "Ben", seconds: 1 });
    expect(figures.upMbps).toBeGreaterThan(0);
    expect(figures.downMbps).toBeGreaterThan(0);
    expect(figures.idleRttMs).toBeGreaterThanOrEqual(0);
    expect(await ann.ask("speedTest", { member: "Nobody", seconds: 1 })).toMatchObject({
      error: { code: "unknown_member" },
    });
  });

  it("answers that it will end before it tells whoever runs it", async () => {
    const ann = await started();
    let asked = 0;
    ann.app.events.on("down", () => asked++);
    expect(await ann.app.call("down", {})).toEqual(ok({ stopping: true }));
    // The answer is out first.
    expect(asked).toBe(0);
    await world.clock.advance(0);
    expect(asked).toBe(1);
  });
});

describe("a report", () => {
  it("names no key, PIN, room or member, and no address but one's own", async () => {
    const { ann, ben, roomId } = await inOneRoom();
    await ann.must("saveSettings", {
      change: { turn: [{ url: "relay.test", username: "user7", credential: "tell-nobody" }] },
    });
    const { text } = await ann.must("report", {});
    const other = ben.state.self;
    for (const secret of [PIN, other.publicKey, other.ipv4, other.ipv6, "Ben", "tell-nobody", "user7"]) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/\bDen\b/);
    expect(text).toContain(ann.state.self.ipv4);
    expect(text).toContain("tun: may be made");
    expect(roomId.length < 8 || !text.includes(roomId)).toBe(true);
  });
});
