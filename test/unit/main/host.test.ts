import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FailureError, ok } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import { invitedTo, linkOf, type Machine, PIN, payloads, sendPacket, World } from "./machines.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const keyOf = ({ pair }: Machine) => pair.publicKey;

describe("two hosts in one room", () => {
  it("connect, and carry packets between their devices both ways", async () => {
    const { ann, ben } = await world.pair();
    const there = await sendPacket(ann, ben, world.clock);
    const back = await sendPacket(ben, ann, world.clock);
    expect(there.map((packet) => packet.subarray(-5).toString())).toEqual(["hello"]);
    expect(back.map((packet) => packet.subarray(-5).toString())).toEqual(["hello"]);
    const [member] = ann.host.snapshot().rooms[0]!.members.filter(({ state }) => state !== "self");
    expect(member).toMatchObject({
      username: "Ben",
      ipv4: deriveAddress(keyOf(ben)).ipv4,
      ipv6: deriveAddress(keyOf(ben)).ipv6,
      state: "connected",
      lane: "packets",
      path: "direct",
      verified: true,
      traffic: { packetsIn: 1, packetsOut: 1, dropped: {} },
    });
    expect(ann.host.snapshot().traffic).toMatchObject({ packetsIn: 1, packetsOut: 1 });
  });

  it("keep their link, lane and packets while the signaling server is away", async () => {
    const { ann, ben } = await world.pair();
    const connections = world.wires.made;
    for (const { events } of [ann, ben]) events.length = 0;
    world.server.reachable = false;
    world.server.dropAll("killed");
    await world.clock.advance(120_000);
    expect(ann.host.snapshot().server.state).not.toBe("online");
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
    expect(await sendPacket(ben, ann, world.clock)).toHaveLength(1);

    world.server.reachable = true;
    await world.until(() => [ann, ben].every(({ host }) => host.snapshot().rooms[0]?.state === "joined"));
    await world.clock.advance(30_000);
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
    expect(world.wires.made).toBe(connections);
    const news = [ann, ben].flatMap((machine) => [...payloads(machine, "peer"), ...payloads(machine, "gone")]);
    for (const told of news) expect(told).toMatchObject({ state: "connected", lane: "packets" });
  });

  it("make the link anew when it is lost", async () => {
    const { ann, ben } = await world.pair();
    world.wires.cutAll();
    await world.until(() => linkOf(ann) !== "connected");
    await world.until(() => linkOf(ann) === "connected" && linkOf(ben) === "connected");
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
  });

  it("hear each other's new names", async () => {
    const { ann, ben } = await world.pair();
    ben.host.setUsername("Benedict");
    await world.until(() => payloads(ann, "peer").some(({ username }) => username === "Benedict"));
    const names = ann.host.snapshot().rooms[0]!.members.map(({ username }) => username);
    expect(names).toEqual(["Ann", "Benedict"]);
  });

  it("show a name without what could steer a terminal", async () => {
    const ann = await world.started("Ann");
    const room = await world.must(ann, "create", { name: "Den", pin: PIN });
    const ben = await world.started("B\u001b[31men\u202e");
    await world.must(ben, "join", invitedTo(ann, room));
    await world.until(() => linkOf(ann) === "connected");
    await ben.host.stop();
    await world.until(() => payloads(ann, "gone").length > 0);
    const names = [...payloads(ann, "peer"), ...payloads(ann, "gone")].map(({ username }) => username);
    expect(names.filter((name) => name !== undefined)).not.toEqual([]);
    for (const name of names) if (name !== undefined) expect(name).toBe("B[31men");
  });
});

describe("two hosts in two rooms", () => {
  const membersAt = ({ host }: Machine) =>
    host.snapshot().rooms.map(({ name, members }) => `${name}: ${members.map(({ username }) => username).sort()}`);
  const bothSeeBoth = (...machines: readonly Machine[]) =>
    machines.every((machine) => membersAt(machine).sort().join("; ") === "Attic: Ann,Ben; Den: Ann,Ben");

  it("regression: whoever came to the second one found it empty, for an offer goes by one room", async () => {
    const { ann, ben } = await world.pair();
    const attic = await world.must(ben, "create", { name: "Attic", pin: PIN });
    await world.must(ann, "join", invitedTo(ben, attic));
    await world.until(() => bothSeeBoth(ann, ben));
    // The first is left, and the second keeps them connected.
    await world.must(ann, "leave", { roomId: "Den" });
    await world.until(() => membersAt(ben).join() === "Attic: Ann,Ben");
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
  });

  it("see each other in both again when one of them was started anew", async () => {
    const { ann, ben } = await world.pair();
    const attic = await world.must(ben, "create", { name: "Attic", pin: PIN });
    await world.must(ann, "join", invitedTo(ben, attic));
    await world.until(() => bothSeeBoth(ann, ben));
    await ben.host.stop();
    const again = await world.started("Ben", {}, ben);
    await world.until(() => bothSeeBoth(ann, again) && linkOf(ann) === "connected");
    expect(await sendPacket(again, ann, world.clock)).toHaveLength(1);
  });
});

