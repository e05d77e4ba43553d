import { beforeAll, describe, expect, it } from "vitest";
import type { PublicKey } from "../../shared/base/brand.ts";
import { safetyWords } from "../../shared/identity/safety-words.ts";
import type { ProgramEvent } from "./lab/events.ts";
import { allConnected, bringUp, createRoom, joinRoom, knocking, type Member, type RoomKey } from "./lab/member.ts";
import { ping, reachable } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * A room's door: whoever was told the id and the PIN alone stands before it.
 *
 *   host 1: ann, the owner      host 2: bob, who knocks      host 3: cat, who knocks
 *          └─────────── switch ────┴─────────────────────────────┘
 *                         │
 *               10.66.0.4: govpn serve
 */

const wordsOf = ({ publicKey }: Member) => safetyWords(publicKey as PublicKey);
const knock = (of: Member) => (e: ProgramEvent) => e.event === "door" && e.public_key === of.publicKey;
const told = (answer: string) => (e: ProgramEvent) => e.event === "waiting" && e.answer === answer;

describe("somebody who has the id and the PIN of a sealed room, and no link", () => {
  const lab = useLab({ hosts: 4 });
  let ann: Member;
  let bob: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(4).serve(["--memory", "--rate-limit", "0"]);
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    bob = await bringUp(lab().host(2), knocking(key), { username: "bob" });
    await bob.room("joined");
  });

  it("waits at the door; both sides are shown the same words to compare", async () => {
    expect(await ann.up.waitFor(knock(bob))).toMatchObject({
      room_id: key.roomId,
      username: "bob",
      words: wordsOf(bob),
      may_let_in: true,
    });
    expect(await bob.up.waitFor(told("wait"))).toMatchObject({ room_id: key.roomId, words: wordsOf(bob) });
    expect(await ann.tell("door")).toMatchObject({ public_key: bob.publicKey, words: wordsOf(bob) });
    expect((await bob.status()).rooms).toMatchObject([{ trust: { waiting: true, seal: "unknown" } }]);
    expect(await ann.peer(bob)).toMatchObject({ standing: "door", state: "connecting" });
    expect(await bob.peer(ann)).toMatchObject({ standing: "away", state: "connecting" });
  });

  it("reaches nobody, and nobody reaches it", async () => {
    const ways = [
      [bob, ann.ipv4],
      [bob, ann.ipv6],
      [ann, bob.ipv4],
      [ann, bob.ipv6],
    ] as const;
    expect(await Promise.all(ways.map(([from, to]) => reachable(from.host, to)))).toEqual([false, false, false, false]);
  });

  it("is not let in by itself", async () => {
    expect(await bob.ask("let-in", "ann")).toMatchObject({ code: 1, lines: [{ code: "not_allowed" }] });
  });

  it("is in as soon as the owner lets it in", async () => {
    const from = { ann: ann.now, bob: bob.now };
    expect(await ann.tell("let-in", "bob")).toMatchObject({ room_id: key.roomId, username: "bob" });
    const letIn = await bob.up.waitFor(({ event }) => event === "let_in", 5_000, from.bob);
    expect(letIn).toMatchObject({ public_key: ann.publicKey, username: "ann" });
    await Promise.all([ann.sees(bob, "connected", { from: from.ann }), bob.sees(ann, "connected", { from: from.bob })]);
    expect(await ping(bob.host, ann.ipv4)).toMatchObject({ received: 3 });
    expect(await ping(ann.host, bob.ipv6)).toMatchObject({ received: 3 });
    expect((await bob.status()).rooms).toMatchObject([{ trust: { waiting: false, seal: "sealed" } }]);
    expect(await ann.peer(bob)).toMatchObject({ standing: "member" });
  });

  it("is in after it was started anew, too, and has an invitation to give away", async () => {
    await bob.tell("down");
    const from = ann.now;
    bob = await bringUp(lab().host(2), [], { username: "bob" });
    await Promise.all([ann.sees(bob, "connected", { from }), bob.sees(ann, "connected")]);
    expect(ann.up.events.slice(from).filter(({ event }) => event === "door")).toEqual([]);
    const invitation = await bob.tell("invite");
    expect(invitation).toMatchObject({ link: key.link, sealed: true });
  });

  it("is told when it is turned away, and stays outside", async () => {
    const cat = await bringUp(lab().host(3), knocking(key), { username: "cat" });
    await ann.up.waitFor(knock(cat));
    await ann.tell("turn-away", "cat");
    expect(await cat.up.waitFor(told("no"))).toMatchObject({ public_key: ann.publicKey });
    expect(await reachable(cat.host, ann.ipv4)).toBe(false);
    expect((await ann.ask("door")).lines).toEqual([]);
    expect(await ann.peer(cat)).toMatchObject({ standing: "turned_away", state: "connecting" });
    await cat.tell("down");
  });

  it("comes in with the link, once it has it", async () => {
    const from = ann.now;
    const cat = await bringUp(lab().host(3), [], { username: "cat" });
    await cat.tell("join", key.link, "--pin", key.pin);
    await Promise.all([ann.sees(cat, "connected", { from }), cat.sees(ann, "connected")]);
    await allConnected([bob, cat]);
    expect(await ping(cat.host, bob.ipv4)).toMatchObject({ received: 3 });
  });
});

describe("an open room", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(3).serve();
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann", open: true }));
    bob = await bringUp(lab().host(2), knocking(key), { username: "bob" });
    await allConnected([ann, bob]);
  });

  it("has no door, and its link no key", async () => {
    expect(key.link).not.toContain("k=");
    expect((await ann.status()).rooms).toMatchObject([{ trust: { seal: "open" } }]);
    expect(ann.up.events.filter(({ event }) => event === "door")).toEqual([]);
  });

  it("does not let strangers begin anything with this machine, until its person says so", async () => {
    expect(await reachable(bob.host, ann.ipv4)).toBe(false);
    expect((await ann.peer(bob)).inbound).toMatchObject({ rule: { mode: "none" }, own: false });
    expect((await ann.peer(bob)).inbound.refused).toBeGreaterThan(0);
    await ann.tell("reach", "all");
    expect(await ping(bob.host, ann.ipv4)).toMatchObject({ received: 3 });
    expect(await reachable(ann.host, bob.ipv4)).toBe(false);
  });

  it("keeps who is in it when it is sealed", async () => {
    await bob.tell("reach", "all");
    const from = bob.now;
    await ann.tell("rules", "--sealed");
    // Without an invitation it had nobody's word to go by; now it has the key.
    await bob.up.waitFor(({ event }) => event === "let_in", 5_000, from);
    expect(await ping(ann.host, bob.ipv4)).toMatchObject({ received: 3 });
    expect((await bob.status()).rooms).toMatchObject([{ trust: { seal: "sealed" } }]);
  });

  it("has a door from then on, for those who come with the old link", async () => {
    const from = ann.now;
    const cat = await joinRoom(lab().host(3), key, { username: "cat" });
    await ann.up.waitFor(knock(cat), 10_000, from);
    expect(await reachable(cat.host, ann.ipv4)).toBe(false);
  });
});
