import { describe, expect, it } from "vitest";
import { den, sealedRoom, World } from "./world.ts";

async function threeInASealedRoom() {
  const world = new World();
  const [ann, ben, cem] = [world.machine("ann"), world.machine("ben"), world.machine("cem")];
  await sealedRoom(world, ann, ben, cem);
  return { world, ann, ben, cem };
}

describe("a sealed room", () => {
  it("lets in whoever has the invitation's key, and lists them", async () => {
    const { ann, ben, cem } = await threeInASealedRoom();
    for (const one of [ann, ben, cem]) {
      for (const other of [ann, ben, cem]) expect(one.standing(other), `${one.name} ${other.name}`).toBe("member");
    }
    expect(ann.room.policy?.members.map(([key]) => key)).toEqual([ben.key, cem.key]);
    expect(ben.room.policy).toEqual(ann.room.policy);
    expect(cem.room.policy).toEqual(ann.room.policy);
  });

  it("keeps whoever has only the PIN at the door, until the owner lets it in", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    const eve = world.machine("eve");
    eve.trust.enter(den);
    for (const other of [ann, ben, cem]) world.link(eve, other);
    await world.settle();
    for (const other of [ann, ben, cem]) {
      expect(other.standing(eve)).toBe("door");
      expect(eve.standing(other)).toBe("away");
      expect(other.trust.isAdmitted(eve.key)).toBe(false);
    }
    expect(eve.room.isWaiting).toBe(true);
    expect(ann.kinds()).toContain("knock");
    expect(ben.room.canLetIn).toBe(false);
    expect(await ben.room.letIn(eve.key)).toMatchObject({ ok: false, error: { code: "not_allowed" } });

    expect(await ann.room.letIn(eve.key)).toEqual({ ok: true, value: undefined });
    await world.settle();
    for (const other of [ann, ben, cem]) {
      expect(other.standing(eve)).toBe("member");
      expect(eve.standing(other)).toBe("member");
    }
    expect(eve.room.isWaiting).toBe(false);
    expect(eve.room.invitation).toEqual(ann.room.invitation);
    expect(eve.kinds()).toContain("let_in");
  });

  it("is opened by a member whom the owner trusts, while the owner is away", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    await ann.room.setRole(ben.key, "trusted");
    await world.settle();
    world.cut(ann, ben);
    world.cut(ann, cem);
    const eve = world.machine("eve");
    eve.trust.enter(den);
    world.link(eve, ben);
    world.link(eve, cem);
    await world.settle();
    expect(cem.room.canLetIn).toBe(false);
    expect(await ben.room.letIn(eve.key)).toMatchObject({ ok: true });
    await world.settle();
    expect([ben.standing(eve), cem.standing(eve), eve.standing(ben), eve.standing(cem)]).toEqual(
      Array(4).fill("member"),
    );
    world.link(ann, eve);
    await world.settle();
    expect([ann.standing(eve), eve.standing(ann)]).toEqual(["member", "member"]);
  });

  it("turns somebody away, who may knock again later", async () => {
    const { world, ann } = await threeInASealedRoom();
    const eve = world.machine("eve");
    eve.trust.enter(den);
    world.link(eve, ann);
    await world.settle();
    expect(ann.room.turnAway(eve.key)).toMatchObject({ ok: true });
    await world.settle();
    expect(ann.standing(eve)).toBe("turned_away");
    expect(eve.news.at(-1)).toMatchObject({ kind: "answered", answer: "no" });
    world.link(eve, ann);
    await world.settle();
    expect(ann.kinds().filter((kind) => kind === "knock")).toHaveLength(1);
    await world.pass(10 * 60_000);
    world.link(eve, ann);
    await world.settle();
    expect(ann.standing(eve)).toBe("door");
    expect(ann.kinds().filter((kind) => kind === "knock")).toHaveLength(2);
  });

  it("removes a member everywhere, and its old key opens nothing", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    const old = ben.room.invitation;
    expect(await ann.room.remove(ben.key, "kicked")).toMatchObject({ ok: true });
    await world.settle();
    expect([ann.standing(ben), cem.standing(ben)]).toEqual(["removed", "removed"]);
    expect(ben.news.at(-1)).toMatchObject({ kind: "removed", member: ben.key, removal: "kicked" });
    expect(ben.trust.room(den)).toBeUndefined();
    expect([ann.standing(cem), cem.standing(ann)]).toEqual(["member", "member"]);
    expect(cem.room.invitation).toEqual(ann.room.invitation);
    expect(ann.room.invitation.key).not.toBe(old.key);

    // With the invitation from before, and in another's name.
    ben.trust.enter(den, old);
    const twin = world.machine("twin");
    twin.trust.enter(den, old);
    for (const other of [ann, cem]) {
      world.link(ben, other);
      world.link(twin, other);
    }
    await world.settle();
    expect([ann.trust.isAdmitted(ben.key), cem.trust.isAdmitted(ben.key)]).toEqual([false, false]);
    expect([ann.trust.isAdmitted(twin.key), cem.trust.isAdmitted(twin.key)]).toEqual([false, false]);
    // It knocks, and the owner alone can let it in again.
    expect([ann.standing(ben), cem.standing(ben)]).toEqual(["door", "removed"]);
    await ann.room.letIn(ben.key);
    await world.settle();
    expect([ann.standing(ben), cem.standing(ben), ben.standing(cem)]).toEqual(["member", "member", "member"]);
  });

  it("does not even let a banned member knock, until the ban is lifted", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    const old = ben.room.invitation;
    await ann.room.remove(ben.key, "banned");
    await world.settle();
    ben.trust.enter(den, old);
    world.link(ben, ann);
    world.link(ben, cem);
    await world.settle();
    expect([ann.standing(ben), cem.standing(ben)]).toEqual(["banned", "banned"]);
    expect(ann.kinds()).not.toContain("knock");
    await ann.room.forgive(ben.key);
    await world.settle();
    expect([ann.standing(ben), cem.standing(ben)]).toEqual(["door", "door"]);
  });

  it("brings a member that was away up to date, whoever of the others it meets first", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    world.cut(cem, ann);
    world.cut(cem, ben);
    cem.restart();
    const dora = world.machine("dora");
    dora.trust.enter(den, ann.room.invitation);
    world.link(dora, ann);
    await world.settle();
    await world.pass(2_000);
    await ann.room.remove(dora.key, "kicked");
    await world.settle();
    expect(cem.room.policy?.epoch).toBeLessThan(ben.room.policy?.epoch ?? 0);
    world.link(cem, ben);
    await world.settle();
    expect(cem.room.policy).toEqual(ann.room.policy);
    expect(cem.room.invitation).toEqual(ann.room.invitation);
    expect([cem.standing(ben), ben.standing(cem), cem.standing(dora)]).toEqual(["member", "member", "removed"]);
    expect(ben.kinds()).not.toContain("knock");
  });

  it("is handed over, and the owner before cannot take it back", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    const saved = ann.written;
    expect(await ann.room.handOver(ben.key)).toMatchObject({ ok: true });
    await world.settle();
    for (const one of [ann, ben, cem]) expect(one.room.owner).toBe(ben.key);
    expect(ann.room.handingOverTo).toBeUndefined();
    expect(ben.room.role(ann.key)).toBe("trusted");
    expect(await ann.room.remove(cem.key, "kicked")).toMatchObject({ ok: false, error: { code: "not_owner" } });
    expect(await ben.room.remove(cem.key, "kicked")).toMatchObject({ ok: true });
    await world.settle();
    expect(ann.standing(cem)).toBe("removed");

    // With what it had written down before, it counts further on its own.
    ann.written = saved;
    ann.restart();
    for (let n = 0; n < 9; n++) await ann.room.rename(`Mine ${n}`);
    world.link(ann, ben);
    await world.settle();
    expect(ben.room.policy?.name).toBe("Den");
    expect([ann.room.owner, ann.room.policy?.name]).toEqual([ben.key, "Den"]);
  });

  it("goes on being handed over after a lost connection and a restart", async () => {
    const { world, ann, ben, cem } = await threeInASealedRoom();
    world.tamper = (message) => (message.t === "handover" ? undefined : message);
    await ann.room.handOver(ben.key);
    await world.settle();
    expect(ben.room.owner).toBe(ann.key);
    expect(await ann.room.rename("Other")).toMatchObject({ ok: false, error: { code: "handing_over" } });
    ann.restart();
    world.tamper = (message) => message;
    world.link(ann, ben);
    world.link(ann, cem);
    await world.settle();
    expect([ann, ben, cem].map(({ room }) => room.owner)).toEqual([ben.key, ben.key, ben.key]);
  });

  it("outlives a restart of everybody, without the owner", async () => {
    const { world, ben, cem } = await threeInASealedRoom();
    ben.restart();
    cem.restart();
    world.link(ben, cem);
    await world.settle();
    expect([ben.standing(cem), cem.standing(ben)]).toEqual(["member", "member"]);
  });

  it("gives an owner that has lost everything its room back", async () => {
    const { world, ann, ben } = await threeInASealedRoom();
    ann.written = [];
    ann.restart();
    ann.trust.enter(den);
    world.link(ann, ben);
    await world.settle();
    expect(ann.room.isOwner).toBe(true);
    expect(ann.room.invitation).toEqual(ben.room.invitation);
    expect(await ann.room.rename("Back")).toMatchObject({ ok: true });
  });
});

