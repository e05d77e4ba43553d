import { afterAll, describe, expect, it } from "vitest";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { PeerTransport, TransportSignal } from "../../shared/mesh/ports.ts";

// The fingerprint that proofs are bound to must be that of the certificate that the real library checks, whatever a
// signaling server writes into a description around it.

const createTransport = webrtcTransports({ iceServers: [], logger: silentLogger });
const FORGED = Array.from({ length: 32 }, () => "CD").join(":");
const line = `a=fingerprint:sha-256 ${FORGED}`;

afterAll(() => releaseWebrtc());

type Description = Extract<TransportSignal, { kind: "offer" | "answer" }>;

/** What a transport first says of itself: an offer, or the answer to one. */
function described(transport: PeerTransport): Promise<Description> {
  return new Promise((resolve) => {
    transport.onSignal = (signal) => signal.kind !== "candidate" && resolve(signal);
  });
}

/** What the one that is offered this reads as the other's fingerprint, and the true one. */
async function readFrom(forge: (sdp: string) => string): Promise<{ read: string | undefined; real: string }> {
  const [ann, ben] = [createTransport({ initiator: true }), createTransport({ initiator: false })];
  const { sdp } = await described(ann);
  const ended = new Promise<undefined>((resolve) => {
    ben.onClose = () => resolve(undefined);
  });
  const answered = described(ben);
  ben.signal({ kind: "offer", sdp: forge(sdp) });
  await Promise.race([answered, ended]);
  const read = ben.fingerprints?.remote;
  ann.close();
  ben.close();
  return { read, real: /a=fingerprint:sha-256 (\S+)/.exec(sdp)?.[1] ?? "" };
}

describe("a certificate's fingerprint", () => {
  it("is read from a description as it was made", async () => {
    const { read, real } = await readFrom((sdp) => sdp);
    expect(real).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(read).toBe(real);
  });

  it.each<[string, (sdp: string) => string]>([
    ["the origin, behind a line separator", (sdp) => sdp.replace("o=", `o=r\u2028${line}\u2028`)],
    ["the name, behind a line separator", (sdp) => sdp.replace(/s=.*/, `s=x\u2028${line}`)],
    ["a section's name, behind a line separator", (sdp) => sdp.replace(/a=mid:(.*)/, `a=mid:\u2028${line}`)],
    ["a section's name, behind a carriage return", (sdp) => sdp.replace(/a=mid:(.*)/, `a=mid:$1\r${line}`)],
    ["an attribute, in capital letters", (sdp) => sdp.replace("a=setup", `${line.toUpperCase()}\r\na=setup`)],
    ["an attribute nobody knows", (sdp) => sdp.replace("a=setup", `a=x:\u2029${line}\r\na=setup`)],
  ])("is never one that somebody in the middle wrote into %s", async (_where, forge) => {
    const { read, real } = await readFrom(forge);
    expect(read).not.toBe(FORGED);
    expect([undefined, real]).toContain(read);
  });
});
