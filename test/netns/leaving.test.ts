import { beforeAll, describe, expect, it } from "vitest";
import { allConnected, bringUp, createRoom, joinRoom, type Member, type RoomKey } from "./lab/member.ts";
import { ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * The ways out of a room: a crash, a pulled cable, going down, leaving, being kicked, and the owner's leaving. After
 * each the way back is tried too.
 *
 *   host 1: ann, the owner      host 2: bob      host 3: cat      each with a tunnel to the others
 *          └─────────── switch ────┴────────────────┘
 *                         │
 *               10.66.0.4: govpn serve
 */

/** A member that fell silent is gone within this: the product's own promise. */
const LOST_MS = 15_000;
/** A member that is back is connected again within this. */
const BACK_MS = 10_000;
/** A member that says goodbye is gone at once; this is for a busy machine. */
const AT_ONCE_MS = 2_000;

describe("a member of a room", () => {
  const lab = useLab({ hosts: 4 });
  let ann: Member;
  let bob: Member;
  let cat: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(4).serve(["--memory", "--rate-limit", "0"]);
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
    cat = await joinRoom(lab().host(3), key, { username: "cat" });
    await allConnected([ann, bob, cat]);
  });

  /** Waits until ann and cat say that bob's link is in this state, from now on. @returns how long it took, in ms */
  async function othersSee(state: string, timeoutMs: number, action: () => Promise<unknown>): Promise<number> {
    const watched = [ann, cat].map((other) => ({ other, from: other.now }));
    const begun = performance.now();
    await action();
    await Promise.all(watched.map(({ other, from }) => other.sees(bob, state, { from, timeoutMs })));
    const took = performance.now() - begun;
    // Its own end of a link may be ready a moment later.
    if (state === "connected") await Promise.all([ann, cat].map((other) => bob.shows(other, { state })));
    console.log(`bob is ${state} for the others after ${took.toFixed(0)} ms`);
    return took;
  }

  /** Whether each of the others reaches bob, and bob each of them. */
  async function reach(): Promise<boolean[]> {
    const options = { count: 1, waitMs: 1000 };
    const results = await Promise.all(
      [ann, cat].flatMap((other) => [ping(other.host, bob.ipv4, options), ping(bob.host, other.ipv6, options)]),
    );
    return results.map(({ received }) => received === 1);
  }
  const EVERYBODY = [true, true, true, true];
  const NOBODY = [false, false, false, false];

  it("that is killed is gone for the others within 15 seconds", async () => {
    await othersSee("gone", LOST_MS, () => bob.up.kill());
    expect(await ping(cat.host, bob.ipv4, { count: 1, waitMs: 500 })).toMatchObject({ received: 0 });
    const names = (await ann.status()).rooms[0]?.members.map(({ username }) => username);
    expect(names?.sort()).toEqual(["ann", "cat"]);
  });

  it("that comes back after that, on the same profile, needs to be told nothing, and is reachable at once", async () => {
    const address = bob.ipv4;
    await othersSee("connected", BACK_MS, async () => {
      bob = await bringUp(lab().host(2), [], { username: "bob" });
    });
    expect(bob.ipv4).toBe(address);
    expect(await reach()).toEqual(EVERYBODY);
  });

  it("that is killed and comes back before anybody has noticed is reachable again within seconds", async () => {
    await othersSee("connected", BACK_MS, async () => {
      await bob.up.kill();
      bob = await bringUp(lab().host(2), [], { username: "bob" });
      await Promise.all([bob.sees(ann, "connected"), bob.sees(cat, "connected")]);
    });
    expect(await reach()).toEqual(EVERYBODY);
  });

  it("whose cable is pulled is no longer shown as connected after 15 seconds, and is back with the cable", async () => {
    await othersSee("reconnecting", LOST_MS, () => bob.host.setLink("down"));
    await othersSee("connected", 60_000, () => bob.host.setLink("up"));
    expect(await reach()).toEqual(EVERYBODY);
  });

  it("that goes down is gone at once", async () => {
    await othersSee("gone", AT_ONCE_MS, () => bob.tell("down"));
    expect(await bob.up.program.exited).toBe(0);
    expect(bob.up.events.at(-1)).toEqual({ event: "down" });
    expect((await bob.host.run("ip", ["link", "show", "govpn0"])).code).not.toBe(0);
    bob = await bringUp(lab().host(2), [], { username: "bob" });
    await Promise.all([bob.sees(ann, "connected"), bob.sees(cat, "connected")]);
  });

  it("that leaves is gone at once, and does not come back by itself", async () => {
    await othersSee("gone", AT_ONCE_MS, () => bob.tell("leave"));
    await bob.room("left");
    expect(await reach()).toEqual(NOBODY);
    expect(await bob.up.stop()).toBe(0);
    bob = await bringUp(lab().host(2), [], { username: "bob" });
    await bob.server("online");
    expect((await bob.status()).rooms).toEqual([]);
    await bob.tell("join", key.link, "--pin", key.pin);
    await Promise.all([bob.sees(ann, "connected"), bob.sees(cat, "connected")]);
  });

  it("that is kicked is out for everybody at once, and comes back if the owner lets it in", async () => {
    const from = bob.now;
    await othersSee("gone", AT_ONCE_MS, () => ann.tell("kick", "bob"));
    expect(await bob.room("left", { from })).toMatchObject({ room_id: key.roomId, reason: "kicked" });
    await Promise.all([bob.sees(ann, "gone", { from }), bob.sees(cat, "gone", { from })]);
    expect((await bob.status()).rooms).toEqual([]);
    expect(await reach()).toEqual(NOBODY);

    const refused = await bob.ask("join", key.roomId, "--pin", key.pin === "0000" ? "1111" : "0000");
    expect(refused).toMatchObject({ code: 1, lines: [{ event: "error", code: "wrong_pin" }] });
    await othersSee("connected", BACK_MS, async () => {
      const before = ann.now;
      // The link that it has is of no use any more: it knocks.
      await bob.tell("join", key.link, "--pin", key.pin);
      await ann.up.waitFor(({ event, username }) => event === "door" && username === "bob", BACK_MS, before);
      expect(await reach()).toEqual(NOBODY);
      await ann.tell("let-in", "bob");
    });
    expect(await reach()).toEqual(EVERYBODY);
  });

  it("that is not the owner kicks nobody", async () => {
    expect(await bob.ask("kick", "cat")).toMatchObject({ code: 1, lines: [{ event: "error", code: "not_owner" }] });
    expect(await ping(cat.host, ann.ipv4, { count: 1 })).toMatchObject({ received: 1 });
  });

  it("is told, and is out, when the owner leaves", async () => {
    const watched = [bob, cat].map((member) => ({ member, from: member.now }));
    await ann.tell("leave");
    for (const { member, from } of watched) {
      const left = await member.room("left", { from, timeoutMs: AT_ONCE_MS });
      expect(left).toMatchObject({ room_id: key.roomId, reason: "closed_by_owner" });
      expect((await member.status()).rooms).toEqual([]);
    }
    // The owner closed the room for everybody: the others' links to each other end as well.
    await Promise.all([bob.sees(cat, "gone"), cat.sees(bob, "gone")]);
    expect(await reach()).toEqual(NOBODY);
    expect(await cat.ask("join", key.roomId, "--pin", key.pin)).toMatchObject({
      code: 1,
      lines: [{ event: "error", code: "room_missing" }],
    });
  });
});
