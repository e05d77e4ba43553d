import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { signerOf } from "../../shared/identity/keys.ts";
import type { RoomView } from "../../shared/ipc/contract.ts";
import { type Greeting, readTrustMessage } from "../../shared/trust/messages.ts";
import { type Policy, signHandOver, signPolicy } from "../../shared/trust/policy.ts";
import { keyIdOf, makeRoomKey, ownerPinOf } from "../../shared/trust/room-key.ts";
import { sendPacket } from "../unit/main/machines.ts";
import {
  connectedTo,
  invitedTo,
  keyOf,
  type Machine,
  PIN,
  payloads,
  refusals,
  roomOf,
  sealedRoom,
  seenBy,
  standing,
  World,
} from "./world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

/** Ann's room with Ben and with Mallory, who was let in and means harm. */
async function withMallory() {
  const [ann, ben, mallory] = await sealedRoom(world, "Ben", "Mallory");
  if (!ann || !ben || !mallory) throw new Error("nobody is there");
  const { roomId } = roomOf(ann);
  return { ann, ben, mallory, roomId };
}

/** Says something over the proven connection that Mallory has. */
function say(mallory: Machine, to: Machine, body: object): void {
  mallory.host.engine.say(keyOf(to), body);
}

/** What Mallory holds of the room, as every member does. */
async function policyOf({ vault }: Machine, roomId: RoomId): Promise<Policy> {
  const kept = JSON.parse((await vault.get("trust")) ?? "{}");
  const [server] = Object.values(kept.servers) as Record<string, { trust: { policy: Policy } }>[];
  const policy = server?.[roomId]?.trust.policy;
  if (!policy) throw new Error("it holds no policy");
  return policy;
}

function roomNamed({ host }: Machine, name: string): RoomView {
  const room = host.snapshot().rooms.find((each) => each.name === name);
  if (!room) throw new Error(`it is in no room called ${name}`);
  return room;
}

const ownerAt = (machine: Machine) => roomOf(machine).trust.ownerKey;

