import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { safetyWords } from "../../../shared/identity/safety-words.ts";
import type { MemberView, RoomView } from "../../../shared/ipc/contract.ts";
import { invitedTo, linkOf, type Machine, PIN, payloads, sendPacket, World } from "./machines.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const keyOf = ({ pair }: Machine) => pair.publicKey;
const roomOf = ({ host }: Machine): RoomView => host.snapshot().rooms[0]!;
const seenBy = (machine: Machine, other: Machine): MemberView | undefined =>
  roomOf(machine).members.find(({ publicKey }) => publicKey === keyOf(other));
const standing = (machine: Machine, other: Machine) => seenBy(machine, other)?.standing;
const news = (machine: Machine, kind: string) => payloads(machine, "trust").filter((one) => one.kind === kind);

/** Ann's sealed room with Ben in it, and Eve, who has the PIN alone, at its door. */
async function withEveAtTheDoor() {
  const { ann, ben, room } = await world.pair();
  const eve = await world.started("Eve");
  await world.must(eve, "join", { roomId: room.roomId, pin: PIN });
  await world.until(() => standing(ann, eve) === "door" && standing(ben, eve) === "door");
  await world.until(() => roomOf(eve).trust.waiting);
  return { ann, ben, eve, room };
}

describe("a room that was made here", () => {
  it("is sealed, and belongs to whoever made it", async () => {
    const { ann, ben } = await world.pair();
    expect(roomOf(ann)).toMatchObject({ owner: true, trust: { seal: "sealed", role: "owner", canInvite: true } });
    await world.until(() => roomOf(ben).trust.ownerKey === keyOf(ann));
    expect(roomOf(ben)).toMatchObject({ owner: false, trust: { seal: "sealed", role: "member", canInvite: true } });
    expect(seenBy(ben, ann)).toMatchObject({ standing: "member", role: "owner", words: safetyWords(keyOf(ann)) });
  });

  it("is open where that was asked for, and then nobody may begin anything here by default", async () => {
    const ann = await world.started("Ann");
    const ben = await world.started("Ben");
    const room = await world.must(ann, "create", { name: "Den", pin: PIN, sealed: false });
    expect(room.trust).toMatchObject({ seal: "open", inbound: { mode: "none" } });
    await world.must(ben, "join", { roomId: room.roomId, pin: PIN, inbound: { mode: "all" } });
    await world.until(() => linkOf(ann) === "connected" && linkOf(ben) === "connected");
    expect(await sendPacket(ben, ann, world.clock)).toHaveLength(0);
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
    expect(seenBy(ann, ben)).toMatchObject({ inbound: { rule: { mode: "none" }, own: false, refused: 1 } });
    await world.must(ann, "setInbound", { member: "Ben", rule: { mode: "all" } });
    expect(await sendPacket(ben, ann, world.clock)).toHaveLength(1);
    expect(seenBy(ann, ben)).toMatchObject({ inbound: { rule: { mode: "all" }, own: true } });
  });
});

describe("somebody with the PIN alone", () => {
  it("is told of with its words, reaches nobody, and counts as nobody who joined", async () => {
    const { ann, ben, eve } = await withEveAtTheDoor();
    expect(news(ann, "knock")).toMatchObject([{ member: keyOf(eve) }]);
    expect(seenBy(ann, eve)).toMatchObject({ username: "Eve", state: "connecting", words: safetyWords(keyOf(eve)) });
    for (const other of [ann, ben]) {
      expect(await sendPacket(eve, other, world.clock)).toHaveLength(0);
      expect(await sendPacket(other, eve, world.clock)).toHaveLength(0);
    }
    expect(roomOf(ann).trust.canLetIn).toBe(true);
    expect(roomOf(ben).trust.canLetIn).toBe(false);
    const connected = payloads(ann, "peer").filter((peer) => peer.state === "connected");
    expect(connected.every((peer) => peer.publicKey === keyOf(ben))).toBe(true);
  });

  it("comes in when it is let in, and stays in after a restart", async () => {
    const { ann, ben, eve } = await withEveAtTheDoor();
    expect(await world.ask(ben, "letIn", { member: "Eve" })).toMatchObject({ error: { code: "not_allowed" } });
    expect(await world.must(ann, "letIn", { member: "Eve" })).toMatchObject({ username: "Eve" });
    await world.until(() => standing(ben, eve) === "member" && standing(eve, ben) === "member");
    expect(await sendPacket(eve, ben, world.clock)).toHaveLength(1);
    expect(news(eve, "let_in")).toHaveLength(1);
    await eve.host.stop();
    const again = await world.started("Eve", {}, eve);
    await world.until(() => standing(ann, again) === "member" && seenBy(again, ann)?.state === "connected");
    expect(await sendPacket(again, ann, world.clock)).toHaveLength(1);
  });

  it("hears that it was turned away", async () => {
    const { ann, eve } = await withEveAtTheDoor();
    await world.must(ann, "turnAway", { member: "Eve" });
    await world.until(() => news(eve, "answered").some(({ answer }) => answer === "no"));
    expect(standing(ann, eve)).toBe("turned_away");
    expect(await sendPacket(eve, ann, world.clock)).toHaveLength(0);
  });
});

describe("a link whose key is damaged", () => {
  it("is refused before anybody is asked", async () => {
    const { room } = await world.pair();
    const eve = await world.started("Eve");
    for (const secrets of [{ key: "half" }, { key: "k".repeat(43) }, { owner: "half" }]) {
      const joining = { roomId: room.roomId, pin: PIN, ...secrets };
      expect(await world.ask(eve, "join", joining)).toMatchObject({ ok: false, error: { code: "link_key" } });
    }
    expect(eve.host.snapshot().rooms).toEqual([]);
  });
});

