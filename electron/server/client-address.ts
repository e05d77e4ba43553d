import { BlockList, isIP, isIPv6 } from "node:net";
import { fail, ok, type Result } from "../../shared/base/result.ts";
import type { ClientAddress } from "./rooms.ts";

/** More hops than any real chain of proxies; the rest of a longer X-Forwarded-For is not read. */
const MAX_FORWARDED_HOPS = 16;

/** The proxies whose X-Forwarded-For is believed. */
export class TrustedProxies {
  /** Nobody's word is taken. */
  static readonly none = new TrustedProxies();
  readonly #list = new BlockList();

  private constructor() {}

  /** @param ranges addresses and CIDR ranges, IPv4 or IPv6. */
  static parse(ranges: readonly string[]): Result<TrustedProxies> {
    const proxies = new TrustedProxies();
    for (const range of ranges) {
      const [address = "", bits, ...rest] = range.split("/");
      const width = isIPv6(address) ? 128 : 32;
      const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
      if (isIP(address) === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= width)) {
        return fail("bad_cidr", `"${range}" is not an address or a CIDR range such as 10.0.0.0/8 or fd00::/8`);
      }
      proxies.#list.addSubnet(address, prefix, isIPv6(address) ? "ipv6" : "ipv4");
    }
    return ok(proxies);
  }

  includes(remoteAddress: string): boolean {
    const address = withoutMapping(remoteAddress);
    return this.#list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Whom a connection's limits are counted for.
 * Behind trusted proxies it is the right-most address in X-Forwarded-For that is not one of them: everything left of
 * it is hearsay. An IPv6 client is its /64, since a household gets at least that much and can use any address in it.
 * A local connection that no trusted proxy vouches for is not limited by address: it is this machine's own programs,
 * or a local proxy that nobody declared, and then all of its clients would share one allowance.
 * @param forwardedFor the X-Forwarded-For header, if there was one.
 */
export function clientAddress(
  remoteAddress: string,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): ClientAddress {
  let address = withoutMapping(remoteAddress);
  if (forwardedFor !== undefined && proxies.includes(address)) {
    const hops = forwardedFor.split(",").slice(-MAX_FORWARDED_HOPS).reverse();
    for (const hop of hops) {
      const next = withoutMapping(withoutPort(hop.trim()));
      if (isIP(next) === 0) break;
      address = next;
      if (!proxies.includes(address)) break;
    }
  }
  return { group: addressGroup(address), isLimited: !isLoopback(address) };
}

/** An IPv4 address itself; the /64 of an IPv6 address. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  // An embedded IPv4 tail takes the place of two groups; it lies in the lower 64 bits, which are not shown.
  const width = after.length + (after.at(-1)?.includes(".") ? 1 : 0);
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - width)).fill("0"), ...after];
  const prefix = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(":")}::/64`;
}

function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1; a header may say ::ffff:c000:201 for the same. */
function withoutMapping(address: string): string {
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address);
  if (!mapped) return address;
  if (mapped[1] !== undefined) return mapped[1];
  const [high, low] = [mapped[2], mapped[3]].map((group) => Number.parseInt(group ?? "", 16));
  return [high, low].flatMap((group = 0) => [group >> 8, group & 0xff]).join(".");
}

/** Some proxies write "192.0.2.1:4711" and "[2001:db8::1]:4711". */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop);
  if (bracketed?.[1]) return bracketed[1];
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
}