describe("the owner of a room", () => {
  it("renames it, and both see the new name", async () => {
    const { ann, ben, room } = await world.pair();
    expect(await world.must(ann, "rename", { name: "  Lair " })).toEqual({ roomId: room.roomId, name: "Lair" });
    await world.until(() => ben.host.snapshot().rooms[0]?.name === "Lair");
  });

  it("is the only one who may", async () => {
    const { ben } = await world.pair();
    expect(await world.ask(ben, "rename", { name: "Mine" })).toMatchObject({ ok: false, error: { code: "not_owner" } });
    expect(await world.ask(ben, "kick", { member: "Ann" })).toMatchObject({ ok: false, error: { code: "not_owner" } });
  });

  it("removes a member, whose packets then go nowhere", async () => {
    const { ann, ben, room } = await world.pair();
    const kicked = await world.must(ann, "kick", { member: "Ben" });
    expect(kicked).toEqual({ roomId: room.roomId, publicKey: keyOf(ben), username: "Ben" });
    await world.until(() => ben.host.snapshot().rooms.length === 0);
    expect(payloads(ben, "closed")).toEqual([expect.objectContaining({ reason: "kicked" })]);
    expect(payloads(ann, "gone")).toEqual([{ publicKey: keyOf(ben), username: "Ben", reason: "left" }]);
    expect(await sendPacket(ben, ann, world.clock)).toEqual([]);
    expect(await sendPacket(ann, ben, world.clock)).toEqual([]);
  });

  it("closes it for everybody by leaving", async () => {
    const { ann, ben } = await world.pair();
    expect(await world.must(ann, "leave", {})).toMatchObject({ delivered: true });
    await world.until(() => ben.host.snapshot().rooms.length === 0);
    expect(ann.host.snapshot().rooms).toEqual([]);
    expect(ann.host.engine.peers).toEqual([]);
    expect(payloads(ann, "gone")).toEqual([{ publicKey: keyOf(ben), username: "Ben", reason: "room_left" }]);
  });

  it("can leave while the server is away, and the server hears of it later", async () => {
    const { ann, room } = await world.pair();
    world.server.reachable = false;
    world.server.dropAll();
    await world.clock.advance(0);
    expect(await world.must(ann, "leave", {})).toEqual({ roomId: room.roomId, delivered: false });
    world.server.reachable = true;
    await world.until(() => !world.server.rooms.has(room.roomId));
  });
});

describe("ping", () => {
  it.each([
    ["name", () => "Ben"],
    ["public key", (ben: Machine) => keyOf(ben)],
    ["IPv4 address", (ben: Machine) => ben.host.snapshot().ipv4],
    ["IPv6 address", (ben: Machine) => ben.host.snapshot().ipv6],
  ])("finds a member by its %s", async (_, wanted) => {
    const { ann, ben } = await world.pair();
    const reply = await world.must(ann, "ping", { member: wanted(ben), count: 3 });
    expect(reply).toMatchObject({ publicKey: keyOf(ben), username: "Ben", sent: 3 });
    expect(reply.rttMs).toHaveLength(3);
  });

  it("counts as lost what is not answered", async () => {
    const { ann } = await world.pair();
    world.server.reachable = false;
    world.server.dropAll();
    world.wires.cutAll();
    await world.clock.advance(0);
    expect(await world.must(ann, "ping", { member: "Ben", count: 2 })).toMatchObject({ sent: 2, rttMs: [] });
  });

  it("does not find this machine itself, or a stranger", async () => {
    const { ann } = await world.pair();
    for (const member of ["Ann", keyOf(ann), "Zoe", ""]) {
      const reply = await world.ask(ann, "ping", { member, count: 1 });
      expect(reply).toMatchObject({ ok: false, error: { code: "unknown_member" } });
    }
  });

  it("asks which, when two have the same name", async () => {
    const { ann, room } = await world.pair();
    const other = await world.started("Ben");
    await world.must(other, "join", { roomId: room.roomId, pin: PIN });
    await world.until(() => ann.host.snapshot().rooms[0]?.members.length === 3);
    const reply = await world.ask(ann, "ping", { member: "Ben", count: 1 });
    expect(reply).toMatchObject({ ok: false, error: { code: "which_member" } });
    const byKey = await world.must(ann, "ping", { member: keyOf(other), count: 1 });
    expect(byKey.publicKey).toBe(keyOf(other));
  });
});

