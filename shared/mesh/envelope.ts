import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { base64, base64Bytes, hex, utf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import type { TransportSignal } from "./ports.ts";

/**
 * What we put into the protocol's `offer`, `answer` and `candidate` strings: the signal, signed by its sender over
 * room, sender, receiver, kind, session, time and content, so that a server that lies can withhold a signal but not
 * change one. The other end's signature is checked before the signal is looked at.
 *
 * A peer that knows only the reference sends a bare SDP, `{"type","sdp"}` or a bare candidate: understood, unverified.
 */
export interface Envelope {
  readonly signal: TransportSignal;
  /** Pairs an offer with its answer and candidates; undefined in a bare signal. */
  readonly session: string | undefined;
  readonly verified: boolean;
}

export interface Route {
  readonly room: RoomId;
  readonly from: PublicKey;
  readonly to: PublicKey;
}

/** How far apart two machines' clocks may be: an hour covers a wrong time zone, and bounds how long nonces are kept. */
export const MAX_CLOCK_SKEW_MS = 60 * 60_000;
/** A data-channel SDP is under 1 KiB, one with an audio and a video track under 8; a frame of signaling is 64 KiB. */
export const MAX_SDP_LENGTH = 32 * 1024;
/** A candidate line is under 150 characters; extensions may add to it. */
const MAX_CANDIDATE_LENGTH = 1024;
/** A description and its signature, with room for JSON's escapes. */
export const MAX_SIGNAL_LENGTH = 64 * 1024;
/** An attempt takes about 20 signals, so this remembers the last 25 attempts of a member within two hours. */
const NONCES_PER_SENDER = 512;
/** As many as the mesh has peers. */
const MAX_SENDERS = 256;
const SESSION_BYTES = 8;
const NONCE_BYTES = 12;

const Wire = v.object({
  v: v.literal(1),
  session: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  time: v.pipe(v.number(), v.safeInteger()),
  nonce: v.pipe(v.string(), v.maxLength(32)),
  sdp: v.optional(v.pipe(v.string(), v.maxLength(MAX_SDP_LENGTH))),
  candidate: v.optional(v.pipe(v.string(), v.maxLength(MAX_CANDIDATE_LENGTH))),
  mid: v.optional(v.pipe(v.string(), v.maxLength(32))),
  sig: v.pipe(v.string(), v.maxLength(100)),
});
type Wire = v.InferOutput<typeof Wire>;

const BareDescription = v.object({
  type: v.picklist(["offer", "answer"]),
  sdp: v.pipe(v.string(), v.maxLength(MAX_SDP_LENGTH)),
});
const BareCandidate = v.object({
  candidate: v.pipe(v.string(), v.maxLength(MAX_CANDIDATE_LENGTH)),
  sdpMid: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(32)))),
});

export function newSession(random: RandomBytes): string {
  return hex.encode(random(SESSION_BYTES));
}

