import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { MemberView } from "../../shared/ipc/contract.ts";

/** People and rooms that are the same in every run. */

/** Numbers in [0, 1) that look random (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seedOf(text: string): number {
  return [...text].reduce((sum, character) => (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0, 17);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The form of a key, made of a name. */
export function keyOf(name: string): PublicKey {
  const random = seeded(seedOf(name));
  return `${Array.from({ length: 43 }, () => BASE64[Math.floor(random() * 64)]).join("")}=` as PublicKey;
}

/** From the list that the program takes its words from (BIP 39). */
const WORDS =
  "abandon acoustic balcony bamboo cabin canyon dance dolphin eagle echo fabric falcon garden ginger harbor hazard ice indoor jacket jungle kangaroo kitchen ladder lemon magnet maple napkin noodle object orchard paddle pepper quantum quick rabbit river saddle salmon table tiger ugly umbrella vacuum velvet wagon window yard zebra".split(
    " ",
  );

/** Eight words for a key, the same each time. */
export function wordsOf(publicKey: string): string {
  const random = seeded(seedOf(publicKey) + 2);
  return Array.from({ length: 8 }, () => WORDS[Math.floor(random() * WORDS.length)] ?? "").join(" ");
}

export function newRoomId(random: () => number): RoomId {
  return Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join("") as RoomId;
}

export function memberOf(username: string, state: MemberView["state"] = "connected"): MemberView {
  const publicKey = keyOf(username);
  const random = seeded(seedOf(username) + 1);
  const byte = () => 1 + Math.floor(random() * 253);
  const word = () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, "0");
  const isLinked = state === "connected" || state === "reconnecting";
  return {
    publicKey,
    username,
    ipv4: `100.${64 + (byte() % 64)}.${byte()}.${byte()}`,
    ipv6: `fd67:6f76:706e:${word()}:${word()}:${word()}:${word()}:${word()}`,
    state,
    lane: isLinked ? (random() > 0.2 ? "media" : "packets") : undefined,
    quality: undefined,
    path: isLinked ? (random() > 0.25 ? "direct" : "relay") : undefined,
    rttMs: isLinked ? 4 + random() * 40 : undefined,
    verified: true,
    standing: state === "connecting" ? "proving" : "member",
    role: "member",
    words: wordsOf(publicKey),
    compared: false,
    inbound: { rule: { mode: "all" }, own: false, refused: 0 },
    traffic: isLinked ? { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, dropped: {} } : undefined,
  };
}

/** Proven, and still not in: at our door, or with us at its. */
export function visitorOf(username: string, standing: "door" | "away" = "door"): MemberView {
  return { ...memberOf(username), state: "connecting", standing, traffic: undefined };
}

export const NAMES = [
  "Ana Souza",
  "Ben",
  "Cem Yılmaz",
  "dora-nas",
  "Élodie",
  "Farid",
  "Grace Okonkwo",
  "Hana 花子",
  "Igor",
  "ليلى",
  "Jun",
  "media-server",
  "Karin Åkesson",
  "Luca",
  "MacBook of Mia",
  "Noor",
  "Oskar",
  "printer-2",
  "Quentin",
  "Rosa",
];

/** So many people with names of their own. */
export function people(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const name = NAMES[i % NAMES.length] ?? "";
    return i < NAMES.length ? name : `${name} ${Math.floor(i / NAMES.length) + 1}`;
  });
}
