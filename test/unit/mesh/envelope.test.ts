import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import {
  MAX_CLOCK_SKEW_MS,
  MAX_SDP_LENGTH,
  NonceMemory,
  newSession,
  openSignal,
  type Route,
  sealSignal,
} from "../../../shared/mesh/envelope.ts";
import type { TransportSignal } from "../../../shared/mesh/ports.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { keyPair, larger, room, sealing, seededRandom, smaller, verifySignature } from "./fixtures.ts";

const route: Route = { room, from: smaller.publicKey, to: larger.publicKey };
const offer: TransportSignal = { kind: "offer", sdp: "v=0\r\n" };
const candidate: TransportSignal = { kind: "candidate", candidate: "candidate:1 1 UDP 1 ::1 9 typ host", mid: "0" };
const session = newSession(seededRandom(3));

function opening(clock = new FakeClock()) {
  return { verify: verifySignature, clock, seen: new NonceMemory() };
}

const seal = (signal: TransportSignal, over: Partial<Route> = {}, clock = new FakeClock()) =>
  sealSignal(signal, session, { ...route, ...over }, sealing(smaller, clock));

describe("a signed signal", () => {
  it.each([offer, { kind: "answer", sdp: "v=0" } as const, candidate])(
    "comes back as it went: $kind",
    async (signal) => {
      expect(openSignal(signal.kind, await seal(signal), route, opening())).toEqual({
        ok: true,
        value: { signal, session, verified: true },
      });
    },
  );

  it.each<[string, (wire: Record<string, unknown>) => void]>([
    ["session", (wire) => (wire.session = "0".repeat(16))],
    ["time", (wire) => (wire.time = Number(wire.time) + 1)],
    ["nonce", (wire) => (wire.nonce = "AAAA")],
    ["content", (wire) => (wire.sdp = "v=0\r\na=fingerprint:sha-256 00")],
    ["signature", (wire) => (wire.sig = `${"A".repeat(86)}==`)],
    ["signature's length", (wire) => (wire.sig = "AAAA")],
    ["signature's text", (wire) => (wire.sig = "not base64")],
  ])("is refused when somebody changes its %s", async (_name, change) => {
    const wire = JSON.parse(await seal(offer));
    change(wire);
    expect(openSignal("offer", JSON.stringify(wire), route, opening())).toMatchObject({
      ok: false,
      error: { code: "bad_signature" },
    });
  });

  it("is refused when somebody moves a candidate to another section", async () => {
    const wire = JSON.parse(await seal(candidate));
    wire.mid = "1";
    expect(openSignal("candidate", JSON.stringify(wire), route, opening())).toMatchObject({
      error: { code: "bad_signature" },
    });
  });

  it.each<[string, Partial<Route>]>([
    ["room", { room: "room2" as RoomId }],
    ["receiver", { to: keyPair(9).publicKey }],
    ["sender", { from: keyPair(9).publicKey }],
  ])("is refused when it was meant for another %s", async (_name, over) => {
    expect(openSignal("offer", await seal(offer), { ...route, ...over }, opening())).toMatchObject({
      error: { code: "bad_signature" },
    });
  });

  it("is refused as another kind", async () => {
    expect(openSignal("answer", await seal(offer), route, opening())).toMatchObject({
      error: { code: "bad_signature" },
    });
    expect(openSignal("candidate", await seal(offer), route, opening())).toMatchObject({
      error: { code: "malformed" },
    });
    expect(openSignal("offer", await seal(candidate), route, opening())).toMatchObject({
      error: { code: "malformed" },
    });
  });

  it("is refused the second time", async () => {
    const deps = opening();
    const sealed = await seal(offer);
    expect(openSignal("offer", sealed, route, deps).ok).toBe(true);
    expect(openSignal("offer", sealed, route, deps)).toMatchObject({ error: { code: "replayed" } });
  });

  it("is good for an hour of difference between the clocks, and not for more", async () => {
    const sealed = await seal(offer);
    const later = new FakeClock(Date.UTC(2026, 0, 1) + MAX_CLOCK_SKEW_MS);
    expect(openSignal("offer", sealed, route, opening(later)).ok).toBe(true);
    for (const off of [1, -1]) {
      const wrong = new FakeClock(Date.UTC(2026, 0, 1) + off * (MAX_CLOCK_SKEW_MS + 1));
      expect(openSignal("offer", sealed, route, opening(wrong))).toMatchObject({ error: { code: "stale" } });
    }
  });

  it("does not use up its nonce when it is refused", async () => {
    const deps = opening();
    const sealed = await seal(offer);
    openSignal("offer", sealed, { ...route, room: "room2" as RoomId }, deps);
    expect(openSignal("offer", sealed, route, deps).ok).toBe(true);
  });
});