describe("which room is meant", () => {
  it("needs one to be in", async () => {
    const ann = await world.started("Ann");
    expect(await world.ask(ann, "leave", {})).toMatchObject({ ok: false, error: { code: "no_room" } });
  });

  it("needs no name while there is one, and one as soon as there are two", async () => {
    const { ann, ben, room } = await world.pair();
    const second = await world.must(ben, "create", { name: "Attic", pin: PIN });
    expect(await world.ask(ben, "leave", {})).toMatchObject({ ok: false, error: { code: "which_room" } });
    const stranger = await world.ask(ben, "leave", { roomId: "elsewhere" });
    expect(stranger).toMatchObject({ ok: false, error: { code: "unknown_room" } });
    expect(await world.must(ben, "leave", { roomId: "Attic" })).toMatchObject({ roomId: second.roomId });
    expect(await world.must(ben, "leave", { roomId: room.roomId })).toMatchObject({ roomId: room.roomId });
    expect(ann.host.snapshot().rooms).toHaveLength(1);
  });
});

describe("a wrong PIN", () => {
  it("is told as such, and leaves no room behind", async () => {
    const { ann, room } = await world.pair();
    const eve = await world.started("Eve");
    const reply = await world.ask(eve, "join", { roomId: room.roomId, pin: "0000" });
    expect(reply).toMatchObject({ ok: false, error: { code: "wrong_pin" } });
    expect(eve.host.snapshot().rooms).toEqual([]);
    expect(ann.host.snapshot().rooms[0]!.members).toHaveLength(2);
  });
});

describe("starting and stopping", () => {
  it("is back in its rooms, as their owner, after a restart", async () => {
    const { ann, ben, room } = await world.pair();
    await ann.host.stop();
    await world.until(() => payloads(ben, "gone").length > 0);
    const again = await world.started("Ann", {}, ann);
    await world.until(() => linkOf(again) === "connected" && linkOf(ben) === "connected");
    expect(again.host.snapshot().rooms).toMatchObject([
      { roomId: room.roomId, owner: true, pin: PIN, state: "joined" },
    ]);
    expect(await sendPacket(again, ben, world.clock)).toHaveLength(1);
  });

  it("tells the others goodbye, so that they need not wait for silence", async () => {
    const { ann, ben } = await world.pair();
    const before = world.clock.now();
    await ben.host.stop();
    await world.until(() => payloads(ann, "gone").length > 0);
    expect(world.clock.now() - before).toBeLessThanOrEqual(100);
    expect(payloads(ann, "gone")).toEqual([{ publicKey: keyOf(ben), username: "Ben", reason: "left" }]);
  });

  it("leaves no timer, connection or device behind", async () => {
    const { ann, ben } = await world.pair();
    expect(ann.devices.map((device) => device.isOpen)).toEqual([true]);
    await Promise.all([ann.host.stop(), ben.host.stop(), ben.host.stop()]);
    await world.clock.advance(0);
    expect(world.server.connections).toBe(0);
    expect(world.clock.pending).toBe(0);
    for (const { devices } of [ann, ben]) expect(devices.map((device) => device.isOpen)).toEqual([false]);
  });

  it("does not start on a damaged list of rooms, nor overwrite it, nor call the server", async () => {
    const ann = world.machine("Ann");
    await ann.vault.set("rooms", "{half");
    expect(await ann.host.start()).toMatchObject({ ok: false, error: { code: "rooms_corrupt" } });
    await ann.host.stop();
    expect(await ann.vault.get("rooms")).toBe("{half");
    expect(world.server.dials).toBe(0);
  });

  it("opens its device once, also where its rooms can be read only at the second try", async () => {
    const ann = world.machine("Ann");
    ann.vault.failWith = new FailureError({ code: "keychain_locked", message: "the keychain is locked" });
    expect(await ann.host.start()).toMatchObject({ ok: false, error: { code: "unreadable" } });
    ann.vault.failWith = undefined;
    expect(await ann.host.start()).toEqual(ok(undefined));
    expect(ann.devices.map((device) => device.isOpen)).toEqual([true]);
  });

  it("fails where a device is required and refused", async () => {
    const refused = { ok: false, error: { code: "tun_denied", message: "no rights" } } as const;
    const ann = world.machine("Ann", { openTun: async () => refused });
    expect(await ann.host.start()).toEqual(refused);
  });

  it("works on when a room cannot be saved, and logs it", async () => {
    const ann = await world.started("Ann");
    ann.vault.failWith = new FailureError({ code: "unwritable", message: "the disk is full" });
    expect(await world.ask(ann, "create", { name: "Den", pin: PIN })).toMatchObject({ ok: true });
    await world.clock.advance(0);
    expect(new Set(world.log.filter(({ level }) => level === "error").map(({ message }) => message))).toEqual(
      new Set(["the list of rooms could not be saved", "a document could not be saved"]),
    );
  });
});

describe("secrets", () => {
  it("are in no log line and no event of a whole life: key, PIN, or another member's PIN", async () => {
    const { ann, ben } = await world.pair();
    await world.must(ann, "rename", { name: "Lair" });
    await ben.host.stop();
    const told = JSON.stringify([world.log, ann.events, ben.events]);
    const seed = Buffer.from(ann.pair.secretKey);
    expect(told).not.toContain(PIN);
    expect(told).not.toContain(seed.toString("base64"));
    expect(told).not.toContain(seed.toString("hex"));
    expect(told.length).toBeGreaterThan(1_000);
  });
});