describe("an open room", () => {
  it("lets in whoever is there, and removes by the owner's word", async () => {
    const world = new World();
    const [ann, ben, cem] = [world.machine("ann"), world.machine("ben"), world.machine("cem")];
    await ann.trust.found(den, "Den", false);
    ben.trust.enter(den, ann.room.invitation);
    cem.trust.enter(den);
    world.link(ann, ben);
    world.link(ann, cem);
    world.link(ben, cem);
    await world.settle();
    expect([ann.standing(cem), cem.standing(ann), ben.standing(cem)]).toEqual(["member", "member", "member"]);
    // Whoever came without the founder's name has nobody's word to go by.
    expect([ben.room.seal, cem.room.seal]).toEqual(["open", "unknown"]);
    await ann.room.remove(cem.key, "banned");
    await world.settle();
    expect([ann.standing(cem), ben.standing(cem)]).toEqual(["banned", "banned"]);
  });

  it("goes by the owner's word as soon as somebody has the link who came without, on the connections that there are", async () => {
    const world = new World();
    const [ann, ben, cem] = [world.machine("ann"), world.machine("ben"), world.machine("cem")];
    await ann.trust.found(den, "Den", false);
    ben.trust.enter(den, ann.room.invitation);
    cem.trust.enter(den);
    for (const [one, other] of [
      [ann, ben],
      [ann, cem],
      [ben, cem],
    ] as const)
      world.link(one, other);
    await world.settle();
    await ann.room.remove(ben.key, "banned");
    await world.settle();
    // It has nobody's word to go by, and hears of the ban from nobody.
    expect(cem.standing(ben)).toBe("member");
    cem.trust.enter(den, ann.room.invitation);
    await world.settle();
    expect([cem.standing(ben), cem.standing(ann), cem.room.seal]).toEqual(["banned", "member", "open"]);
    expect(cem.room.policy).toEqual(ann.room.policy);
  });

  it("is sealed by its owner, and keeps who is in it", async () => {
    const world = new World();
    const [ann, ben] = [world.machine("ann"), world.machine("ben")];
    await ann.trust.found(den, "Den", false);
    ben.trust.enter(den, ann.room.invitation);
    world.link(ann, ben);
    await world.settle();
    await ann.room.setRules({ sealed: true });
    await world.settle();
    expect([ann.room.seal, ben.room.seal]).toEqual(["sealed", "sealed"]);
    expect([ann.standing(ben), ben.standing(ann)]).toEqual(["member", "member"]);
    expect(ben.room.invitation).toEqual(ann.room.invitation);
  });
});
