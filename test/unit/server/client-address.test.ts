import { describe, expect, it } from "vitest";
import { addressGroup, clientAddress, TrustedProxies } from "../../../electron/server/client-address.ts";

function trusting(...ranges: string[]): TrustedProxies {
  const parsed = TrustedProxies.parse(ranges);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

describe("whom a limit is counted for", () => {
  const proxies = trusting("10.0.0.0/8", "127.0.0.1", "fd00::/8");

  it.each([
    ["the peer itself", "198.51.100.7", undefined, "198.51.100.7"],
    ["the peer itself, whatever an untrusted one claims", "198.51.100.7", "1.2.3.4", "198.51.100.7"],
    ["the client a trusted proxy names", "10.1.1.1", "198.51.100.7", "198.51.100.7"],
    ["the right-most address that is not a proxy", "10.1.1.1", "1.2.3.4, 198.51.100.7, 10.2.2.2", "198.51.100.7"],
    ["the left-most proxy, if there are only proxies", "10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"],
    ["the last proxy before nonsense", "10.1.1.1", "198.51.100.7, unknown, 10.2.2.2", "10.2.2.2"],
    ["without a port", "10.1.1.1", "198.51.100.7:4711", "198.51.100.7"],
    ["without brackets and a port", "10.1.1.1", "[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"],
    ["through a dual-stack socket", "::ffff:10.1.1.1", "::ffff:198.51.100.7", "198.51.100.7"],
    ["in hexadecimal", "10.1.1.1", "::ffff:c633:6407", "198.51.100.7"],
    ["behind an IPv6 proxy", "fd00::1", "198.51.100.7", "198.51.100.7"],
  ])("is %s", (_, remote, forwarded, group) => {
    expect(clientAddress(remote, forwarded, proxies)).toEqual({ group, isLimited: true });
  });

  it("is nobody in particular for a local connection that no proxy vouches for", () => {
    for (const local of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      expect(clientAddress(local, "198.51.100.7", TrustedProxies.none).isLimited).toBe(false);
    }
    expect(clientAddress("127.0.0.1", "198.51.100.7", proxies)).toEqual({ group: "198.51.100.7", isLimited: true });
  });

  it("reads only the last hops of an endless header", () => {
    const header = `1.2.3.4, ${Array(10_000).fill("10.0.0.1").join(", ")}`;
    expect(clientAddress("10.1.1.1", header, proxies).group).toBe("10.0.0.1");
  });
});

describe("an IPv6 client", () => {
  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4::/64"],
  ])("%s is its /64", (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe("trusted proxies", () => {
  it.each(["10.0.0.0/33", "10.0.0/8", "::/129", "localhost", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/-1", ""])(
    "%j is refused, with a sentence",
    (range) => {
      expect(TrustedProxies.parse([range])).toMatchObject({ ok: false, error: { code: "bad_cidr" } });
    },
  );
});
