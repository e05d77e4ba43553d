import { beforeAll, describe, expect, it } from "vitest";
import { allConnected, bringUp, createRoom, joinRoom, type Member } from "./lab/member.ts";
import { httpServe, httpStatus, ping, reachable } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * What members may begin with a computer, by the packets that get through its tunnel.
 *
 *   host 1: ann, with web servers on 8000 and 8001      host 2: bob      host 3: cat
 *          └────────────────── switch ─────────────────────┴────────────────┘
 *                                │
 *                      10.66.0.4: govpn serve
 */
describe("a member of a room in which another may be reached", () => {
  const lab = useLab({ hosts: 4 });
  let ann: Member;
  let bob: Member;
  let cat: Member;

  beforeAll(async () => {
    const server = await lab().host(4).serve();
    const made = await createRoom(lab().host(1), server.url, { username: "ann" });
    ann = made.owner;
    bob = await joinRoom(lab().host(2), made.key, { username: "bob" });
    cat = await joinRoom(lab().host(3), made.key, { username: "cat", args: ["--reach", "none"] });
    await allConnected([ann, bob, cat]);
    for (const port of [8000, 8001]) await httpServe(ann.host, 10_000, port);
    await httpServe(cat.host, 10_000, 8000);
  });

  const gets = (from: Member, port: number, address = ann.ipv4) =>
    httpStatus(from.host, `http://${address.includes(":") ? `[${address}]` : address}:${port}/`);

  it("as a sealed room has it, begins whatever it likes", async () => {
    expect((await ann.peer(bob)).inbound).toEqual({ rule: { mode: "all" }, own: false, refused: 0 });
    expect(await gets(bob, 8000)).toBe(200);
    expect(await gets(bob, 8001)).toBe(200);
    expect(await ping(bob.host, ann.ipv6)).toMatchObject({ received: 3 });
  });

  it("reaches nothing of a machine that said so when it joined, which itself reaches others", async () => {
    expect(await gets(bob, 8000, cat.ipv4)).toBe("timeout");
    expect(await gets(bob, 8000, cat.ipv6)).toBe("timeout");
    expect(await reachable(bob.host, cat.ipv4)).toBe(false);
    expect(await gets(cat, 8000)).toBe(200);
    expect(await ping(cat.host, bob.ipv4)).toMatchObject({ received: 3 });
  });

  it("reaches the listed ports and gets pings back, and nothing else, from that moment on", async () => {
    await ann.tell("reach", "tcp:8000");
    expect(await gets(bob, 8000)).toBe(200);
    expect(await gets(bob, 8000, ann.ipv6)).toBe(200);
    expect(await gets(bob, 8001)).toBe("timeout");
    expect(await gets(bob, 8001, ann.ipv6)).toBe("timeout");
    expect(await ping(bob.host, ann.ipv4)).toMatchObject({ received: 3 });
    expect((await ann.peer(bob)).inbound.refused).toBeGreaterThan(0);
    const lines = (await ann.ask("reach")).lines as Record<string, unknown>[];
    expect(lines).toContainEqual(
      expect.objectContaining({ username: "bob", inbound: expect.objectContaining({ own: false }) }),
    );
  });

  it("may have a rule of its own", async () => {
    await ann.tell("reach", "bob", "none");
    expect(await gets(bob, 8000)).toBe("timeout");
    expect(await reachable(bob.host, ann.ipv4)).toBe(false);
    expect(await gets(cat, 8000)).toBe(200);
    // What this machine begins is answered all the same.
    expect(await ping(ann.host, bob.ipv4)).toMatchObject({ received: 3 });
  });

  it("goes by the same rules after a restart", async () => {
    await ann.tell("down");
    ann = await bringUp(lab().host(1), [], { username: "ann" });
    await allConnected([ann, bob, cat]);
    expect((await ann.peer(bob)).inbound).toMatchObject({ rule: { mode: "none" }, own: true });
    expect(await reachable(bob.host, ann.ipv4)).toBe(false);
    expect(await gets(cat, 8000)).toBe(200);
    expect(await gets(cat, 8001)).toBe("timeout");
    await ann.tell("reach", "bob", "default");
    expect(await gets(bob, 8000)).toBe(200);
    await ann.tell("reach", "default");
    expect(await gets(bob, 8001)).toBe(200);
  });
});
