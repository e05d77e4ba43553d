import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv4, formatIpv6 } from "../../../shared/identity/address.ts";
import {
  isIpv6At,
  parseIpv4Address,
  parseIpv6Address,
  unroutableIpv4,
  unroutableIpv6,
} from "../../../shared/packet/address.ts";

const groups = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), { minLength: 8, maxLength: 8 });
const bytesOf = (values: readonly number[]) => Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));

describe("an IPv4 address in text", () => {
  it("is read back as the number it was written from", () => {
    fc.assert(fc.property(fc.nat({ max: 0xffffffff }), (n) => void expect(parseIpv4Address(formatIpv4(n))).toBe(n)));
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.-4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "1e1.2.3.4",
    "1..2.3",
  ])("is refused: %j", (text) => expect(parseIpv4Address(text)).toBeUndefined());
});

describe("an IPv6 address in text", () => {
  it("is read back as the bytes it was written from", () => {
    fc.assert(
      fc.property(groups, (values) => void expect(parseIpv6Address(formatIpv6(values))).toEqual(bytesOf(values))),
    );
  });

  it.each([
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["FE80::", [0xfe80, 0, 0, 0, 0, 0, 0, 0]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["::ffff:192.0.2.1", [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]],
    ["1:2:3:4:5:6:1.2.3.4", [1, 2, 3, 4, 5, 6, 0x102, 0x304]],
  ])("may be %s", (text, expected) => expect(parseIpv6Address(text)).toEqual(bytesOf(expected)));

  it.each([
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    ":1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    "::1%eth0",
    "1.2.3.4::",
    "::1.2.3",
    "1:2:3:4:5:6:7:1.2.3.4",
  ])("is refused: %j", (text) => expect(parseIpv6Address(text)).toBeUndefined());

  it("equals another only if every byte does", () => {
    const address = parseIpv6Address("fd67:6f76:706e:1:2:3:4:5")!;
    expect(isIpv6At(Uint8Array.from([9, ...address]), 1, address)).toBe(true);
    for (let i = 0; i < 16; i++) {
      const other = address.slice();
      other[i]! ^= 0x80;
      expect(isIpv6At(other, 0, address)).toBe(false);
    }
  });
});

describe("an address that no member can have", () => {
  it.each([
    ["224.0.0.0", "multicast"],
    ["255.255.255.255", "multicast"],
    ["223.255.255.255", undefined],
    ["169.253.255.255", undefined],
    ["169.254.0.0", "link_local"],
    ["169.254.255.255", "link_local"],
    ["0.1.2.3", "host_local"],
    ["1.0.0.0", undefined],
    ["127.255.255.255", "host_local"],
    ["128.0.0.0", undefined],
    ["100.64.0.1", undefined],
  ])("by IPv4: %s is %s", (text, expected) => expect(unroutableIpv4(parseIpv4Address(text)!)).toBe(expected));

  it.each([
    ["ff02::1", "multicast"],
    ["fe80::1", "link_local"],
    ["febf::1", "link_local"],
    ["fec0::1", undefined],
    ["::", "host_local"],
    ["::1", "host_local"],
    ["::2", undefined],
    ["fd67:6f76:706e::1", undefined],
  ])("by IPv6: %s is %s", (text, expected) => expect(unroutableIpv6(parseIpv6Address(text)!, 0)).toBe(expected));
});
