import type { Result } from "../../../shared/base/result.ts";
import { parseIpv4Address, parseIpv6Address } from "../../../shared/packet/address.ts";
import { type TunFailure, tunFailure } from "./failure.ts";
import { MAX_INTERFACE_NAME } from "./ifreq.ts";
import { type LinuxTunRights, linuxTunRights, openLinuxTun } from "./linux.ts";
import { type DeviceWish, findNetconf, netconfCommand } from "./netconf.ts";
import type { OpenSettings, SystemTunDevice } from "./open.ts";

export type { TunFailure } from "./failure.ts";
export { addressClashes, listInterfaces } from "./interfaces.ts";
export type { SystemTunDevice } from "./open.ts";
export { widenReceiveBuffers } from "./receive-buffer.ts";

/** Addresses as text, in 100.64.0.0/10 and fd67:6f76:706e::/48. The MTU in bytes: DEFAULT_TUNNEL_MTU says why. */
export interface OpenTunOptions extends DeviceWish {
  /** The interface's name. Left out: that of the device prepared for this user, else the next free govpnN. */
  readonly name?: string;
  /** Whether to have the kernel leave checksums and segmentation to us where it can. Left out: true. */
  readonly offloads?: boolean;
}

/**
 * Makes this machine's virtual interface, with its addresses on it, up; or takes the one that was prepared for this
 * user, which may have another MTU. Every failure says how to mend it.
 */
export async function openTun(options: OpenTunOptions): Promise<Result<SystemTunDevice, TunFailure>> {
  const settings = settingsOf(options);
  if (options.name !== undefined && !isInterfaceName(options.name)) {
    return tunFailure("bad_name", `an interface cannot be called "${options.name}"`);
  }
  if (process.platform !== "linux") return unsupported();
  const opened = await openLinuxTun(settings);
  return opened.ok ? opened : withCommand(opened.error, options);
}

/**
 * Whether `openTun` would be allowed to, leaving nothing behind.
 * @param wish of an identity that is known: a device may be prepared for it
 */
export function tunRights(wish?: DeviceWish): Result<LinuxTunRights, TunFailure> {
  if (process.platform !== "linux") return unsupported();
  const rights = linuxTunRights(wish && settingsOf(wish));
  return rights.ok || !wish ? rights : withCommand(rights.error, wish);
}

function settingsOf(options: OpenTunOptions): OpenSettings {
  const ipv4 = parseIpv4Address(options.ipv4);
  const ipv6 = parseIpv6Address(options.ipv6);
  if (ipv4 === undefined || !ipv6) throw new RangeError(`not a member's addresses: ${options.ipv4}, ${options.ipv6}`);
  return { name: options.name, ipv4, ipv6, mtu: options.mtu, offloads: options.offloads ?? true };
}

function withCommand(error: TunFailure, wish: DeviceWish): { readonly ok: false; readonly error: TunFailure } {
  const isMended = error.mending.some(({ kind }) => kind === "run_netconf");
  const command = isMended ? netconfCommand(wish, findNetconf()) : undefined;
  return { ok: false, error: command === undefined ? error : { ...error, command } };
}

function unsupported(): { readonly ok: false; readonly error: TunFailure } {
  return tunFailure("unsupported_platform", `no TUN device on ${process.platform} yet`, { kind: "run_without_tun" });
}

function isInterfaceName(name: string): boolean {
  return name.length <= MAX_INTERFACE_NAME && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name);
}
