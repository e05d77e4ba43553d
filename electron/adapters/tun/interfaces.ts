import { networkInterfaces } from "node:os";
import { IPV4_NETWORK, IPV4_PREFIX_BITS, IPV6_PREFIX } from "../../../shared/identity/address.ts";
import { parseIpv4Address, parseIpv6Address } from "../../../shared/packet/address.ts";
import { u16 } from "../../../shared/packet/words.ts";

export interface InterfaceAddress {
  readonly interface: string;
  readonly family: "IPv4" | "IPv6";
  /** Text, without a zone. */
  readonly address: string;
  /** As the system gives it, e.g. "100.64.0.1/10". */
  readonly cidr: string;
}

/** Whether an interface is a tunnel device of this program, of any profile, by the names that `openTun` gives. */
export function isTunnelInterface(name: string): boolean {
  return /^govpn\d+$/.test(name);
}

/** Every address of every interface that is up, loopback included. */
export function listInterfaces(): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { family, address, cidr } of addresses ?? []) {
      found.push({ interface: name, family, address, cidr: cidr ?? address });
    }
  }
  return found;
}

/**
 * Addresses in the networks that GoVPN uses (100.64.0.0/10, fd67:6f76:706e::/48) on interfaces that are not `except`:
 * a carrier's NAT, another VPN, or another profile on this machine, whose routes may take our packets.
 */
export function addressClashes(
  except: readonly string[] = [],
  interfaces: readonly InterfaceAddress[] = listInterfaces(),
): readonly InterfaceAddress[] {
  return interfaces.filter((each) => !except.includes(each.interface) && isInOurNetworks(each));
}

/** Addresses of every tunnel device of ours on this machine, of any profile: no way to reach anybody. */
export function localTunnelAddresses(): ReadonlySet<string> {
  const ours = addressClashes().filter((each) => isTunnelInterface(each.interface));
  return new Set(ours.map(({ address }) => address));
}

function isInOurNetworks({ family, address }: InterfaceAddress): boolean {
  if (family === "IPv4") {
    const number = parseIpv4Address(address);
    const shift = 32 - IPV4_PREFIX_BITS;
    return number !== undefined && number >>> shift === IPV4_NETWORK >>> shift;
  }
  const bytes = parseIpv6Address(address);
  return (
    bytes !== undefined && IPV6_PREFIX.split(":").every((group, i) => u16(bytes, 2 * i) === Number.parseInt(group, 16))
  );
}
