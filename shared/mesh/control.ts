import * as v from "valibot";
import type { PublicKey } from "../base/brand.ts";
import { utf8 } from "../base/bytes.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { MAX_IPV4_SALT } from "../identity/address.ts";
import { isTrustBody } from "./trust-body.ts";

/**
 * What two members say to each other on the control channel: JSON, one message a text. An unknown type is ignored, so
 * that versions can differ; a malformed known one, or one too large, ends the link.
 */

/** A hello with a long name and every capability is under 2 KiB. */
export const MAX_CONTROL_LENGTH = 16 * 1024;
/** 50 members' worth of keepalive is one a second; more than this is a flood. */
export const MAX_CONTROL_PER_SECOND = 100;
/** A hello comes once, and again when a name or address changes; each costs a signature check and a look at the screen. */
export const HELLO_BURST = 10;
export const HELLO_REFILL_MS = 10_000;
export const PROTOCOL_VERSION = 1;

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const counter = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Hello = v.object({
  t: v.literal("hello"),
  v: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** As the user typed it; whoever shows it cleans it. */
  username: text(128),
  ipv4_salt: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_IPV4_SALT)),
  /** Largest packet in bytes that the sender's tunnel takes; 0 when it has no tunnel. */
  mtu: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535)),
  /** What the sender can do beyond version 1. */
  capabilities: v.pipe(v.array(text(32)), v.maxLength(32)),
  /** Ed25519 signature in base64 over helloProof(): who the sender is, bound to this very connection. */
  proof: text(100),
});
const Ping = v.object({ t: v.literal("ping"), id: counter });
const Pong = v.object({ t: v.literal("pong"), id: counter });
/** The sender has left `room`; without it, the sender goes away altogether. */
const Bye = v.object({ t: v.literal("bye"), room: v.optional(text(64)) });
/** What decides whether the sender belongs here. The mesh carries it and reads none of it. */
const Trust = v.object({ t: v.literal("trust"), body: v.custom<object>(isTrustBody) });

const ControlMessage = v.variant("t", [Hello, Ping, Pong, Bye, Trust]);
export type ControlMessage = v.InferOutput<typeof ControlMessage>;
export type Hello = v.InferOutput<typeof Hello>;
const knownTypes = new Set<unknown>(ControlMessage.options.map((option) => option.entries.t.literal));

/** Failures: "too_large", "malformed"; an unknown type is `undefined`. */
export function decodeControl(raw: string): Result<ControlMessage | undefined> {
  if (raw.length > MAX_CONTROL_LENGTH) return fail("too_large", "a control message is over 16 KiB");
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch {
    return fail("malformed", "a control message is not JSON");
  }
  const message = v.safeParse(ControlMessage, json);
  if (message.success) return ok(message.output);
  const type = typeof json === "object" && json !== null ? (json as { t?: unknown }).t : undefined;
  // Only a string is ever shown: turning anything else into text can throw, and the other end chose it.
  if (typeof type !== "string") return fail("malformed", "a control message has no type");
  if (!knownTypes.has(type)) return ok(undefined);
  return fail("malformed", `a malformed control message: ${type}`);
}

export function encodeControl(message: ControlMessage): string {
  return JSON.stringify(message);
}

/**
 * What a hello's proof signs: both keys and both certificates, as the sender sees them. Somebody in the middle has
 * other certificates on each side, and no key that signs.
 */
export function helloProof(from: PublicKey, to: PublicKey, fromFingerprint: string, toFingerprint: string): Uint8Array {
  return utf8.encode(JSON.stringify(["govpn-hello-v1", from, to, fromFingerprint, toFingerprint]));
}
