import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { base64url, concatBytes, equalBytes, utf8 } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";
import { publicKeyBytes } from "../identity/keys.ts";

declare const brand: unique symbol;
/** A sealed room's key: 32 random bytes in base64url, 43 characters. A secret: it travels in invitations and grants only. */
export type RoomKey = string & { readonly [brand]: "RoomKey" };
/** 128 bits of a room key's hash in base64url, 22 characters: says which key, and nothing about it. */
export type KeyId = string & { readonly [brand]: "KeyId" };
/** 128 bits of a public key's hash in base64url, 22 characters: short enough for a link, too long to be met by chance. */
export type OwnerPin = string & { readonly [brand]: "OwnerPin" };
/** 128 bits of a policy's hash in base64url, 22 characters: two policies of one epoch are told apart by it. */
export type PolicyId = string & { readonly [brand]: "PolicyId" };

export const ROOM_KEY_BYTES = 32;
export const ROOM_KEY_LENGTH = 43;
const HASH_BYTES = 16;
export const HASH_LENGTH = 22;
export const PROOF_LENGTH = 43;

export function makeRoomKey(random: RandomBytes): RoomKey {
  const bytes = random(ROOM_KEY_BYTES);
  const key = base64url.encode(bytes) as RoomKey;
  bytes.fill(0);
  return key;
}

/** Undefined unless `text` is 32 bytes in canonical base64url without padding. */
export function parseRoomKey(text: string): RoomKey | undefined {
  return bytesOf(text, ROOM_KEY_LENGTH)?.length === ROOM_KEY_BYTES ? (text as RoomKey) : undefined;
}

export function parseOwnerPin(text: string): OwnerPin | undefined {
  return isShortHash(text) ? (text as OwnerPin) : undefined;
}

export function keyIdOf(key: RoomKey): KeyId {
  const bytes = base64url.decode(key);
  const id = shortHash("govpn-room-key-v1", bytes) as KeyId;
  bytes.fill(0);
  return id;
}

export function ownerPinOf(founder: PublicKey): OwnerPin {
  return shortHash("govpn-room-founder-v1", publicKeyBytes(founder)) as OwnerPin;
}

/** @param sig the policy's signature, which is of everything in it. */
export function policyIdOf(sig: string): PolicyId {
  return shortHash("govpn-room-policy-v1", utf8.encode(sig)) as PolicyId;
}

/** 22 characters of canonical base64url: what a hash of a key, a founder or a policy looks like. */
export function isShortHash(text: unknown): boolean {
  return typeof text === "string" && bytesOf(text, HASH_LENGTH)?.length === HASH_BYTES;
}

/** One connection, seen from the end that proves: what a proof holds for, and for nothing else. */
export interface Binding {
  readonly room: RoomId;
  readonly from: PublicKey;
  readonly to: PublicKey;
  /** SHA-256 fingerprints of both DTLS certificates, as in SDP. */
  readonly fromFingerprint: string;
  readonly toFingerprint: string;
}

/**
 * HMAC-SHA256 with the room's key over a connection whose hello has been proven. Each end proves for itself: who sends a
 * proof back, or on along another connection, proves nothing.
 */
export function roomProof(key: RoomKey, binding: Binding): string {
  return base64url.encode(proofBytes(key, binding));
}

export function isRoomProof(key: RoomKey, binding: Binding, proof: string): boolean {
  const given = bytesOf(proof, PROOF_LENGTH);
  return given !== undefined && isSame(given, proofBytes(key, binding));
}

function proofBytes(key: RoomKey, { room, from, to, fromFingerprint, toFingerprint }: Binding): Uint8Array {
  const secret = base64url.decode(key);
  const message = JSON.stringify(["govpn-room-v1", room, from, to, fromFingerprint, toFingerprint]);
  const proof = hmac(sha256, secret, utf8.encode(message));
  secret.fill(0);
  return proof;
}

/** Compares every byte, so that the time taken tells nothing of where two proofs differ. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return a.reduce((difference, byte, n) => difference | (byte ^ (b[n] ?? 0)), 0) === 0;
}

function shortHash(domain: string, bytes: Uint8Array): string {
  return base64url.encode(sha256(concatBytes(utf8.encode(`${domain}\n`), bytes)).subarray(0, HASH_BYTES));
}

/** Canonical only: of two texts for the same bytes, one is refused. */
function bytesOf(text: string, length: number): Uint8Array | undefined {
  if (text.length !== length) return undefined;
  try {
    const bytes = base64url.decode(text);
    return equalBytes(utf8.encode(base64url.encode(bytes)), utf8.encode(text)) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