describe("a bare signal", () => {
  const bare = (kind: TransportSignal["kind"], text: string) => openSignal(kind, text, route, opening());
  const line = "candidate:1 1 UDP 1 192.0.2.1 9 typ host";

  it.each<[TransportSignal["kind"], string, TransportSignal]>([
    ["offer", "v=0\r\n", { kind: "offer", sdp: "v=0\r\n" }],
    ["answer", "v=0\r\n", { kind: "answer", sdp: "v=0\r\n" }],
    ["offer", JSON.stringify({ type: "offer", sdp: "v=0" }), { kind: "offer", sdp: "v=0" }],
    ["candidate", line, { kind: "candidate", candidate: line, mid: "0" }],
    ["candidate", `a=${line}`, { kind: "candidate", candidate: line, mid: "0" }],
    [
      "candidate",
      JSON.stringify({ candidate: line, sdpMid: "data" }),
      { kind: "candidate", candidate: line, mid: "data" },
    ],
    ["candidate", JSON.stringify({ candidate: line, sdpMid: null }), { kind: "candidate", candidate: line, mid: "0" }],
    [
      "candidate",
      JSON.stringify({ candidate: line, sdpMLineIndex: 0 }),
      { kind: "candidate", candidate: line, mid: "0" },
    ],
  ])("is understood, unverified: %s %s", (kind, text, signal) => {
    expect(bare(kind, text)).toEqual({ ok: true, value: { signal, session: undefined, verified: false } });
  });

  it.each<[TransportSignal["kind"], string]>([
    ["offer", ""],
    ["offer", "hello"],
    ["offer", "null"],
    ["offer", "{}"],
    ["offer", JSON.stringify({ type: "answer", sdp: "v=0" })],
    ["answer", JSON.stringify({ type: "offer", sdp: "v=0" })],
    ["candidate", "v=0"],
    ["candidate", JSON.stringify({ candidate: 5 })],
    ["offer", JSON.stringify({ v: 1, session: "short", sdp: "v=0" })],
    ["offer", `v=0${" ".repeat(MAX_SDP_LENGTH)}`],
    ["offer", JSON.stringify({ type: "offer", sdp: "x".repeat(MAX_SDP_LENGTH + 1) })],
    ["candidate", `candidate:${"1".repeat(2000)}`],
    ["offer", `v=0${" ".repeat(1_000_000)}`],
  ])("is malformed: %s %.40j", (kind, text) => {
    expect(bare(kind, text)).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  it("never throws, whatever the server says", () => {
    const kinds = fc.constantFrom("offer" as const, "answer" as const, "candidate" as const);
    fc.assert(
      fc.property(kinds, fc.oneof(fc.string(), fc.json()), (kind, text) => {
        expect(typeof openSignal(kind, text, route, opening()).ok).toBe("boolean");
      }),
    );
  });
});

describe("NonceMemory", () => {
  const [ann, bob, cid] = [keyPair(1).publicKey, keyPair(2).publicKey, keyPair(3).publicKey] as const;

  it("knows a nonce again for as long as a signal with it could be accepted", () => {
    const seen = new NonceMemory();
    expect(seen.add(ann, "n", 0)).toBe(true);
    expect(seen.add(ann, "n", 2 * MAX_CLOCK_SKEW_MS - 1)).toBe(false);
  });

  it("takes the same nonce from two senders", () => {
    const seen = new NonceMemory();
    expect(seen.add(ann, "n", 0)).toBe(true);
    expect(seen.add(bob, "n", 0)).toBe(true);
  });

  it("forgets the oldest of a sender beyond its share", () => {
    const seen = new NonceMemory(2);
    for (const nonce of ["1", "2", "3"]) seen.add(ann, nonce, 0);
    expect(seen.add(ann, "3", 0)).toBe(false);
    expect(seen.add(ann, "1", 0)).toBe(true);
  });

  it("regression: one member's nonces pushed out those of all others", () => {
    const seen = new NonceMemory(4, 4);
    seen.add(bob, "kept", 0);
    for (let i = 0; i < 1000; i++) seen.add(ann, String(i), 0);
    expect(seen.add(bob, "kept", 0)).toBe(false);
  });

  it("forgets the sender that has been silent for longest beyond its number of senders", () => {
    const seen = new NonceMemory(4, 2);
    seen.add(ann, "a", 0);
    seen.add(bob, "b", 0);
    seen.add(ann, "a2", 0);
    seen.add(cid, "c", 0);
    expect(seen.add(ann, "a", 0)).toBe(false);
    expect(seen.add(bob, "b", 0)).toBe(true);
  });
});
