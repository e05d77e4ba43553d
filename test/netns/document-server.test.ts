import { beforeAll, describe, expect, it } from "vitest";
import type { ListeningProgram } from "./lab/host.ts";
import { allConnected, createRoom, joinRoom, type Member, type RoomKey } from "./lab/member.ts";
import { ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * The product on a server that was written from the protocol's document alone and sends no field beyond it.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *          └──────────── switch ───────────┘
 *                           │
 *                10.66.0.3: document-server
 */
describe("two machines on a server that sends nothing beyond the document's fields", () => {
  const lab = useLab({ hosts: 3 });
  let server: ListeningProgram;
  let ann: Member;
  let bob: Member;
  let key: RoomKey;

  beforeAll(async () => {
    server = await lab().host(3).documentServer();
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
  });

  it("connect, verified, and know each other's names", async () => {
    await allConnected([ann, bob]);
    expect(await ann.peer(bob)).toMatchObject({ username: "bob", state: "connected", verified: true });
    expect(await bob.peer(ann)).toMatchObject({ username: "ann", state: "connected", verified: true });
  });

  it("ping each other by v4 and v6", async () => {
    const results = await Promise.all([ping(ann.host, bob.ipv4), ping(bob.host, ann.ipv6)]);
    for (const result of results) expect(result).toMatchObject({ received: 3 });
  });

  it("rename the room for both", async () => {
    const from = bob.now;
    expect(await ann.tell("rename", "Renamed")).toMatchObject({ room_id: key.roomId, name: "Renamed" });
    await bob.up.waitFor(({ event, name }) => event === "room" && name === "Renamed", 5_000, from);
    expect((await ann.status()).rooms).toMatchObject([{ name: "Renamed", state: "joined" }]);
  });

  it("part when the owner kicks, and meet again when the owner lets in the kicked one, who knocks", async () => {
    let from = { ann: ann.now, bob: bob.now };
    await ann.tell("kick", "bob");
    expect(await bob.room("left", { from: from.bob })).toMatchObject({ reason: "kicked" });
    await Promise.all([ann.sees(bob, "gone", { from: from.ann }), bob.sees(ann, "gone", { from: from.bob })]);
    expect(await ping(ann.host, bob.ipv4, { count: 1, waitMs: 500 })).toMatchObject({ received: 0 });

    from = { ann: ann.now, bob: bob.now };
    await bob.tell("join", key.link, "--pin", key.pin);
    await ann.up.waitFor(({ event }) => event === "door", 10_000, from.ann);
    await ann.tell("let-in", "bob");
    await Promise.all([ann.sees(bob, "connected", { from: from.ann }), bob.sees(ann, "connected", { from: from.bob })]);
    expect(await ping(ann.host, bob.ipv4)).toMatchObject({ received: 3 });
  });

  it("both see the room close when its owner leaves", async () => {
    const from = { ann: ann.now, bob: bob.now };
    await ann.tell("leave");
    expect(await ann.room("left", { from: from.ann })).toMatchObject({ reason: "left" });
    expect(await bob.room("left", { from: from.bob })).toMatchObject({ reason: "closed_by_owner" });
    expect(await ping(bob.host, ann.ipv4, { count: 1, waitMs: 500 })).toMatchObject({ received: 0 });
  });
});
