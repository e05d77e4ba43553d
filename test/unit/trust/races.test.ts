import { describe, expect, it } from "vitest";
import { HANDOVER_PATIENCE_MS } from "../../../shared/trust/desk.ts";
import { LIST_AFTER_MS } from "../../../shared/trust/listing.ts";
import type { Greeting, TrustMessage } from "../../../shared/trust/messages.ts";
import { ANSWERS_TOLD, KNOCKS_TOLD } from "../../../shared/trust/peers.ts";
import { type Policy, signHandOver, signPolicy, type UnsignedPolicy } from "../../../shared/trust/policy.ts";
import { keyIdOf, makeRoomKey, ownerPinOf } from "../../../shared/trust/room-key.ts";
import { WRITE_PATIENCE_MS } from "../../../shared/trust/written.ts";
import { den, type Machine, sealedRoom, World } from "./world.ts";

// Things that happen at once, in the wrong order, or by half; and members who make use of that.

async function three() {
  const world = new World();
  const [ann, ben, cem] = [world.machine("ann"), world.machine("ben"), world.machine("cem")];
  await sealedRoom(world, ann, ben, cem);
  const said: { from: string; to: string; message: TrustMessage }[] = [];
  world.overhear = (message, from, to) => said.push({ from: from.name, to: to.name, message });
  return { world, ann, ben, cem, said };
}

/** Eve came with the PIN alone, and is at the doors of the first two. */
async function threeAndAVisitor() {
  const { world, ann, ben } = await three();
  const eve = world.machine("eve");
  eve.trust.enter(den);
  world.link(eve, ann);
  world.link(eve, ben);
  await world.settle();
  return { world, ann, ben, eve };
}

function isAdmitted(by: Machine, who: Machine): boolean {
  return by.trust.isAdmitted(who.key);
}

const unsigned = ({ sig: _, ...policy }: Policy): UnsignedPolicy => policy;

describe("a removal", () => {
  it("counts at the owner's machine before the disk has answered, and is not told to anybody until then", async () => {
    const { world, ann, ben, cem, said } = await three();
    let written = () => {};
    ann.disk = new Promise((resolve) => {
      written = resolve;
    });
    const done = ann.room.remove(ben.key, "kicked");
    await world.clock.advance(1);
    // Also not to whoever asks just then.
    world.link(cem, ann);
    const settled = world.settle();
    await world.clock.advance(1);
    expect(isAdmitted(ann, ben)).toBe(false);
    expect(said.filter(({ from }) => from === "ann")).toEqual([]);
    written();
    expect(await done).toMatchObject({ ok: true });
    await settled;
    expect(said.map(({ message }) => message.t)).toContain("policy");
  });

  it("is handed out although the disk does not answer", async () => {
    const { world, ann, ben, cem } = await three();
    ann.disk = new Promise(() => {});
    const done = ann.room.remove(ben.key, "kicked");
    await world.clock.advance(WRITE_PATIENCE_MS);
    expect(await done).toMatchObject({ ok: true });
    await world.settle();
    expect(isAdmitted(cem, ben)).toBe(false);
  });

  it("in the moment in which the owner writes down who came is not undone by the proof that still holds", async () => {
    const { world, ann, ben } = await three();
    const dora = world.machine("dora");
    dora.trust.enter(den, ann.room.invitation);
    world.link(dora, ann);
    await world.settle();
    const removing = ann.room.remove(dora.key, "kicked");
    await world.clock.advance(LIST_AFTER_MS);
    await removing;
    await world.pass(10 * LIST_AFTER_MS);
    expect(ann.room.policy?.members.map(([key]) => key)).not.toContain(dora.key);
    expect([isAdmitted(ann, dora), isAdmitted(ben, dora)]).toEqual([false, false]);
  });

  it("reaches a member that the owner never saw, and that waits at the door since", async () => {
    const { world, ann, ben, cem } = await three();
    const dora = world.machine("dora");
    for (const other of [ben, cem]) world.cut(ann, other);
    dora.trust.enter(den, ben.room.invitation);
    world.link(dora, ben);
    world.link(dora, cem);
    await world.settle();
    expect(isAdmitted(dora, cem)).toBe(true);
    await ann.room.remove(cem.key, "banned");
    await world.settle();
    world.link(ann, ben);
    await world.settle();
    // Its key is not the one that holds any more, but it knows whom nobody may let in.
    expect([ben.standing(dora), dora.standing(ben), dora.standing(cem)]).toEqual(["door", "away", "banned"]);
  });

  it("of a member that did not hear of it is no knock of its when it comes back", async () => {
    const { world, ann, ben } = await three();
    for (const other of world.machines) world.cut(ben, other);
    await ann.room.remove(ben.key, "kicked");
    world.link(ann, ben);
    await world.settle();
    expect(ann.kinds()).not.toContain("knock");
    expect(ben.kinds()).toContain("removed");
    expect(ben.trust.room(den)).toBeUndefined();
  });

  it("keeps whom a member has let in by hand, though the key changes", async () => {
    const { world, ann, ben, cem } = await three();
    await ann.room.setRole(ben.key, "trusted");
    await world.settle();
    const eve = world.machine("eve");
    eve.trust.enter(den);
    world.cut(ann, ben);
    world.link(eve, ben);
    await world.settle();
    await ben.room.letIn(eve.key);
    await ann.room.remove(cem.key, "kicked");
    world.link(ann, ben);
    await world.settle();
    expect([isAdmitted(ben, eve), isAdmitted(eve, ben)]).toEqual([true, true]);
    expect(eve.room.invitation).toEqual(ann.room.invitation);
    expect(ben.kinds().filter((kind) => kind === "knock")).toHaveLength(1);
  });
});