describe("a member that means harm", () => {
  it("claims to own the room, in every way there is: nobody believes it", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const me = signerOf(mallory.pair);
    const { sig: _, ...held } = await policyOf(mallory, roomId);
    const mine: Policy["members"] = held.members.filter(([key]) => key !== keyOf(mallory));
    const claims: Policy[] = [
      // As its founder.
      await signPolicy({ ...held, founder: me.publicKey, members: mine, epoch: 900 }, me),
      // In the owner's name.
      await signPolicy({ ...held, epoch: 900, name: "Mallory's" }, me),
      // By a hand-over that it signed to itself.
      await signPolicy(
        { ...held, members: mine, epoch: 902, chain: [await signHandOver(roomId, me.publicKey, 901, me)] },
        me,
      ),
      // What the owner signed, with another name on it.
      { ...(await policyOf(mallory, roomId)), epoch: 903, name: "Mallory's" },
    ];
    for (const policy of claims) {
      say(mallory, ben, { t: "policy", room: roomId, policy });
      say(mallory, ben, { t: "grant", room: roomId, key: makeRoomKey(secureRandom), policy });
    }
    await world.clock.advance(5_000);
    expect([ownerAt(ben), roomOf(ben).name]).toEqual([keyOf(ann), "Den"]);
    expect(new Set(refusals(ben))).toEqual(new Set(["foreign_policy", "bad_signature", "bad_handover", "bad_grant"]));
  });

  it("brings an old policy back: what was decided since then stays", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const old = await policyOf(mallory, roomId);
    await world.must(ann, "rename", { name: "Attic" });
    await world.until(() => roomOf(ben).name === "Attic" && roomOf(mallory).name === "Attic");
    say(mallory, ben, { t: "policy", room: roomId, policy: old });
    await world.clock.advance(5_000);
    expect(roomOf(ben).name).toBe("Attic");
  });

  it("hands the key to somebody who was removed: the key is another by then, and the list says no", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const cem = await world.started("Cem");
    await world.must(cem, "join", invitedTo(ann, { roomId }));
    await world.until(() => standing(ben, cem) === "member");
    await world.must(ann, "kick", { member: "Cem", ban: true });
    await world.until(() => cem.host.snapshot().rooms.length === 0);
    // Every member has the new key, and can give it away. It does not help who is banned.
    await world.must(cem, "join", invitedTo(mallory, { roomId }));
    await world.clock.advance(20_000);
    expect(standing(ann, cem)).toBe("banned");
    expect(standing(ben, cem)).toBe("banned");
    expect(await sendPacket(cem, ben, world.clock)).toEqual([]);
  });

  it("lets somebody in whom the owner did not allow it to: an honest program does not, and the owner can undo it", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const eve = await world.started("Eve");
    await world.must(eve, "join", { roomId, pin: PIN });
    await world.until(() => standing(ben, eve) === "door");
    expect(await world.ask(mallory, "letIn", { member: "Eve" })).toMatchObject({ error: { code: "not_allowed" } });
    // A program of its own gives the key away.
    say(mallory, eve, {
      t: "grant",
      room: roomId,
      key: invitedTo(mallory, { roomId }).key ?? "",
      policy: await policyOf(mallory, roomId),
    });
    await world.until(() => standing(ann, eve) === "member");
    await world.must(ann, "kick", { member: "Eve" });
    await world.must(ann, "kick", { member: "Mallory" });
    await world.until(() => seenBy(ben, eve) === undefined && seenBy(ben, mallory) === undefined);
    expect(connectedTo(ben)).toEqual([keyOf(ann)]);
  });

  it("carries policy, key and hand-over of one room into another: each holds for its own", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const { sig: _, ...held } = await policyOf(mallory, roomId);
    // Of another room that Ann made, which she gives to Mallory.
    const [attic, key] = ["a77100000000000f" as RoomId, makeRoomKey(secureRandom)];
    const theirs = await signPolicy({ ...held, room: attic, epoch: 900, key: keyIdOf(key) }, signerOf(ann.pair));
    const given = await signHandOver(attic, keyOf(mallory), held.epoch + 1, signerOf(ann.pair));
    const members = held.members.filter(([member]) => member !== keyOf(mallory));
    const taken = { ...held, members, chain: [given], epoch: held.epoch + 2, key: keyIdOf(key) };
    for (const policy of [theirs, { ...theirs, room: roomId }, await signPolicy(taken, signerOf(mallory.pair))]) {
      say(mallory, ben, { t: "policy", room: roomId, policy });
      say(mallory, ben, { t: "grant", room: roomId, key, policy });
    }
    await world.clock.advance(2_000);
    expect([ownerAt(ben), roomOf(ben).name]).toEqual([keyOf(ann), "Den"]);
    expect(invitedTo(ben, { roomId }).key).not.toBe(key);
    expect([...refusals(ben)].sort()).toEqual([
      ...["bad_handover", "bad_handover"],
      ...["bad_signature", "bad_signature"],
      ...["foreign_policy", "foreign_policy"],
    ]);
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
  });

  it("sends what makes no sense: it is refused, and the link and everything else goes on", async () => {
    const { ben, mallory, roomId } = await withMallory();
    const nonsense: object[] = [
      {},
      { t: "policy" },
      { t: "policy", room: roomId, policy: null },
      { t: "policy", room: "__proto__", policy: await policyOf(mallory, roomId) },
      { t: "room", room: roomId, key: 1, proof: {}, chain: -1, epoch: Number.MAX_VALUE },
      { t: "grant", room: roomId, key: "short", policy: {} },
      { t: "door", room: roomId, answer: "constructor" },
      { t: "handover", room: roomId, handover: { to: "x", epoch: 1e300, sig: "" } },
      { t: "toString" },
    ];
    for (const body of nonsense) say(mallory, ben, body);
    await world.clock.advance(2_000);
    expect(refusals(ben)).toContain("malformed");
    expect(standing(ben, mallory)).toBe("member");
    expect(await sendPacket(mallory, ben, world.clock)).toHaveLength(1);
  });

  it("answers that a door is shut or open as it likes: that is between the two", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    for (const answer of ["banned", "removed", "no", "wait"]) say(mallory, ben, { t: "door", room: roomId, answer });
    await world.clock.advance(1_000);
    expect(standing(ben, mallory)).toBe("away");
    expect([standing(ben, ann), standing(ann, ben)]).toEqual(["member", "member"]);
    expect(roomOf(ben).trust.waiting).toBe(false);
  });

  it("offers the room to somebody without owning it: nobody takes it", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const handover = await signHandOver(
      roomId,
      keyOf(ben),
      (await policyOf(ben, roomId)).epoch + 1,
      signerOf(mallory.pair),
    );
    say(mallory, ben, { t: "handover", room: roomId, handover });
    await world.clock.advance(2_000);
    expect(ownerAt(ben)).toBe(keyOf(ann));
    expect(refusals(ben)).toContain("bad_handover");
  });

  it("floods with policies that look newer: few are checked, and the others go on", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const policy = await policyOf(mallory, roomId);
    for (let n = 0; n < 100; n++) {
      say(mallory, ben, { t: "policy", room: roomId, policy: { ...policy, epoch: 1_000 + n } });
      await world.clock.advance(50);
    }
    expect(refusals(ben).filter((code) => code === "bad_signature").length).toBeLessThan(60);
    expect(roomOf(ben).trust.ownerKey).toBe(keyOf(ann));
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
  });
});

