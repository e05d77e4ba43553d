import { describe, expect, it } from "vitest";
import { MAX_SAID_PER_SECOND } from "../../../shared/mesh/connection.ts";
import { MAX_CONTROL_LENGTH, MAX_CONTROL_PER_SECOND } from "../../../shared/mesh/control.ts";
import { RETIRE_MS } from "../../../shared/mesh/link.ts";
import { DEAD_AFTER_MS } from "../../../shared/mesh/liveness.ts";
import type { Fingerprints } from "../../../shared/mesh/ports.ts";
import { room } from "./fixtures.ts";
import { type Member, type Word, World } from "./world.ts";

const linked = (member: Member): Fingerprints[] =>
  member.words.flatMap((word) => (typeof word === "object" && "linked" in word ? [word.linked] : []));
const mirrored = ({ local, remote }: Fingerprints): Fingerprints => ({ local: remote, remote: local });

describe("a link that comes into use", () => {
  it("is told of with both certificates' fingerprints, of which each end sees the other's as remote", async () => {
    const [a, b] = await new World().linked();
    expect(linked(a)).toHaveLength(1);
    expect(linked(b)).toEqual(linked(a).map(mirrored));
  });

  it("is told of when the member is known: its name, its address and its lane", async () => {
    const world = new World();
    const [a, b] = world.pair();
    const seen: unknown[] = [];
    a.mesh.events.on("linked", ({ publicKey }) => seen.push(a.mesh.peer(publicKey)));
    a.sees(b, true);
    await world.clock.advance(5_000);
    expect(seen).toMatchObject([{ publicKey: b.key, username: expect.stringMatching(/^member/), lane: "packets" }]);
  });

  it("is not told of again when the member says hello again", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.mesh.setSelf({ username: "renamed", ipv4Salt: 1, mtu: 1280 });
    await world.clock.advance(1_000);
    expect(a.view()?.username).toBe("renamed");
    expect(linked(a)).toHaveLength(1);
  });

  it("is told of anew, by its own certificates, when it takes another's place; and nothing is lost meanwhile", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.mesh.pathChanged(new Set());
    await world.clock.advance(1_000);
    expect(linked(a)).toHaveLength(2);
    expect(linked(a)[1]).not.toEqual(linked(a)[0]);
    expect(linked(b)).toEqual(linked(a).map(mirrored));
    for (const { words } of [a, b]) expect(words).not.toContain("unlinked");
  });

  it("is not told of while somebody is in the middle", async () => {
    const world = new World();
    world.network.manInTheMiddle = true;
    world.tamper = ({ content }) => {
      const { sdp, candidate, mid } = JSON.parse(content);
      return sdp ?? JSON.stringify({ candidate, sdpMid: mid });
    };
    const [a, b] = world.pair();
    a.sees(b, true);
    await world.clock.advance(30_000);
    expect(a.refused).toContain("bad_proof");
    for (const { words } of [a, b]) expect(words).toEqual([]);
  });
});

describe("a link that is lost", () => {
  it("is told of, and its successor anew", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.host.open[0]?.fail("the network broke it");
    expect(a.words.slice(1)).toEqual(["unlinked"]);
    await world.clock.advance(5_000);
    expect(a.words).toEqual([{ linked: linked(a)[0] }, "unlinked", { linked: linked(a)[1] }]);
    expect(linked(b).at(-1)).toEqual(mirrored(linked(a)[1] as Fingerprints));
  });

  it("is told of when nothing is heard by it any more", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.isCutOff = true;
    await world.clock.advance(DEAD_AFTER_MS + 5_000);
    expect(a.words.slice(0, 2)).toEqual([{ linked: linked(a)[0] }, "unlinked"]);
  });

  it("is told of before the member is gone: it left", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.mesh.leaveRoom(room);
    await world.clock.advance(1_000);
    for (const { words } of [a, b]) expect(words.slice(1)).toEqual(["unlinked", "gone"]);
  });

  it("is not told of where there was none", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    a.mesh.peerLeft(room, b.key);
    expect(a.words).toEqual(["gone"]);
  });

  it("is told of once, when its successor is being made at the time and fails as well", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    world.tamper = () => undefined;
    a.mesh.pathChanged(new Set());
    await world.clock.advance(100);
    a.host.open[0]?.fail("the network broke it");
    a.mesh.peerLeft(room, b.key);
    expect(a.words.slice(1)).toEqual(["unlinked", "gone"]);
  });
});