describe("an owner that signed two policies for one epoch", () => {
  it("has all members choose the same one: that which keeps more people out", async () => {
    const { world, ann, ben, cem } = await three();
    const saved = ann.written;
    world.cut(ann, cem);
    world.cut(ben, cem);
    await ann.room.remove(cem.key, "kicked");
    await world.settle();
    for (const other of world.machines) world.cut(ann, other);
    ann.written = saved;
    ann.restart();
    await ann.room.rename("Other");
    expect(ann.room.policy?.epoch).toBe(ben.room.policy?.epoch);
    world.link(ann, ben);
    await world.settle();
    expect(ann.room.policy).toEqual(ben.room.policy);
    expect(ann.standing(cem)).toBe("removed");
  });

  it("signs the next one on what it hears while it signs", async () => {
    const { world, ann, ben } = await three();
    const saved = ann.written;
    await ann.room.rename("Newer");
    await ann.room.rename("Newest");
    await world.settle();
    ann.written = saved;
    ann.restart();
    const newest = ben.room.policy;
    if (!newest) throw new Error("ben has no policy");
    const done = ann.room.setRules({ doors: "owner" });
    world.link(ann, ben);
    world.carry(ben, ann.key, { t: "policy", room: den, policy: newest });
    await world.settle();
    await done;
    await world.settle();
    expect(ben.room.policy).toMatchObject({ name: "Newest", doors: "owner" });
  });

  it("does not make the room anew because a server says that it is", async () => {
    const { ann } = await three();
    expect(await ann.trust.found(den, "Anew", true)).toMatchObject({ ok: false, error: { code: "has_owner" } });
  });

  it("does not sign what no member would take", async () => {
    const { ann } = await three();
    expect(await ann.room.rename("x".repeat(65))).toMatchObject({ ok: false, error: { code: "bad_policy" } });
  });
});

