import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ActivityLog, MAX_ACTIVITY } from "../../../electron/main/activity/log.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeFiles } from "../../fakes/files.ts";
import { TestApp } from "./app-world.ts";
import { PIN, World } from "./machines.ts";

describe("what happened", () => {
  let clock: FakeClock;
  let files: FakeFiles;
  let changes: number;
  beforeEach(() => {
    clock = new FakeClock();
    files = new FakeFiles();
    changes = 0;
  });
  const open = () => new ActivityLog({ files, clock, logger: silentLogger, onChange: () => changes++ });

  it("is numbered as it happens, with its time", async () => {
    const log = open();
    log.add({ kind: "started" });
    await clock.advance(1_000);
    log.add({ kind: "server_online" });
    expect(log.entries).toEqual({
      0: { kind: "started", at: clock.wallTime() - 1_000 },
      1: { kind: "server_online", at: clock.wallTime() },
    });
    expect(changes).toBe(2);
    await log.settle();
  });

  it("is kept over restarts, the numbers going on", async () => {
    const first = open();
    first.add({ kind: "member_joined", room: "Den", member: "Ben", code: "x", detail: "y" });
    await first.settle();
    const second = open();
    await second.load();
    second.add({ kind: "started" });
    expect(Object.keys(second.entries)).toEqual(["0", "1"]);
    expect(second.entries[0]).toEqual(first.entries[0]);
    await second.settle();
  });

  it("is bounded: the oldest go first, in memory and in the file", async () => {
    const log = open();
    for (let i = 0; i < MAX_ACTIVITY + 50; i++) log.add({ kind: "refused", detail: String(i) });
    await log.settle();
    const again = open();
    await again.load();
    for (const entries of [log.entries, again.entries]) {
      expect(Object.keys(entries)).toHaveLength(MAX_ACTIVITY);
      expect(Object.keys(entries)[0]).toBe("50");
      expect(entries[50]?.detail).toBe("50");
    }
  });

  it("costs the disk a write in ten seconds, however much happens", async () => {
    const log = open();
    for (let i = 0; i < 100; i++) {
      log.add({ kind: "refused" });
      await clock.advance(100);
    }
    expect(files.writes).toBe(1);
    await log.settle();
    expect(clock.pending).toBe(0);
  });

  it("that cannot be read is set aside, and what cannot be written stops nothing", async () => {
    files.texts.set("activity.json", '{"v":1,"first":0,"entries":[{"kind":"nonsense"}]}');
    const log = open();
    await log.load();
    expect(log.entries).toEqual({});
    expect(files.texts.has("activity.json.corrupt")).toBe(true);
    files.isFull = true;
    log.add({ kind: "started" });
    await log.settle();
    expect(Object.keys(log.entries)).toHaveLength(1);
  });

  it("is cut to what fits a line", () => {
    const log = open();
    log.add({ kind: "refused", detail: "x".repeat(5_000) });
    expect(log.entries[0]?.detail).toHaveLength(300);
  });
});

describe("what happened to a machine", () => {
  let world: World;
  let apps: TestApp[];
  beforeEach(() => {
    world = new World();
    apps = [];
  });
  afterEach(async () => {
    await Promise.all(apps.map(({ app }) => app.stop()));
    await world.stop();
  });

  async function started(username: string): Promise<TestApp> {
    const made = await TestApp.started(world, username);
    apps.push(made);
    return made;
  }

  it("is told once, in order, with names", async () => {
    const ann = await started("Ann");
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await world.clock.advance(60_000);
    const ben = await started("Ben");
    await ben.must("join", ann.invitationTo(roomId));
    await world.until(() => ann.kinds().includes("member_connected"));
    await ann.must("rename", { name: "Hut" });
    await ben.must("leave", { roomId });
    await world.until(() => ann.kinds().includes("member_left"));
    await ann.must("leave", { roomId });
    expect(ann.kinds()).toEqual([
      "started",
      "tunnel_up",
      "server_online",
      "room_created",
      "member_joined",
      "member_connected",
      "room_renamed",
      "member_left",
      "room_left",
    ]);
    const left = ann.happened.find(({ kind }) => kind === "member_left");
    expect(left).toMatchObject({ member: "Ben" });
    expect(ann.happened.find(({ kind }) => kind === "room_renamed")).toMatchObject({ room: "Hut", detail: "Den" });
    expect(ben.kinds()).toContain("room_joined");
    expect(ben.kinds()).not.toContain("member_joined");
    expect(JSON.stringify(ann.happened)).not.toContain(PIN);
  });

  it("is one thing when a member is removed, for either side", async () => {
    const [ann, ben] = [await started("Ann"), await started("Ben")];
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    await ben.must("join", ann.invitationTo(roomId));
    await world.until(() => ann.kinds().includes("member_connected") && ben.kinds().includes("member_connected"));
    await ann.must("kick", { member: "Ben" });
    await world.until(() => ben.kinds().includes("kicked"));
    expect(ann.kinds().slice(-1)).toEqual(["member_kicked"]);
    expect(ann.kinds()).not.toContain("member_left");
    expect(ann.happened.at(-1)).toMatchObject({ member: "Ben", room: "Den", roomId });
  });

  it("is who came to the door, and how it was answered", async () => {
    const [ann, ben, eve] = [await started("Ann"), await started("Ben"), await started("Eve")];
    const { roomId } = await ann.must("create", { name: "Den", pin: PIN });
    // Later than that, whoever comes has joined, and was not met.
    await world.clock.advance(15_000);
    for (const guest of [ben, eve]) await guest.must("join", { roomId, pin: PIN });
    await world.until(() => ann.kinds().filter((kind) => kind === "door_knock").length === 2);
    expect(ann.kinds()).not.toContain("member_joined");
    await ann.must("letIn", { member: "Ben" });
    await ann.must("turnAway", { member: "Eve" });
    await world.until(() => ben.kinds().includes("let_in") && eve.kinds().includes("turned_away"));
    expect(ann.happened).toContainEqual(expect.objectContaining({ kind: "door_opened", member: "Ben", room: "Den" }));
    expect(ann.happened).toContainEqual(expect.objectContaining({ kind: "door_closed", member: "Eve", roomId }));
    expect(eve.kinds()).toContain("waiting_at_door");
    await world.until(() => ann.kinds().includes("member_joined"));
    expect(ann.kinds().filter((kind) => kind === "member_joined")).toHaveLength(1);
  });

  it("is a lost server once, however often it is tried again", async () => {
    const ann = await started("Ann");
    world.server.reachable = false;
    world.server.dropAll("killed");
    await world.clock.advance(120_000);
    world.server.reachable = true;
    await world.until(() => ann.state.server.state === "online");
    const about = ann.kinds().filter((kind) => kind.startsWith("server_"));
    expect(about).toEqual(["server_online", "server_lost", "server_online"]);
  });
});
