import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parseIceServer } from "../../electron/adapters/webrtc/ice-servers.ts";
import type { RoomId } from "../../shared/base/brand.ts";
import { base64, utf8 } from "../../shared/base/bytes.ts";
import { generateKeyPair, signerOf } from "../../shared/identity/keys.ts";
import { candidateAddress, sdpFingerprint, splitCandidates } from "../../shared/mesh/candidates.ts";
import { decodeControl, MAX_CONTROL_LENGTH } from "../../shared/mesh/control.ts";
import { NonceMemory, openSignal, sealSignal } from "../../shared/mesh/envelope.ts";
import { FakeClock } from "../fakes/clock.ts";
import { PROPERTY_RUNS, SEED } from "./runs.ts";

// What members and servers send, and what people type: nothing of it may throw or take long.
const parameters = { numRuns: PROPERTY_RUNS, seed: SEED };
/** No input of these sizes takes a parser without a defect so long, even on a busy machine. */
const LONGEST_MS = 250;
let count = 0;
let slowest = 0;

afterAll(() => console.log(`mesh fuzz: ${count} inputs, the slowest took ${slowest.toFixed(1)} ms`));

const print = Array.from({ length: 32 }, () => "AB").join(":");
const sdp = [
  "v=0",
  "o=rtc 1 0 IN IP4 127.0.0.1",
  "a=group:BUNDLE 0 1",
  `a=fingerprint:sha-256 ${print}`,
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:0",
  "a=candidate:1 1 UDP 2114977791 192.0.2.2 58801 typ host",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "a=mid:1",
  "a=ice-ufrag:abcd",
  "a=candidate:2 1 UDP 2116026111 fd00::2 58801 typ host",
  "a=end-of-candidates",
  "",
].join("\r\n");
const candidate = "candidate:1 1 UDP 1678769919 203.0.113.9 4242 typ srflx raddr 0.0.0.0 rport 0";
const controls = [
  `{"t":"hello","v":1,"username":"ann","ipv4_salt":0,"mtu":1280,"capabilities":["a"],"proof":"${base64.encode(new Uint8Array(64))}"}`,
  '{"t":"ping","id":1}',
  '{"t":"pong","id":1}',
  '{"t":"bye","room":"room1"}',
];

/** The samples, with bytes changed, dropped, doubled, and put in that parsers trip over. */
function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const splinter = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      "\r",
      "\n",
      "\u0000",
      '"',
      "{",
      "}",
      "[",
      "]",
      "a=candidate:",
      "m=",
      "a=mid:",
      "__proto__",
      "-0",
      "1e999",
      "\ud800",
      "%",
      "::",
    ),
    fc.integer({ min: 1, max: 3_000 }).map((n) => "[".repeat(n)),
  );
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(12),
    put: splinter,
    double: fc.boolean(),
  });
  return fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 6 })).map(([sample, edits]) => {
    let text = sample;
    for (const { at, drop, put, double } of edits) {
      const start = Math.floor(at * text.length);
      text =
        text.slice(0, start) +
        put +
        (double ? text.slice(start, start + drop).repeat(2) : "") +
        text.slice(start + drop);
    }
    return text.slice(0, 80_000);
  });
}

/** Anything of JSON where the parser expects something else. */
const anyJson = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
function shaped(keys: readonly string[]): fc.Arbitrary<string> {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant({ toString: 1, valueOf: null }), fc.string());
  return fc.dictionary(fc.constantFrom(...keys), value).map((fields) => JSON.stringify(fields));
}

/** A machine that pauses the process is not a parser that hangs: what seems slow has two more tries with the same input. */
function timed<T>(parse: () => T): T {
  const { result, took } = once(parse);
  slowest = Math.max(slowest, took < LONGEST_MS ? took : Math.min(took, once(parse).took, once(parse).took));
  count++;
  expect(slowest).toBeLessThan(LONGEST_MS);
  return result;
}

function once<T>(parse: () => T): { result: T; took: number } {
  const startedAt = performance.now();
  const result = parse();
  return { result, took: performance.now() - startedAt };
}