describe("a hand-over", () => {
  it("keeps its owner from nothing while whoever gets the room is away, and carries that over", async () => {
    const { world, ann, ben, cem } = await three();
    world.tamper = (message) => (message.t === "handover" ? undefined : message);
    await ann.room.handOver(ben.key);
    await world.settle();
    world.cut(ann, ben);
    world.cut(ben, cem);
    expect(await ann.room.remove(cem.key, "kicked")).toMatchObject({ ok: true });
    world.tamper = (message) => message;
    world.link(ann, ben);
    await world.settle();
    expect([ann.room.owner, ben.room.owner]).toEqual([ben.key, ben.key]);
    expect(ben.standing(cem)).toBe("removed");
  });

  it("is not taken from a policy that its owner has changed since", async () => {
    const { world, ann, ben, cem } = await three();
    world.tamper = (message, _, to) => (to === ben && message.t !== "handover" ? undefined : message);
    await ann.room.remove(cem.key, "kicked");
    await world.settle();
    const handover = await signHandOver(den, ben.key, (ann.room.policy?.epoch ?? 0) + 1, ann.signer);
    world.carry(ann, ben.key, { t: "handover", room: den, handover });
    await world.settle();
    expect(ben.room.isOwner).toBe(false);
    world.tamper = (message) => message;
    await world.pass(5_000);
    world.carry(ann, ben.key, { t: "handover", room: den, handover });
    await world.settle();
    expect([ann.room.owner, ann.standing(cem)]).toEqual([ben.key, "removed"]);
  });

  it("that is not taken keeps its owner waiting for seconds only", async () => {
    const { world, ann, ben, cem } = await three();
    world.tamper = (message) => (message.t === "handover" ? undefined : message);
    await ann.room.handOver(ben.key);
    expect(await ann.room.remove(cem.key, "kicked")).toMatchObject({ ok: false, error: { code: "handing_over" } });
    await world.pass(HANDOVER_PATIENCE_MS);
    expect(await ann.room.remove(cem.key, "kicked")).toMatchObject({ ok: true });
    expect(await ann.room.remove(ben.key, "kicked")).toMatchObject({ ok: false, error: { code: "handing_over" } });
  });

  it("that was lost is offered again", async () => {
    const { world, ann, ben } = await three();
    world.tamper = (message) => (message.t === "handover" ? undefined : message);
    await ann.room.handOver(ben.key);
    await world.settle();
    world.tamper = (message) => message;
    await world.pass(10_000);
    expect(ann.room.owner).toBe(ben.key);
  });

  it("goes to nobody who takes no owner's word", async () => {
    const world = new World();
    const [ann, ben] = [world.machine("ann"), world.machine("ben")];
    await ann.trust.found(den, "Den", false);
    ben.trust.enter(den);
    world.link(ann, ben);
    await world.settle();
    expect(await ann.room.handOver(ben.key)).toMatchObject({ ok: false, error: { code: "no_policy" } });
  });

  it("goes to one only", async () => {
    const { world, ann, ben, cem } = await three();
    world.tamper = (message) => (message.t === "handover" ? undefined : message);
    await ann.room.handOver(ben.key);
    await world.pass(HANDOVER_PATIENCE_MS);
    expect(await ann.room.handOver(cem.key)).toMatchObject({ ok: false, error: { code: "handing_over" } });
    expect(await ann.room.handOver(ben.key)).toMatchObject({ ok: true });
  });
});