describe("a member that was removed", () => {
  it("comes back under another key with the key it had: it waits at the door like anybody", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const before = invitedTo(mallory, { roomId });
    await world.must(ann, "kick", { member: "Mallory" });
    await world.until(() => mallory.host.snapshot().rooms.length === 0);
    const again = await world.started("Mallory");
    await world.must(again, "join", before);
    await world.until(() => standing(ben, again) === "door");
    await world.clock.advance(10_000);
    expect(connectedTo(ben)).toEqual([keyOf(ann)]);
    expect(roomOf(again).trust.waiting).toBe(true);
  });

  it("cannot read the key that holds from then on", async () => {
    const { ann, ben, mallory, roomId } = await withMallory();
    const said: string[] = [];
    mallory.host.engine.events.on("said", ({ body }) => void said.push(JSON.stringify(body)));
    // Or the server's word might come first, and Mallory hear nothing of the members'.
    world.server.intercept = ({ type }) => type === "Kick";
    await world.must(ann, "kick", { member: "Mallory" });
    await world.until(() => invitedTo(ann, { roomId }).key === invitedTo(ben, { roomId }).key);
    await world.clock.advance(20_000);
    const { key } = invitedTo(ann, { roomId });
    expect(said.join()).not.toContain(key);
    expect(said.join()).toContain(keyIdOf(key as Parameters<typeof keyIdOf>[0]));
  });
});

