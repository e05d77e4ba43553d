import type { Result } from "../../../shared/base/result.ts";
import { parseIpv4Address, parseIpv6Address } from "../../../shared/packet/address.ts";
import { type TunFailure, tunFailure } from "./failure.ts";
import { MAX_INTERFACE_NAME } from "./ifreq.ts";
import { linuxTunRights, openLinuxTun } from "./linux.ts";
import type { SystemTunDevice } from "./open.ts";

export type { TunFailure } from "./failure.ts";
export { addressClashes, listInterfaces } from "./interfaces.ts";
export type { SystemTunDevice } from "./open.ts";

export interface OpenTunOptions {
  /** The interface's name. Left out: "govpn0", or the next free govpnN. */
  readonly name?: string;
  /** Dotted quad in 100.64.0.0/10. */
  readonly ipv4: string;
  /** Text form, in fd67:6f76:706e::/48. */
  readonly ipv6: string;
  /** Bytes; DEFAULT_TUNNEL_MTU says why. */
  readonly mtu: number;
  /** Whether to have the kernel leave checksums and segmentation to us where it can. Left out: true. */
  readonly offloads?: boolean;
}

/** Makes this machine's virtual interface, with its addresses on it, up. Every failure says how to mend it. */
export async function openTun(options: OpenTunOptions): Promise<Result<SystemTunDevice, TunFailure>> {
  const ipv4 = parseIpv4Address(options.ipv4);
  const ipv6 = parseIpv6Address(options.ipv6);
  if (ipv4 === undefined || !ipv6) throw new RangeError(`not a member's addresses: ${options.ipv4}, ${options.ipv6}`);
  if (options.name !== undefined && !isInterfaceName(options.name)) {
    return tunFailure("bad_name", `an interface cannot be called "${options.name}"`);
  }
  if (process.platform !== "linux") return unsupported();
  return openLinuxTun({ name: options.name, ipv4, ipv6, mtu: options.mtu, offloads: options.offloads ?? true });
}

/** Whether `openTun` would be allowed to, leaving nothing behind. */
export function tunRights(): Result<void, TunFailure> {
  return process.platform === "linux" ? linuxTunRights() : unsupported();
}

function unsupported(): { readonly ok: false; readonly error: TunFailure } {
  return tunFailure("unsupported_platform", `no TUN device on ${process.platform} yet`, { kind: "run_without_tun" });
}

function isInterfaceName(name: string): boolean {
  return name.length <= MAX_INTERFACE_NAME && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name);
}