describe("whoever waits at the door", () => {
  it("does not let in others who wait", async () => {
    const { world, ann } = await three();
    const [eve, fay] = [world.machine("eve"), world.machine("fay")];
    for (const guest of [eve, fay]) guest.trust.enter(den);
    world.link(eve, fay);
    world.link(eve, ann);
    world.link(fay, ann);
    await world.settle();
    expect([isAdmitted(eve, fay), isAdmitted(fay, eve)]).toEqual([false, false]);
    expect([eve.room.isWaiting, fay.room.isWaiting]).toEqual([true, true]);
  });

  it("with an old invitation does not let in a removed member that has the same", async () => {
    const { world, ann, ben } = await three();
    const old = ann.room.invitation;
    await ann.room.remove(ben.key, "kicked");
    await world.settle();
    const dora = world.machine("dora");
    dora.trust.enter(den, old);
    ben.trust.enter(den, old);
    world.link(dora, ann);
    world.link(dora, ben);
    await world.settle();
    expect([isAdmitted(dora, ben), dora.standing(ann)]).toEqual([false, "away"]);
  });

  it("comes in by the new invitation, whichever of the two it opened first", async () => {
    const { world, ann, ben } = await three();
    const old = ann.room.invitation;
    await ann.room.remove(ben.key, "kicked");
    await world.settle();
    const links = [old, ann.room.invitation];
    const [dora, emil] = [world.machine("dora"), world.machine("emil")];
    for (const [guest, opened] of [[dora, links] as const, [emil, links.toReversed()] as const]) {
      for (const link of opened) guest.trust.enter(den, link);
      await world.settle();
      guest.restart();
      world.link(guest, ann);
      await world.settle();
      expect([isAdmitted(ann, guest), isAdmitted(guest, ann)]).toEqual([true, true]);
    }
  });

  it("comes in by the new invitation also where the owner has opened the old one again", async () => {
    const { world, ann, ben } = await three();
    const old = ann.room.invitation;
    await ann.room.remove(ben.key, "kicked");
    ann.trust.enter(den, old);
    const dora = world.machine("dora");
    dora.trust.enter(den, old);
    world.link(dora, ann);
    await world.settle();
    expect(isAdmitted(ann, dora)).toBe(false);
    // Both have both keys now. It is the one that holds by which they recognize each other.
    dora.trust.enter(den, ann.room.invitation);
    await world.settle();
    expect([isAdmitted(ann, dora), isAdmitted(dora, ann)]).toEqual([true, true]);
  });

  it("hears that it is in also of a member that has told it to wait, and was out of the room meanwhile", async () => {
    const { world, ann, ben, eve } = await threeAndAVisitor();
    await ann.room.remove(ben.key, "kicked");
    await ann.room.letIn(eve.key);
    await ann.room.forgive(ben.key);
    await world.settle();
    // Another room had kept the connection up, and the server has said nothing of all this.
    ben.trust.enter(den, ann.room.invitation);
    await world.settle();
    await world.pass(60_000);
    expect([isAdmitted(ben, eve), isAdmitted(eve, ben)]).toEqual([true, true]);
  });

  it("and was turned away hears that it is let in after all, also of others", async () => {
    const { world, ann, ben, eve } = await threeAndAVisitor();
    ben.room.turnAway(eve.key);
    ann.room.turnAway(eve.key);
    await world.settle();
    expect(await ann.room.letIn(eve.key)).toMatchObject({ ok: true });
    await world.settle();
    expect([eve.standing(ann), eve.standing(ben), ben.standing(eve)]).toEqual(["member", "member", "member"]);
  });

  it("is not asked about again because it left and came back", async () => {
    const { world, ann } = await three();
    const eve = world.machine("eve");
    eve.trust.enter(den);
    for (let n = 0; n < 5; n++) {
      world.link(eve, ann);
      await world.settle();
      if (n === 0) ann.room.turnAway(eve.key);
      ann.trust.gone(eve.key);
    }
    expect(ann.kinds().filter((kind) => kind === "knock")).toHaveLength(1);
  });

  it("in a crowd is at the door to be seen, and people are told of the first few", async () => {
    const { world, ann } = await three();
    const crowd = Array.from({ length: 3 * KNOCKS_TOLD }, (_, n) => world.machine(`${String.fromCharCode(97 + n)}ve`));
    for (const one of crowd) {
      one.trust.enter(den);
      world.link(one, ann);
    }
    await world.settle();
    for (const one of crowd) expect(ann.standing(one), one.name).toBe("door");
    expect(ann.kinds().filter((kind) => kind === "knock")).toHaveLength(KNOCKS_TOLD);
    await world.pass(10 * 60_000);
    const late = world.machine("late");
    late.trust.enter(den);
    world.link(late, ann);
    await world.settle();
    expect(ann.kinds().filter((kind) => kind === "knock")).toHaveLength(KNOCKS_TOLD + 1);
  });

  it("is let in by nobody where members contradict each other, and says so", async () => {
    const { world, ann } = await three();
    const [eve, liar] = [world.machine("eve"), world.machine("liar")];
    eve.trust.enter(den);
    world.link(eve, ann);
    await world.settle();
    world.link(eve, liar);
    const key = makeRoomKey(world.random);
    const policy = ann.room.policy;
    if (!policy) throw new Error("ann has no policy");
    const own = { ...unsigned(policy), founder: liar.key, key: keyIdOf(key), members: [], removed: [] };
    world.carry(liar, eve.key, { t: "grant", room: den, key, policy: await signPolicy(own, liar.signer) });
    await world.settle();
    expect(eve.refused).toContain("conflicting_claims");
    expect([isAdmitted(eve, liar), eve.room.policy]).toEqual([false, undefined]);
  });

  it("keeps the key that the owner's list gives it, although another waits without one", async () => {
    const world = new World();
    const [ann, ben, cem] = [world.machine("ann"), world.machine("ben"), world.machine("cem")];
    await ann.trust.found(den, "Den", false);
    for (const guest of [ben, cem]) guest.trust.enter(den, ann.room.invitation);
    world.link(ann, ben);
    world.link(ben, cem);
    await world.settle();
    await ann.room.setRules({ sealed: true });
    await world.settle();
    expect(cem.standing(ben)).toBe("away");
    // Ann comes back with nothing: Cem, who has no key either, contradicts nobody.
    ann.trust.forget(den);
    ann.trust.enter(den);
    world.link(ann, cem);
    world.link(ann, ben);
    await world.settle();
    expect([ann.room.isOwner, ann.room.invitation]).toEqual([true, ben.room.invitation]);
  });
});

