import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64, base64url } from "../../../shared/base/bytes.ts";
import {
  type Binding,
  isRoomProof,
  isShortHash,
  keyIdOf,
  makeRoomKey,
  ownerPinOf,
  parseOwnerPin,
  parseRoomKey,
  policyIdOf,
  type RoomKey,
  roomProof,
} from "../../../shared/trust/room-key.ts";

const key = base64url.encode(Uint8Array.from({ length: 32 }, (_, n) => n)) as RoomKey;
const from = base64.encode(new Uint8Array(32).fill(1)) as PublicKey;
const to = base64.encode(new Uint8Array(32).fill(2)) as PublicKey;
const binding: Binding = {
  room: "0123456789abcdef" as RoomId,
  from,
  to,
  fromFingerprint: "AA:BB",
  toFingerprint: "CC:DD",
};

describe("golden vectors, which another implementation can check itself by", () => {
  it("of a key and its id, a founder's pin and a policy's id", () => {
    expect(key).toBe("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    expect(keyIdOf(key)).toBe("1zjUScln8QPWJll389_new");
    expect(ownerPinOf(from)).toBe("slqqhhxq1O6Q0u4v26CDeg");
    expect(policyIdOf(base64.encode(new Uint8Array(64)))).toBe("C7GIw_rNDqrTQnvg-FZJUA");
  });

  it("of a proof", () => {
    expect(roomProof(key, binding)).toBe("Z4MPOlhbQ4U_4lhd1BHo4BR3YXMCF8m3lJ7cYm29k4w");
  });
});

describe("a room key", () => {
  it("is what the random source gives, which is wiped", () => {
    const bytes = new Uint8Array(32).fill(7);
    expect(base64url.decode(makeRoomKey(() => bytes))).toEqual(new Uint8Array(32).fill(7));
    expect(bytes).toEqual(new Uint8Array(32));
  });

  it.each([
    ["nothing", ""],
    ["a byte less", key.slice(0, -2)],
    ["padding", `${key}=`],
    ["standard base64", `+${key.slice(1)}`],
    // The last character holds 4 bits: 16 of 64 are canonical.
    ["bits that belong to no byte", `${key.slice(0, -1)}9`],
    ["a space", ` ${key.slice(1)}`],
    ["another alphabet", `ä${key.slice(1)}`],
  ])("is not %s", (_, text) => {
    expect(parseRoomKey(text)).toBeUndefined();
  });

  it("is written in one way only", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(42),
        fc.string({ minLength: 1, maxLength: 1 }),
        (bytes, at, other) => {
          const text = base64url.encode(bytes);
          expect(parseRoomKey(text)).toBe(text);
          const changed = text.slice(0, at) + other + text.slice(at + 1);
          const read = parseRoomKey(changed);
          if (read !== undefined && changed !== text) expect(base64url.decode(read)).not.toEqual(bytes);
        },
      ),
    );
  });
});

describe("a hash", () => {
  it("is 22 characters of canonical base64url", () => {
    const pin = ownerPinOf(from);
    expect(parseOwnerPin(pin)).toBe(pin);
    for (const bad of ["", `${pin}A`, pin.slice(1), `${pin.slice(0, -1)}_`, 7, null, { length: 22 }]) {
      expect(isShortHash(bad)).toBe(false);
    }
  });

  it("of one thing is never taken for that of another", () => {
    const bytes = new Uint8Array(32).fill(3);
    const hashes = [keyIdOf(base64url.encode(bytes) as RoomKey), ownerPinOf(base64.encode(bytes) as PublicKey)];
    expect(new Set(hashes).size).toBe(2);
  });
});

describe("a proof", () => {
  it("holds for the connection, the room and the direction that it was made for, and with this key", () => {
    const proof = roomProof(key, binding);
    expect(isRoomProof(key, binding, proof)).toBe(true);
    const others: readonly Partial<Binding>[] = [
      { room: "0123456789abcdee" as RoomId },
      { from: to, to: from },
      { from: to },
      { to: from },
      { fromFingerprint: "AA:BC" },
      { toFingerprint: "CC:DE" },
      { fromFingerprint: "CC:DD", toFingerprint: "AA:BB" },
    ];
    for (const other of others) expect(isRoomProof(key, { ...binding, ...other }, proof)).toBe(false);
    const otherKey = base64url.encode(new Uint8Array(32)) as RoomKey;
    expect(isRoomProof(otherKey, binding, proof)).toBe(false);
  });

  it("is not the one that came, sent back", () => {
    const back = { ...binding, from: to, to: from, fromFingerprint: "CC:DD", toFingerprint: "AA:BB" };
    expect(isRoomProof(key, back, roomProof(key, binding))).toBe(false);
  });

  it("does not hold with one bit changed, wherever, nor with anything that is no proof", () => {
    const bytes = base64url.decode(roomProof(key, binding));
    for (let bit = 0; bit < 256; bit++) {
      const changed = bytes.map((byte, n) => (n === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(isRoomProof(key, binding, base64url.encode(changed))).toBe(false);
    }
    for (const none of ["", "x", "A".repeat(43), roomProof(key, binding).slice(0, -1)]) {
      expect(isRoomProof(key, binding, none)).toBe(false);
    }
  });
});