describe("nothing that comes in throws or hangs", () => {
  it("decodeControl", () => {
    const input = fc.oneof(
      mutated(controls),
      shaped(["t", "v", "id", "room", "username", "mtu", "proof"]),
      anyJson,
      fc.string(),
    );
    fc.assert(
      fc.property(input, (raw) => {
        const decoded = timed(() => decodeControl(raw));
        if (raw.length > MAX_CONTROL_LENGTH) expect(decoded.ok).toBe(false);
        if (!decoded.ok) expect(["malformed", "too_large"]).toContain(decoded.error.code);
      }),
      parameters,
    );
  });

  it("openSignal", async () => {
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const [ann, bob] = [generateKeyPair(random), generateKeyPair(random)];
    const clock = new FakeClock();
    const route = { room: "room1" as RoomId, from: ann.publicKey, to: bob.publicKey };
    const deps = { signer: signerOf(ann), clock, random };
    const samples = [
      await sealSignal({ kind: "offer", sdp }, "0123456789abcdef", route, deps),
      await sealSignal({ kind: "candidate", candidate, mid: "0" }, "0123456789abcdef", route, deps),
      JSON.stringify({ type: "offer", sdp }),
      JSON.stringify({ candidate, sdpMid: "0" }),
      sdp,
      candidate,
    ];
    const keys = ["v", "session", "time", "nonce", "sdp", "candidate", "mid", "sig", "type", "sdpMid"];
    const input = fc.oneof(mutated(samples), shaped(keys), anyJson, fc.string());
    let checked = 0;
    // Whether a signature holds is the verifier's business; here every signature that is looked at is refused.
    const verify = () => checked++ < 0;
    fc.assert(
      fc.property(fc.constantFrom("offer" as const, "answer" as const, "candidate" as const), input, (kind, text) => {
        const opened = timed(() => openSignal(kind, text, route, { verify, clock, seen: new NonceMemory() }));
        if (opened.ok) expect(opened.value).toMatchObject({ verified: false, session: undefined, signal: { kind } });
        else expect(["malformed", "bad_signature"]).toContain(opened.error.code);
      }),
      parameters,
    );
    expect(checked).toBeGreaterThan(0);
  });

  it("splitCandidates takes out every candidate, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(mutated([sdp]), fc.string()), (text) => {
        const { sdp: rest, candidates } = timed(() => splitCandidates(text));
        expect(rest).not.toMatch(/(^|[\r\n])a=candidate:/);
        for (const each of candidates) expect(each.candidate).toMatch(/^candidate:/);
        expect(splitCandidates(rest)).toEqual({ sdp: rest, candidates: [] });
      }),
      parameters,
    );
  });

  it("candidateAddress", () => {
    fc.assert(
      fc.property(fc.oneof(mutated([candidate, `a=${candidate}`]), fc.string()), (text) => {
        const address = timed(() => candidateAddress(text));
        if (address !== undefined) expect(text).toContain(address);
      }),
      parameters,
    );
  });

  it("sdpFingerprint", () => {
    fc.assert(
      fc.property(fc.oneof(mutated([sdp, `a=fingerprint:sha-256 ${print}`]), fc.string()), (text) => {
        const found = timed(() => sdpFingerprint(text));
        if (found !== undefined) expect(found).toMatch(/^([0-9A-F:]{2}.?){32}$/);
      }),
      parameters,
    );
  });

  it("parseIceServer", () => {
    const urls = ["stun:stun.example.org:3478", "turn:[2001:db8::1]:3478?transport=udp", "turn:192.0.2.1"];
    const text = fc.oneof(mutated(urls), fc.string());
    fc.assert(
      fc.property(text, fc.option(fc.string(), { nil: "" }), fc.string(), (url, username, credential) => {
        const parsed = timed(() => parseIceServer({ url, username, credential }));
        if (!parsed.ok) expect(parsed.error.code).toBe("bad_ice_server");
        else if (typeof parsed.value === "string") expect(parsed.value).toMatch(/^stun:\S+:\d+$/);
        else expect(parsed.value).toMatchObject({ username, password: credential, relayType: "TurnUdp" });
      }),
      parameters,
    );
  });

  it("long inputs, made to be slow", () => {
    for (const piece of [
      "a=candidate:",
      "a=fingerprint:sha-256 ",
      "A:",
      "\r",
      " ",
      "m=\r\n",
      "[",
      "{",
      "stun:",
      "a.",
      `${print}\n`,
    ]) {
      const long = piece.repeat(Math.ceil(64_000 / piece.length));
      for (const text of [long, `${long}!`, utf8.decode(utf8.encode(long)).toLowerCase()]) {
        timed(() => splitCandidates(text));
        timed(() => sdpFingerprint(text));
        timed(() => candidateAddress(text));
        timed(() => parseIceServer({ url: text }));
        timed(() => decodeControl(text));
      }
    }
  });
});