describe("a member that lies", () => {
  async function withLiar() {
    const town = await three();
    const liar = town.world.machine("liar");
    town.world.link(liar, town.ann);
    await town.world.settle();
    const policy = town.ann.room.policy;
    if (!policy) throw new Error("ann has no policy");
    const boast: Greeting = {
      t: "room",
      room: den,
      key: policy.key as Greeting["key"],
      proof: "",
      founder: ownerPinOf(policy.founder),
      chain: 0,
      epoch: 1_000,
      policy: "",
      ask: false,
    };
    return { ...town, liar, boast };
  }

  it("is not listed by the owner for saying that it keeps the owner out", async () => {
    const { world, ann, liar, boast } = await withLiar();
    world.carry(liar, ann.key, boast);
    world.carry(liar, ann.key, { t: "door", room: den, answer: "wait" });
    await world.settle();
    await world.pass(10 * LIST_AFTER_MS);
    expect(ann.standing(liar)).toBe("away");
    expect(ann.room.policy?.members.map(([key]) => key)).not.toContain(liar.key);
  });

  it("is heard so often and no more, and that is told of once", async () => {
    const { world, ann, liar } = await withLiar();
    const before = ann.news.length;
    for (let n = 0; n < 1_000; n++) {
      world.carry(liar, ann.key, { t: "door", room: den, answer: n % 2 === 0 ? "wait" : "no" });
    }
    await world.settle();
    expect(ann.news.length - before).toBeLessThanOrEqual(101);
    expect(ann.refused.filter((code) => code === "flood")).toHaveLength(1);
  });

  it("answers one thing and another without end, and people are told of the first few", async () => {
    const { world, ann, ben } = await three();
    for (let n = 0; n < 40; n++) world.carry(ben, ann.key, { t: "door", room: den, answer: n % 2 ? "no" : "wait" });
    await world.settle();
    expect(ann.kinds().filter((kind) => kind === "answered")).toHaveLength(ANSWERS_TOLD);
    // The last one counts all the same.
    expect(ann.standing(ben)).toBe("away");
    world.carry(ben, ann.key, { t: "door", room: den, answer: "open" });
    await world.settle();
    expect(ann.standing(ben)).toBe("member");
  });

  it("gets so many answers and no more", async () => {
    const { world, ann, liar, boast, said } = await withLiar();
    said.length = 0;
    for (let n = 0; n < 90; n++) world.carry(liar, ann.key, { ...boast, key: "", epoch: 1, ask: true });
    await world.settle();
    const answers = said.filter(({ from, message }) => from === "ann" && message.t === "policy");
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.length).toBeLessThanOrEqual(30);
  });

  it("finds no room by the name of what all objects have", async () => {
    const { world, ann, liar, boast } = await withLiar();
    for (const room of ["__proto__", "constructor", "toString"]) world.carry(liar, ann.key, { ...boast, room });
    await world.settle();
    expect(ann.refused).toEqual([]);
    expect(ann.trust.saved).toHaveLength(1);
  });
});

describe("a member of whom the server does not say that it is in the room", () => {
  /** Ben greets Ann, who has just been told that he is in none of her rooms. */
  async function greetsAgain(sealed: boolean, change: (greeting: Greeting) => Greeting = (greeting) => greeting) {
    const world = new World();
    const [ann, ben] = [world.machine("ann"), world.machine("ben")];
    let greeting: Greeting | undefined;
    world.overhear = (message, from) => {
      if (message.t === "room" && from === ben) greeting = message;
    };
    await ann.trust.found(den, "Den", sealed);
    ben.trust.enter(den, ann.room.invitation);
    world.link(ann, ben);
    await world.settle();
    ann.trust.shares(ben.key, []);
    expect([isAdmitted(ann, ben), ann.room.knows(ben.key)]).toEqual([false, false]);
    if (!greeting) throw new Error("ben has not greeted");
    world.carry(ben, ann.key, change(greeting));
    await world.settle();
    return isAdmitted(ann, ben);
  }

  it("comes in all the same by proving the key of a sealed one", async () => {
    expect(await greetsAgain(true)).toBe(true);
  });

  it("does not with a proof that does not hold", async () => {
    expect(await greetsAgain(true, (greeting) => ({ ...greeting, proof: "A".repeat(43) }))).toBe(false);
  });

  it("does not where a room is open: its PIN is the server's to ask for", async () => {
    expect(await greetsAgain(false)).toBe(false);
  });
});

describe("a room that is opened and sealed again", () => {
  it("keeps who is in it under a new key, and a removed member out", async () => {
    const { world, ann, ben, cem } = await three();
    const old = ann.room.invitation;
    await ann.room.remove(cem.key, "kicked");
    await ann.room.setRules({ sealed: false });
    await world.settle();
    expect([ann.room.invitation.key, ben.room.invitation.key]).toEqual([undefined, undefined]);
    cem.trust.enter(den, old);
    world.link(cem, ben);
    await world.settle();
    expect(isAdmitted(ben, cem)).toBe(false);
    await ann.room.setRules({ sealed: true });
    await world.settle();
    expect([isAdmitted(ben, ann), isAdmitted(ben, cem)]).toEqual([true, false]);
    expect(ben.room.invitation).toEqual(ann.room.invitation);
    expect(ben.room.invitation.key).not.toBe(old.key);
  });
});