describe("somebody at the door", () => {
  it("plays back the proofs that members showed it, to themselves and to each other, or makes one up: it is refused", async () => {
    const { ann, ben, roomId } = await withMallory();
    const eve = await world.started("Eve");
    const shown = new Map<PublicKey, Greeting>();
    eve.host.engine.events.on("said", ({ publicKey, body }) => {
      const read = readTrustMessage(body);
      if (read.ok && read.value?.t === "room") shown.set(publicKey, read.value);
    });
    await world.must(eve, "join", { roomId, pin: PIN });
    await world.until(() => standing(ann, eve) === "door" && standing(ben, eve) === "door");
    const [anns, bens] = [shown.get(keyOf(ann)), shown.get(keyOf(ben))];
    if (!anns || !bens) throw new Error("they have not greeted");
    expect([anns.proof, bens.proof]).not.toContain("");
    expect(anns.proof).not.toBe(bens.proof);
    const mirrored = [bens, anns, { ...bens, proof: "A".repeat(43) }];
    for (const greeting of mirrored) {
      say(eve, ben, greeting);
      await world.clock.advance(1_000);
      expect(standing(ben, eve)).toBe("door");
    }
    expect(refusals(ben)).toEqual(mirrored.map(() => "bad_room_proof"));
    expect(await sendPacket(eve, ben, world.clock)).toEqual([]);
  });

  it.each([true, false])(
    "talks of a room that it only knows the id of (sealed: %s): it is not even at the door",
    async (sealed) => {
      const { ann, ben, mallory } = await withMallory();
      const attic = await world.must(ben, "create", { name: "Attic", pin: PIN, sealed });
      await world.must(ann, "join", invitedTo(ben, attic));
      await world.until(() => roomNamed(ann, "Attic").members.length === 2);
      // Mallory is in Den with both of them, and has not got the attic's PIN.
      const said: string[] = [];
      mallory.host.engine.events.on("said", ({ body }) => void said.push(JSON.stringify(body)));
      const greeting = {
        t: "room",
        room: attic.roomId,
        key: "",
        proof: "",
        founder: "",
        chain: 0,
        epoch: 0,
        policy: "",
      };
      for (const other of [ann, ben]) say(mallory, other, { ...greeting, ask: true });
      await world.clock.advance(5_000);
      expect(said.filter((text) => text.includes(attic.roomId))).toEqual([]);
      for (const other of [ann, ben]) {
        expect(roomNamed(other, "Attic").members.map(({ publicKey }) => publicKey)).not.toContain(keyOf(mallory));
        expect(
          payloads(other, "trust").filter(({ roomId, kind }) => roomId === attic.roomId && kind === "knock"),
        ).toEqual([]);
      }
    },
  );

  it("hears which keys the room knows if it names the founder, and no secret", async () => {
    const { ann, ben, roomId } = await withMallory();
    const eve = await world.started("Eve");
    const said: string[] = [];
    eve.host.engine.events.on("said", ({ body }) => void said.push(JSON.stringify(body)));
    await world.must(eve, "join", { roomId, pin: PIN });
    await world.until(() => standing(ben, eve) === "door");
    const founder = ownerPinOf(keyOf(ann));
    const behind = { t: "room", room: roomId, key: "", proof: "", founder, chain: 0, epoch: 1, policy: "", ask: true };
    say(eve, ben, behind);
    await world.clock.advance(5_000);
    const all = said.join();
    expect(all).toContain('"t":"policy"');
    expect(all).not.toContain(invitedTo(ann, { roomId }).key);
    expect(all).not.toContain(PIN);
    expect([standing(ben, eve), connectedTo(eve)]).toEqual(["door", []]);
  });

  it("is shown no policy and no key, whatever it says of itself", async () => {
    const { ann, ben, roomId } = await withMallory();
    const eve = await world.started("Eve");
    const said: { readonly t?: string }[] = [];
    eve.host.engine.events.on("said", ({ body }) => void said.push(body as { t?: string }));
    await world.must(eve, "join", { roomId, pin: PIN });
    await world.until(() => standing(ben, eve) === "door");
    for (const other of [ann, ben]) {
      say(eve, other, {
        t: "room",
        room: roomId,
        founder: "",
        policy: "",
        ask: false,
        key: "",
        proof: "",
        chain: 0,
        epoch: 0,
      });
      say(eve, other, {
        t: "room",
        room: roomId,
        founder: "",
        policy: "",
        ask: false,
        key: "",
        proof: "",
        chain: 9,
        epoch: 9_999,
      });
      say(eve, other, { t: "door", room: roomId, answer: "open" });
    }
    await world.clock.advance(10_000);
    expect(new Set(said.map(({ t }) => t))).toEqual(new Set(["room", "door"]));
    expect(connectedTo(eve)).toEqual([]);
  });
});
