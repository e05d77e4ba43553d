import { beforeAll, describe, expect, it } from "vitest";
import { allConnected, bringUp, createRoom, joinRoom, knocking, type Member, type RoomKey } from "./lab/member.ts";
import { ping, reachable } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * A room and its owner: one that is away, one that gives the room away, and one that then leaves.
 *
 *   host 1: ann      host 2: bob      host 3: cat      host 4: dan, who knocks
 *          └── switch ──┴─────────────────┴────────────────┘
 *                 │
 *       10.66.0.5: govpn serve
 */
describe("a room", () => {
  const lab = useLab({ hosts: 5 });
  let ann: Member;
  let bob: Member;
  let cat: Member;
  let dan: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(5).serve(["--memory", "--rate-limit", "0"]);
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
    cat = await joinRoom(lab().host(3), key, { username: "cat" });
    await allConnected([ann, bob, cat]);
  });

  const knocks = (at: Member, from: number) =>
    at.up.waitFor((e) => e.event === "door" && e.public_key === dan.publicKey, 20_000, from);

  it("tells everybody whom its owner trusts", async () => {
    const from = bob.now;
    await ann.tell("trust", "bob");
    const role = await bob.up.waitFor(({ event }) => event === "role", 5_000, from);
    expect(role).toMatchObject({ public_key: bob.publicKey, username: "bob", role: "trusted" });
    await expect.poll(async () => (await cat.peer(bob)).role).toBe("trusted");
  });

  it("lives on while its owner is away: whom the owner trusts lets somebody in", async () => {
    await ann.tell("down");
    await Promise.all([bob.sees(ann, "gone"), cat.sees(ann, "gone")]);
    const from = { bob: bob.now, cat: cat.now };
    dan = await bringUp(lab().host(4), knocking(key), { username: "dan" });
    expect(await knocks(bob, from.bob)).toMatchObject({ username: "dan", may_let_in: true });
    expect(await knocks(cat, from.cat)).toMatchObject({ username: "dan", may_let_in: false });
    expect(await cat.ask("let-in", "dan")).toMatchObject({ code: 1, lines: [{ code: "not_allowed" }] });
    expect(await reachable(dan.host, cat.ipv4)).toBe(false);
    await bob.tell("let-in", "dan");
    await allConnected([bob, cat, dan]);
    expect(await ping(dan.host, cat.ipv4)).toMatchObject({ received: 3 });
  });

  it("has its owner back, who takes in the one that was let in meanwhile", async () => {
    ann = await bringUp(lab().host(1), [], { username: "ann" });
    await allConnected([ann, bob, cat, dan]);
    expect(await ping(ann.host, dan.ipv6)).toMatchObject({ received: 3 });
    expect(await dan.peer(ann)).toMatchObject({ role: "owner" });
  });

  it("changes hands: everybody knows the new owner, and only its word counts", async () => {
    const marks = [ann, bob, cat, dan].map((member) => ({ member, from: member.now }));
    await ann.tell("hand-over", "bob");
    for (const { member, from } of marks) {
      const owner = await member.up.waitFor(({ event }) => event === "owner", 10_000, from);
      expect(owner).toMatchObject({ room_id: key.roomId, public_key: bob.publicKey, username: "bob" });
    }
    expect(await ann.peer(ann)).toMatchObject({ role: "trusted" });
    expect(await ann.ask("kick", "cat")).toMatchObject({ code: 1, lines: [{ code: "not_owner" }] });
    expect(await ann.ask("rename", "Mine")).toMatchObject({ code: 1, lines: [{ code: "not_owner" }] });
    expect((await bob.status()).rooms).toMatchObject([{ owner: true, trust: { role: "owner" } }]);
    expect(await ping(ann.host, cat.ipv4)).toMatchObject({ received: 3 });
  });

  it("is renamed by its new owner, at the server too", async () => {
    const marks = [ann, cat, dan].map((member) => ({ member, from: member.now }));
    await bob.tell("rename", "Bob's");
    for (const { member, from } of marks) {
      await member.up.waitFor(({ event, name }) => event === "room" && name === "Bob's", 5_000, from);
    }
    // Somebody at the door knows no name but the server's.
    const eve = await bringUp(lab().host(5), knocking(key), { username: "eve", args: ["--tun", "off"] });
    expect(await eve.room("joined")).toMatchObject({ name: "Bob's" });
    await eve.tell("leave");
    await eve.up.stop();
  });

  it("stays when its former owner leaves", async () => {
    const marks = [bob, cat, dan].map((member) => ({ member, from: member.now }));
    await ann.tell("leave");
    for (const { member, from } of marks) await member.sees(ann, "gone", { from });
    expect(await reachable(ann.host, bob.ipv4)).toBe(false);
    expect(await ping(cat.host, dan.ipv4)).toMatchObject({ received: 3 });
    for (const member of [bob, cat, dan]) expect((await member.status()).rooms).toMatchObject([{ state: "joined" }]);
    // The server has it still.
    await dan.tell("down");
    dan = await bringUp(lab().host(4), [], { username: "dan" });
    await allConnected([bob, cat, dan]);
  });

  it("is closed for everybody when its owner leaves", async () => {
    const marks = [cat, dan].map((member) => ({ member, from: member.now }));
    await bob.tell("leave");
    for (const { member, from } of marks) {
      expect(await member.room("left", { from })).toMatchObject({ reason: "closed_by_owner" });
    }
  });
});