export interface SealDeps {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export async function sealSignal(
  signal: TransportSignal,
  session: string,
  route: Route,
  deps: SealDeps,
): Promise<string> {
  const content = signal.kind === "candidate" ? { candidate: signal.candidate, mid: signal.mid } : { sdp: signal.sdp };
  const head = { v: 1 as const, session, time: deps.clock.wallTime(), nonce: base64.encode(deps.random(NONCE_BYTES)) };
  const sig = await deps.signer.sign(signedBytes(signal.kind, route, { ...head, ...content }));
  return JSON.stringify({ ...head, ...content, sig: base64.encode(sig) });
}

/** Whether a signal has the form of a signed one. What it is worth shows when it is opened. */
export function isSignedForm(text: string): boolean {
  return text.length <= MAX_SIGNAL_LENGTH && v.safeParse(Wire, parseJson(text)).success;
}

/** Opens what arrived as `kind` by `route`. Failures: "malformed", "bad_signature", "stale", "replayed". */
export function openSignal(
  kind: TransportSignal["kind"],
  text: string,
  route: Route,
  deps: { readonly verify: VerifySignature; readonly clock: Clock; readonly seen: NonceMemory },
): Result<Envelope> {
  if (text.length > MAX_SIGNAL_LENGTH) return fail("malformed", `the ${kind} is over 64 KiB`);
  const json = parseJson(text);
  const wire = v.safeParse(Wire, json);
  if (!wire.success) return openBare(kind, text, json);
  const signal = contentOf(kind, wire.output);
  if (!signal) return fail("malformed", `the ${kind} has no content`);
  const signature = base64Bytes(wire.output.sig);
  if (signature?.length !== 64 || !deps.verify(route.from, signedBytes(kind, route, wire.output), signature)) {
    return fail("bad_signature", `the ${kind} is not signed by the member it names`);
  }
  const now = deps.clock.wallTime();
  if (Math.abs(now - wire.output.time) > MAX_CLOCK_SKEW_MS) {
    return fail("stale", `the ${kind} is over an hour old, or one of the two clocks is wrong`);
  }
  if (!deps.seen.add(route.from, wire.output.nonce, now)) return fail("replayed", `the ${kind} came twice`);
  return ok({ signal, session: wire.output.session, verified: true });
}

/**
 * Remembers nonces for as long as a signal with one could still be accepted. Bounded, the oldest go first; each sender
 * has a share of its own, so that nobody can make this machine forget what another has sent.
 */
export class NonceMemory {
  readonly #senders = new Map<PublicKey, Map<string, number>>();
  readonly #perSender: number;
  readonly #maxSenders: number;

  constructor(perSender = NONCES_PER_SENDER, maxSenders = MAX_SENDERS) {
    this.#perSender = perSender;
    this.#maxSenders = maxSenders;
  }

  /** False when it was there already. @param now wall time in milliseconds. */
  add(sender: PublicKey, nonce: string, now: number): boolean {
    const seen = this.#senders.get(sender) ?? new Map<string, number>();
    if (seen.has(nonce)) return false;
    for (const [old, at] of seen) {
      if (seen.size < this.#perSender && now - at < 2 * MAX_CLOCK_SKEW_MS) break;
      seen.delete(old);
    }
    seen.set(nonce, now);
    // Whoever was heard last goes to the end; the one at the front has been silent for longest.
    this.#senders.delete(sender);
    this.#senders.set(sender, seen);
    for (const [silent] of this.#senders) {
      if (this.#senders.size <= this.#maxSenders) break;
      this.#senders.delete(silent);
    }
    return true;
  }
}

function signedBytes(kind: string, route: Route, wire: Omit<Wire, "sig">): Uint8Array {
  const { room, from, to } = route;
  const content = wire.sdp ?? [wire.candidate, wire.mid];
  return utf8.encode(
    JSON.stringify(["govpn-signal-v1", room, from, to, kind, wire.session, wire.time, wire.nonce, content]),
  );
}

function contentOf(kind: TransportSignal["kind"], wire: Wire): TransportSignal | undefined {
  if (kind !== "candidate") return wire.sdp === undefined ? undefined : { kind, sdp: wire.sdp };
  if (wire.candidate === undefined || wire.mid === undefined) return undefined;
  return { kind, candidate: wire.candidate, mid: wire.mid };
}

function openBare(kind: TransportSignal["kind"], text: string, json: unknown): Result<Envelope> {
  const bare = (signal: TransportSignal) => ok({ signal, session: undefined, verified: false });
  if (kind === "candidate") {
    const candidate = v.safeParse(BareCandidate, json);
    if (candidate.success) {
      return bare({ kind, candidate: candidate.output.candidate, mid: candidate.output.sdpMid ?? "0" });
    }
    if (text.length <= MAX_CANDIDATE_LENGTH && /^(a=)?candidate:/.test(text))
      return bare({ kind, candidate: text.replace(/^a=/, ""), mid: "0" });
  } else {
    const description = v.safeParse(BareDescription, json);
    if (description.success && description.output.type === kind) return bare({ kind, sdp: description.output.sdp });
    if (text.startsWith("v=0") && text.length <= MAX_SDP_LENGTH) return bare({ kind, sdp: text });
  }
  return fail("malformed", `the ${kind} is neither a signed signal nor plain SDP`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