describe("what members say of trust", () => {
  it("arrives as it was said, in order, after the link was told of, with the fingerprints of its connection", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.mesh.events.on("linked", ({ publicKey }) => {
      for (const epoch of [1, 2, 3]) a.mesh.say(publicKey, { kind: "policy", epoch });
    });
    a.sees(b, true);
    await world.clock.advance(5_000);
    const [by] = linked(b);
    const expected: Word[] = [1, 2, 3].map((epoch) => ({ said: { kind: "policy", epoch }, by: by as Fingerprints }));
    expect(b.words).toEqual([{ linked: by }, ...expected]);
  });

  it("goes to nobody who is not there, and harms nothing", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.mesh.say(b.key, { kind: "room" });
    a.sees(b, true);
    a.mesh.say(b.key, { kind: "room" });
    await world.clock.advance(5_000);
    expect(b.said).toEqual([]);
    b.host.isCutOff = true;
    a.host.open[0]?.fail("the network broke it");
    a.mesh.say(b.key, { kind: "room" });
    b.host.isCutOff = false;
    await world.clock.advance(30_000);
    expect(b.view()?.state).toBe("connected");
    expect(b.said).toEqual([]);
  });

  it("is not sent when the other end would hang up over it", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.mesh.say(b.key, { a: "x".repeat(MAX_CONTROL_LENGTH) });
    a.mesh.say(b.key, { kind: "room" });
    await world.clock.advance(1_000);
    expect(b.said).toEqual([{ kind: "room" }]);
    expect(b.refused).toEqual([]);
    expect(linked(b)).toHaveLength(1);
  });

  it("never costs the sender its link by how much it is: what the other end would take for a flood is lost", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    for (let n = 0; n < 5 * MAX_CONTROL_PER_SECOND; n++) a.mesh.say(b.key, { n });
    await world.clock.advance(10_000);
    for (let n = 0; n < 5 * MAX_CONTROL_PER_SECOND; n++) a.mesh.say(b.key, { n });
    await world.clock.advance(10_000);
    expect(b.said).toHaveLength(2 * MAX_SAID_PER_SECOND);
    expect(b.refused).toEqual([]);
    expect(linked(b)).toHaveLength(1);
  });

  it("counts by the old connection too while the other end moves over, with that one's fingerprints", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const [old] = linked(b) as [Fingerprints];
    const [before] = a.host.open;
    a.mesh.pathChanged(new Set());
    for (let n = 0; n < 200 && linked(b).length < 2; n++) await world.clock.advance(1);
    before?.sendControl('{"t":"trust","body":{"kind":"room"}}');
    await world.clock.advance(RETIRE_MS / 2);
    expect(b.words.at(-1)).toEqual({ said: { kind: "room" }, by: old });
    await world.clock.advance(RETIRE_MS);
    before?.sendControl('{"t":"trust","body":{"kind":"late"}}');
    await world.clock.advance(1_000);
    expect(b.said).toEqual([{ kind: "room" }]);
  });

  it("counts no more once there is no link, whatever still drains", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const [before] = a.host.open;
    a.mesh.pathChanged(new Set());
    for (let n = 0; n < 200 && linked(b).length < 2; n++) await world.clock.advance(1);
    b.host.open.at(-1)?.fail("the network broke it");
    before?.sendControl('{"t":"trust","body":{"kind":"room"}}');
    await world.clock.advance(world.network.latencyMs);
    expect(b.words.at(-1)).toBe("unlinked");
    expect(b.said).toEqual([]);
  });

  it("costs a member its link when it is malformed, or a flood, and what was said before counts", async () => {
    for (const [code, texts] of [
      ["malformed", ['{"t":"trust","body":{"kind":"room"}}', '{"t":"trust","body":[]}']],
      ["flood", Array<string>(2 * MAX_CONTROL_PER_SECOND).fill('{"t":"trust","body":{"kind":"room"}}')],
    ] as const) {
      const world = new World();
      const [a, b] = await world.linked();
      for (const text of texts) b.host.open[0]?.sendControl(text);
      await world.clock.advance(world.network.latencyMs);
      expect(a.refused).toEqual([code]);
      expect(a.words).toContain("unlinked");
      expect(a.said.length).toBeGreaterThan(0);
      expect(a.said.length).toBeLessThanOrEqual(MAX_CONTROL_PER_SECOND);
    }
  });
});