describe("the owner's word", () => {
  it("removes a member at once while the server is down, and its link opens nothing any more", async () => {
    const { ann, ben, room } = await world.pair();
    const cem = await world.started("Cem");
    await world.must(cem, "join", invitedTo(ann, room));
    await world.until(() => standing(ben, cem) === "member" && standing(cem, ben) === "member");
    await world.clock.advance(2_000);
    const old = invitedTo(cem, room);
    world.server.reachable = false;
    world.server.dropAll("killed");
    await world.clock.advance(1_000);
    const at = world.clock.now();
    await world.must(ann, "kick", { member: "Cem" });
    await world.until(() => seenBy(ben, cem) === undefined && cem.host.snapshot().rooms.length === 0);
    expect(world.clock.now() - at).toBeLessThan(2_000);
    expect(payloads(cem, "closed")).toMatchObject([{ reason: "kicked" }]);
    for (const other of [ann, ben]) {
      expect(await sendPacket(cem, other, world.clock)).toHaveLength(0);
      expect(await sendPacket(other, cem, world.clock)).toHaveLength(0);
    }
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);

    world.server.reachable = true;
    await world.until(() => [ann, ben].every((machine) => roomOf(machine).state === "joined"));
    await world.must(cem, "join", old);
    await world.until(() => standing(ann, cem) === "door");
    expect(await sendPacket(cem, ben, world.clock)).toHaveLength(0);
  });

  it("bans somebody for good, until it forgives", async () => {
    const { ann, ben, room } = await world.pair();
    await world.clock.advance(2_000);
    const old = invitedTo(ann, room);
    await world.must(ann, "kick", { member: "Ben", ban: true });
    await world.until(() => ben.host.snapshot().rooms.length === 0);
    expect(roomOf(ann).trust.removed).toEqual({ [keyOf(ben)]: { username: "Ben", kind: "banned" } });
    await world.must(ben, "join", old);
    await world.clock.advance(10_000);
    expect(linkOf(ben)).not.toBe("connected");
    expect(news(ann, "knock")).toEqual([]);
    await world.must(ann, "unban", { publicKey: keyOf(ben) });
    await world.until(() => standing(ann, ben) === "door");
  });

  it("names the room, whatever the server says", async () => {
    const { ann, ben } = await world.pair();
    await world.until(() => roomOf(ben).trust.ownerKey !== undefined);
    world.server.reachable = false;
    world.server.dropAll("killed");
    await world.must(ann, "rename", { name: "Attic" });
    await world.until(() => roomOf(ben).name === "Attic");
    expect(await world.ask(ben, "rename", { name: "Mine" })).toMatchObject({ error: { code: "not_owner" } });
  });

  it("lets somebody else open the door, and gives the room away", async () => {
    const { ann, ben, eve } = await withEveAtTheDoor();
    await world.must(ann, "setRole", { member: "Ben", role: "trusted" });
    await world.until(() => roomOf(ben).trust.canLetIn);
    await world.must(ben, "letIn", { member: "Eve" });
    await world.until(() => standing(ann, eve) === "member");
    await world.must(ann, "handOver", { member: "Ben" });
    await world.until(() => [ann, ben, eve].every((one) => roomOf(one).trust.ownerKey === keyOf(ben)));
    expect([roomOf(ann).owner, roomOf(ben).owner]).toEqual([false, true]);
    // The room stays when its founder leaves.
    await world.must(ann, "leave", {});
    await world.clock.advance(5_000);
    expect(roomOf(ben).state).toBe("joined");
    expect(await sendPacket(ben, eve, world.clock)).toHaveLength(1);
  });
});

describe("a machine that lost its room keys and policies", () => {
  it("takes no sealed room for an open one, and is given them again by who knows it", async () => {
    const { ann, ben, room } = await world.pair();
    await world.clock.advance(2_000);
    await ben.host.stop();
    ben.vault.damage("trust");
    const spy = await world.started("Spy");
    await ann.host.stop();
    // The server lets it in, and it says that the room is open.
    await world.must(spy, "join", { roomId: room.roomId, pin: PIN });
    const again = await world.started("Ben", {}, ben);
    await world.clock.advance(30_000);
    expect(roomOf(again).trust.seal).toBe("sealed");
    expect(standing(again, spy)).not.toBe("member");
    expect(await sendPacket(spy, again, world.clock)).toEqual([]);
    const owner = await world.started("Ann", {}, ann);
    await world.until(() => standing(again, owner) === "member" && seenBy(again, owner)?.state === "connected");
    expect(roomOf(again).trust).toMatchObject({ canInvite: true, ownerKey: keyOf(ann) });
  });
});

describe("a name that is known", () => {
  it("under another key is warned of, until the person takes the new key for it", async () => {
    const { ann, ben, room } = await world.pair();
    await world.must(ann, "setCompared", { member: "Ben", compared: true });
    expect(seenBy(ann, ben)).toMatchObject({ compared: true });
    await world.must(ben, "leave", {});
    const other = await world.started("Ben");
    await world.must(other, "join", invitedTo(ann, room));
    await world.until(() => standing(ann, other) === "member");
    await world.until(() => payloads(ann, "key_changed").length > 0);
    expect(payloads(ann, "key_changed")).toEqual([{ roomId: room.roomId, publicKey: keyOf(other) }]);
    expect(seenBy(ann, other)).toMatchObject({ compared: false, changedKey: { knownKey: keyOf(ben), compared: true } });
    await world.must(ann, "acceptKey", { member: keyOf(other) });
    expect(seenBy(ann, other)?.changedKey).toBeUndefined();
  });
});
