import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { MAX_CONTROL_PER_SECOND } from "../../../shared/mesh/control.ts";
import { newSession, sealSignal } from "../../../shared/mesh/envelope.ts";
import { ATTEMPT_MS, MAX_REMOTE_CANDIDATES } from "../../../shared/mesh/link.ts";
import { MAX_PEERS, SHOWN_UP_BURST, STRANGER_OFFERS } from "../../../shared/mesh/mesh.ts";
import type { TransportSignal } from "../../../shared/mesh/ports.ts";
import { OFFER_BURST, SIGNAL_BURST } from "../../../shared/mesh/signal-allowance.ts";
import { keyPair, room, seededRandom } from "./fixtures.ts";
import { cheapSigner, type Member, World } from "./world.ts";

const print = Array.from({ length: 32 }, () => "AB").join(":");
const sdp = `v=0\r\nm=application 9 x\r\na=mid:0\r\na=ice-ufrag:777\r\na=fingerprint:sha-256 ${print}\r\n`;
const line = (n: number) => `candidate:${n} 1 UDP 1 192.0.2.200 ${1 + n} typ host`;
const random = seededRandom(99);

/** Signals as the member itself would sign them, whatever it has in mind. */
function signed(world: World, from: Member, to: Member, signal: TransportSignal, session = newSession(random)) {
  const route = { room, from: from.key, to: to.key };
  return sealSignal(signal, session, route, { signer: cheapSigner(from.key), clock: world.clock, random });
}

describe("a hostile member", () => {
  it("gets no more connections out of this machine than its offers are allowed", async () => {
    const world = new World();
    const [a, b] = world.pair();
    for (let i = 0; i < 100; i++) a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp }));
    expect(a.host.made).toHaveLength(OFFER_BURST);
    expect(a.host.open).toHaveLength(1);
    expect(a.refused).toEqual(["flood"]);
    await world.clock.advance(5_000);
    for (let i = 0; i < 100; i++) a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp }));
    expect(a.host.made).toHaveLength(OFFER_BURST + 5);
    expect(a.host.open).toHaveLength(1);
    expect(a.refused).toEqual(["flood"]);
  });

  it("regression: an offer by the name of the connection in use left that one behind, and retired its successor", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const inUse = JSON.parse(world.offersBy(a)[0]?.content ?? "{}").session;
    for (let i = 0; i < 10; i++) a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp }, inUse));
    await world.clock.advance(60_000);
    expect(a.host.made).toHaveLength(1);
    expect(a.view()?.state).toBe("connected");
  });

  it("cannot name its connection like one that drains", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const old = JSON.parse(world.offersBy(a)[0]?.content ?? "{}").session;
    a.mesh.pathChanged(new Set());
    await world.clock.advance(200);
    expect(a.host.open).toHaveLength(2);
    a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp }, old));
    await world.clock.advance(ATTEMPT_MS);
    expect(a.host.made).toHaveLength(2);
    expect(a.host.open).toHaveLength(1);
    expect(a.view()?.state).toBe("connected");
  });

  it("leaves the link in use alone with offers that lead nowhere", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    for (let i = 0; i < 60; i++) {
      a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp: i % 2 ? sdp : "nonsense" }));
      await world.clock.advance(500);
    }
    expect(a.lanes).toHaveLength(1);
    await world.clock.advance(ATTEMPT_MS);
    expect(a.host.open).toHaveLength(1);
  });

  it("gets only so many of its candidates tried", async () => {
    const world = new World();
    const [a, b] = world.pair();
    const session = newSession(random);
    const many = Array.from({ length: 100 }, (_, n) => `a=${line(n)}\r\n`).join("");
    a.hears(b, "offer", await signed(world, b, a, { kind: "offer", sdp: sdp + many }, session));
    for (let n = 100; n < 200; n++) {
      a.hears(b, "candidate", await signed(world, b, a, { kind: "candidate", candidate: line(n), mid: "0" }, session));
    }
    const [transport] = a.host.open;
    expect(transport?.taken.filter(({ kind }) => kind === "candidate")).toHaveLength(MAX_REMOTE_CANDIDATES);
  });

  it("gets only so many of its signals looked at", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    await world.clock.advance(60_000);
    for (let i = 0; i < SIGNAL_BURST * 2; i++) a.hears(b, "candidate", "garbage");
    expect(a.refused.filter((code) => code === "malformed")).toHaveLength(SIGNAL_BURST);
    expect(a.refused.filter((code) => code === "flood")).toHaveLength(1);
    expect(a.view()?.state).toBe("connected");
  });

  it("loses its link over a flood of control messages, and waits longer each time", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    const flood = world.clock.every(500, () => {
      for (const transport of b.host.open) {
        for (let i = 0; i < 2 * MAX_CONTROL_PER_SECOND; i++) transport.sendControl('{"t":"ping","id":1}');
      }
    });
    await world.clock.advance(60_000);
    flood.dispose();
    expect(a.refused).toContain("flood");
    expect(a.host.made.length).toBeLessThan(20);
  });

  it("cannot pass for another with a description that another signed", async () => {
    const world = new World();
    const [a, b] = world.pair();
    const hostile = world.member(3);
    const content = await signed(world, b, a, { kind: "offer", sdp });
    a.hears(hostile, "offer", content);
    expect(a.mesh.peers).toEqual([]);
    expect(a.refused).toEqual(["bad_signature"]);
    expect(a.host.made).toEqual([]);
  });
});

