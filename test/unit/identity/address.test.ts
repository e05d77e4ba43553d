import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { deriveAddress, formatIpv6, MAX_IPV4_SALT } from "../../../shared/identity/address.ts";
import { parseIpv4Address, parseIpv6Address } from "../../../shared/packet/address.ts";

// RFC 8032, section 7.1, test 1. SHA-256 of the key begins 21fe31dfa154a261626b; of the key and a byte of 1, 7c2c15.
const golden = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" as PublicKey;
const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => base64.encode(bytes) as PublicKey);
const anySalt = fc.integer({ min: 0, max: MAX_IPV4_SALT });

describe("a member's addresses", () => {
  it("are these for the RFC 8032 test-1 key, today and in every version to come", () => {
    expect(deriveAddress(golden)).toEqual({
      ipv4: "100.97.254.49",
      ipv6: "fd67:6f76:706e:21fe:31df:a154:a261:626b",
      ipv4Salt: 0,
    });
    expect(deriveAddress(golden, 1)).toMatchObject({ ipv4: "100.124.44.21", ipv4Salt: 1 });
  });

  it("follow from the key and the salt alone", () => {
    fc.assert(
      fc.property(
        anyKey,
        anySalt,
        (key, salt) => void expect(deriveAddress(key, salt)).toEqual(deriveAddress(key, salt)),
      ),
    );
  });

  it("lie in 100.64.0.0/10, never a network's .0 or .255", () => {
    fc.assert(
      fc.property(anyKey, anySalt, (key, salt) => {
        const ipv4 = parseIpv4Address(deriveAddress(key, salt).ipv4)!;
        expect(ipv4 >>> 22).toBe(0x64400000 >>> 22);
        expect([0, 255]).not.toContain(ipv4 & 0xff);
      }),
    );
  });

  it("lie in fd67:6f76:706e::/48, in the form of RFC 5952", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const { ipv6 } = deriveAddress(key);
        const bytes = parseIpv6Address(ipv6)!;
        expect([...bytes.subarray(0, 6)]).toEqual([0xfd, 0x67, 0x6f, 0x76, 0x70, 0x6e]);
        const view = new DataView(bytes.buffer);
        expect(ipv6).toBe(formatIpv6(Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i))));
      }),
    );
  });

  it("take another IPv4 address by another salt, and keep the IPv6 address", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const addresses = [0, 1, 2, 3].map((salt) => deriveAddress(key, salt));
        expect(new Set(addresses.map(({ ipv4 }) => ipv4)).size).toBeGreaterThan(1);
        expect(new Set(addresses.map(({ ipv6 }) => ipv6)).size).toBe(1);
        expect(addresses.map(({ ipv4Salt }) => ipv4Salt)).toEqual([0, 1, 2, 3]);
      }),
    );
  });

  it("differ between keys", () => {
    const keys = Array.from({ length: 200 }, (_, i) => base64.encode(new Uint8Array(32).fill(i)) as PublicKey);
    expect(new Set(keys.map((key) => deriveAddress(key).ipv6)).size).toBe(200);
    expect(new Set(keys.map((key) => deriveAddress(key).ipv4)).size).toBe(200);
  });
});

describe("an IPv6 address's text", () => {
  it.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], "2001:db8::"],
    [[1, 0, 0, 2, 0, 0, 0, 3], "1:0:0:2::3"],
    [[1, 0, 0, 2, 0, 0, 3, 4], "1::2:0:0:3:4"],
    [[1, 0, 2, 3, 4, 5, 6, 7], "1:0:2:3:4:5:6:7"],
    [[0xabcd, 1, 2, 3, 4, 5, 6, 0xf], "abcd:1:2:3:4:5:6:f"],
  ])("shortens the first longest run of zeros, and never a single one: %j", (groups, text) => {
    expect(formatIpv6(groups)).toBe(text);
  });
});
