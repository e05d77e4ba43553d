import { describe, it } from "vitest";
import type { RoomId } from "../../shared/base/brand.ts";
import { generateKeyPair, signerOf } from "../../shared/identity/keys.ts";
import { candidateAddress, sdpFingerprint, slimSdp, splitCandidates } from "../../shared/mesh/candidates.ts";
import { decodeControl, MAX_CONTROL_LENGTH } from "../../shared/mesh/control.ts";
import { MAX_SDP_LENGTH, NonceMemory, openSignal, sealSignal } from "../../shared/mesh/envelope.ts";
import { FakeClock } from "../fakes/clock.ts";
import { fuzzTexts, must } from "./mutation/drive.ts";

// What sets the data plane up: texts from members, and from a server that may lie.

const print = Array.from({ length: 32 }, () => "AB").join(":");
const sdp = [
  "v=0",
  "o=rtc 1 0 IN IP4 127.0.0.1",
  `a=fingerprint:sha-256 ${print}`,
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:1",
  "a=ssrc:1735817840 cname:govpn",
  "a=candidate:1 1 UDP 2114977791 192.0.2.2 58801 typ host",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "a=mid:0",
  "a=candidate:2 1 UDP 2116026111 fd00::2 58801 typ host",
  "a=end-of-candidates",
  "",
].join("\r\n");
const candidate = "candidate:1 1 UDP 1678769919 203.0.113.9 4242 typ srflx raddr 0.0.0.0 rport 0";

describe("texts that anybody may have made up", () => {
  it("control messages: a known message, an unknown one, or a failure with a code", () => {
    fuzzTexts("control-message", [], (text) => {
      const decoded = decodeControl(text);
      must(decoded.ok || ["malformed", "too_large"].includes(decoded.error.code), "a failure has its code");
      must(decoded.ok || decoded.error.message.length < MAX_CONTROL_LENGTH, "a failure is a sentence");
      const hello = decoded.ok && decoded.value?.t === "hello" ? decoded.value : undefined;
      must(!hello || (hello.mtu >= 0 && hello.mtu <= 65_535 && hello.capabilities.length <= 32), "a hello is bounded");
    });
  });

  it("envelopes: never verified without a signature that holds", async () => {
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const [ann, ben] = [generateKeyPair(random), generateKeyPair(random)];
    const clock = new FakeClock();
    const route = { room: "room1" as RoomId, from: ann.publicKey, to: ben.publicKey };
    const deps = { signer: signerOf(ann), clock, random };
    const sealed = await Promise.all([
      sealSignal({ kind: "offer", sdp }, "0123456789abcdef", route, deps),
      sealSignal({ kind: "candidate", candidate, mid: "0" }, "0123456789abcdef", route, deps),
    ]);
    const kinds = ["offer", "answer", "candidate"] as const;
    // Verifying is the signature library's work; here no signature holds.
    const checks = { verify: () => false, clock, seen: new NonceMemory() };
    let turn = 0;
    fuzzTexts("signal-envelope", sealed, (text) => {
      const kind = kinds[turn++ % 3] ?? "offer";
      const opened = openSignal(kind, text, route, checks);
      if (!opened.ok) return must(["malformed", "bad_signature"].includes(opened.error.code), "a failure has its code");
      const { verified, session, signal } = opened.value;
      must(!verified && session === undefined && signal.kind === kind, "an unsigned signal is shown as one");
      must(signal.kind === "candidate" || signal.sdp.length <= MAX_SDP_LENGTH, "a description is bounded");
    });
  });

  it("candidates: none is left in a description, and an address is a piece of its candidate", () => {
    fuzzTexts("sdp-candidates", [], (text) => {
      const address = candidateAddress(text);
      must(address === undefined || text.includes(address), "an address is a piece of its candidate");
      const { sdp: rest, candidates } = splitCandidates(text);
      must(!/(^|[\r\n])a=candidate:/.test(rest), "no candidate is left");
      must(
        candidates.every((each) => each.candidate.startsWith("candidate:")),
        "each is a candidate",
      );
      must(rest.length <= 2 * text.length && slimSdp(rest).length <= rest.length, "nothing grows but line ends");
      const found = sdpFingerprint(text);
      must(found === undefined || /^[0-9A-F:]{95}$/.test(found), "a fingerprint is one");
      const prints = new Set(
        [...text.matchAll(/fingerprint\s*:[^\r\n\u2028\u2029]*/giu)].map(([all]) => all.toUpperCase().trimEnd()),
      );
      must(found === undefined || prints.size === 1, "a fingerprint is the only one");
    });
  });
});