describe("a server that lies", () => {
  it("gets no link by sitting in the middle: the hello's proof does not fit its certificates", async () => {
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
    expect(a.lanes).toEqual([]);
    expect(b.lanes).toEqual([]);
    expect(a.view()?.username).toBeUndefined();
  });

  it("cannot change what is signed", async () => {
    const world = new World();
    world.tamper = ({ content }) => content.replace(/sha-256 ..:/, "sha-256 00:");
    const [a, b] = world.pair();
    a.sees(b, true);
    await world.clock.advance(1_000);
    expect(b.refused).toContain("bad_signature");
    expect(b.mesh.peers).toEqual([]);
  });

  it("cannot play an offer back", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const offer = world.offersBy(a)[0]?.content ?? "";
    b.hears(a, "offer", offer);
    expect(b.refused).toEqual(["replayed"]);
    expect(b.host.made).toHaveLength(1);
  });

  it("regression: it could slip a bare signal in among signed ones", async () => {
    const world = new World();
    const [a, b] = world.pair();
    world.signalingDelayMs = 50;
    a.sees(b, true);
    await world.clock.advance(51);
    b.hears(a, "candidate", line(1));
    b.hears(a, "answer", sdp);
    await world.clock.advance(1_000);
    expect(b.view()).toMatchObject({ state: "connected", verified: true });
    expect(JSON.stringify(b.host.made[0]?.taken)).not.toContain("192.0.2.200");
  });

  it("makes this machine hold no more peers than there may be", () => {
    const world = new World();
    const [a] = world.pair();
    for (let i = 0; i < MAX_PEERS + 50; i++) a.mesh.peerSeen(room, keyPair(1000 + i).publicKey, false);
    expect(a.mesh.peers).toHaveLength(MAX_PEERS);
    a.mesh.dispose();
    expect(world.clock.pending).toBe(0);
  });

  it("is shown up to only so often, however often a server has it come to a room that it is in", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const before = world.sent.length;
    for (let n = 0; n < 10 * SHOWN_UP_BURST; n++) a.sees(b, true, "another" as RoomId);
    await world.clock.advance(1_000);
    expect(world.sent.length - before).toBe(SHOWN_UP_BURST);
    expect([b.refused, a.view()?.state]).toEqual([[], "connected"]);
  });

  it("leaves no trace of strangers who cannot be understood, and cannot keep this machine busy with them", () => {
    const world = new World();
    const [a] = world.pair();
    const strangers = Array.from({ length: 20 }, (_, i) => world.member(100 + i));
    for (let i = 0; i < STRANGER_OFFERS * 2; i++) {
      const stranger = strangers[i % strangers.length];
      if (stranger) a.hears(stranger, "offer", '{"v":1}', `room${i}` as RoomId);
    }
    expect(a.mesh.peers).toEqual([]);
    expect(a.peers).toEqual([]);
    expect(a.gone).toEqual([]);
    expect(a.refused).toHaveLength(STRANGER_OFFERS);
    expect(world.clock.pending).toBe(0);
  });
});
