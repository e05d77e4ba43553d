import { closeSync, constants, openSync } from "node:fs";
import { type Failure, ok, type Result } from "../../../shared/base/result.ts";
import { formatIpv4 } from "../../../shared/identity/address.ts";
import { isIpv6At, parseIpv6Address } from "../../../shared/packet/address.ts";
import { type TunFailure, tunFailure } from "./failure.ts";
import { IFF, IOCTL, ifreqFlags, readName } from "./ifreq.ts";
import { listInterfaces } from "./interfaces.ts";
import { ERRNO, errnoName, libc } from "./libc.ts";
import { LinuxTunDevice } from "./linux-device.ts";
import { canHaveVirtioHeader, NO_OFFLOADS, takeOffloads } from "./linux-offloads.ts";
import { type InterfaceSettings, ipv6Routed, quietIpv6, setUpIpv4, setUpIpv6 } from "./linux-setup.ts";
import type { OpenTun } from "./open.ts";

const TUN_NODE = "/dev/net/tun";
/** Misc device, minor TUN_MINOR (linux/miscdevice.h). */
const TUN_NODE_NUMBERS = { major: 10, minor: 200 };

/** govpn0 to govpn15: more profiles on one machine than anyone runs. */
const MAX_INTERFACES = 16;
const interfaceNames = Array.from({ length: MAX_INTERFACES }, (_, i) => `govpn${i}`);

/** Makes a TUN interface with this machine's addresses on it, up and routed. Gone again when it is closed. */
export const openLinuxTun: OpenTun = async (options) => {
  const conflict = findConflict(options.ipv4, options.ipv6);
  if (conflict) return conflict;
  const attached = attach(options.name === undefined ? interfaceNames : [options.name], options.offloads);
  if (!attached.ok) return attached;
  const { fd, name, hasVirtioHeader } = attached.value;
  const settings: InterfaceSettings = { ...options, name };
  quietIpv6(name);
  const ipv4 = setUpIpv4(settings);
  if (!ipv4.ok) {
    closeSync(fd);
    return setupFailure(name, ipv4.error);
  }
  const done = setUpIpv6(settings);
  if (done.ok) await ipv6Routed(settings.ipv6);
  const ipv6 = done.ok
    ? ({ state: "ready" } as const)
    : ({ state: "unavailable", reason: done.error.message } as const);
  const offloads = hasVirtioHeader ? takeOffloads(fd) : NO_OFFLOADS;
  return ok(new LinuxTunDevice(fd, { name, mtu: options.mtu, ipv6, offloads, hasVirtioHeader }));
};

/** Whether a TUN interface could be made now. Makes one that is never up, and lets it go at once. */
export function linuxTunRights(): Result<void, TunFailure> {
  const attached = attach(["govpnprobe%d"], false);
  if (!attached.ok) return attached;
  closeSync(attached.value.fd);
  return ok(undefined);
}

/** The kernel would take a second interface with the same address, and then packets go either way. */
function findConflict(ipv4: number, ipv6: Uint8Array): ReturnType<typeof tunFailure> | undefined {
  const clash = listInterfaces().find((each) => isSame(each, ipv4, ipv6));
  if (!clash) return undefined;
  const { interface: name, address } = clash;
  return tunFailure("address_conflict", `${name} already has ${address}`, {
    kind: "free_address",
    interface: name,
    address,
  });
}

function isSame({ family, address }: { family: string; address: string }, ipv4: number, ipv6: Uint8Array): boolean {
  if (family === "IPv4") return address === formatIpv4(ipv4);
  const bytes = parseIpv6Address(address);
  return bytes !== undefined && isIpv6At(bytes, 0, ipv6);
}

interface Attached {
  readonly fd: number;
  readonly name: string;
  readonly hasVirtioHeader: boolean;
}

/** Attaches to the first of the names that is free: the system decides, so two of us never take the same. */
function attach(names: readonly string[], wantsOffloads: boolean): Result<Attached, TunFailure> {
  const opened = openNode();
  if (!opened.ok) return opened;
  const fd = opened.value;
  const hasVirtioHeader = wantsOffloads && canHaveVirtioHeader(fd);
  const flags = IFF.tun | IFF.noPacketInfo | (hasVirtioHeader ? IFF.virtioHeader : 0);
  let refusal: ReturnType<typeof tunFailure> | undefined;
  for (const name of names) {
    const request = ifreqFlags(name, flags);
    const done = libc().ioctl(fd, IOCTL.tunSetInterface, request);
    if (done.ok) return ok({ fd, name: readName(request), hasVirtioHeader });
    refusal = attachFailure(names, done.errno);
    if (refusal.error.code !== "tun_busy") break;
  }
  closeSync(fd);
  return refusal ?? attachFailure(names, ERRNO.EINVAL);
}

function openNode(): Result<number, TunFailure> {
  try {
    return ok(openSync(TUN_NODE, constants.O_RDWR | constants.O_NONBLOCK));
  } catch (error) {
    return openFailure((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function openFailure(code: string): ReturnType<typeof tunFailure> {
  switch (code) {
    case "ENOENT":
      return tunFailure(
        "tun_missing",
        `${TUN_NODE} does not exist`,
        { kind: "load_module", module: "tun", path: TUN_NODE },
        { kind: "create_node", path: TUN_NODE, ...TUN_NODE_NUMBERS },
        { kind: "run_without_tun" },
      );
    case "ENODEV":
    case "ENXIO":
      return tunFailure(
        "tun_missing",
        `${TUN_NODE} has no driver behind it`,
        { kind: "load_module", module: "tun", path: TUN_NODE },
        { kind: "run_without_tun" },
      );
    default:
      return tunFailure(
        "tun_permission",
        `cannot open ${TUN_NODE}: ${code}`,
        { kind: "open_node", path: TUN_NODE },
        { kind: "grant_capability", capability: "cap_net_admin" },
        { kind: "run_without_tun" },
      );
  }
}

/** EBUSY: another process holds that TUN. EINVAL: an interface of another sort has the name, or the name is no name. */
function attachFailure(names: readonly string[], errno: number): ReturnType<typeof tunFailure> {
  if (errno === ERRNO.EBUSY || errno === ERRNO.EINVAL) {
    return tunFailure("tun_busy", `cannot take ${names.join(", ")}: ${errnoName(errno)}`, { kind: "free_name", names });
  }
  return permissionFailure(`cannot make ${names[0] ?? "an interface"}: ${errnoName(errno)}`);
}

function setupFailure(name: string, { errno, message }: Failure & { errno: number }): ReturnType<typeof tunFailure> {
  if (errno === ERRNO.EPERM || errno === ERRNO.EACCES) return permissionFailure(`${name}: ${message}`);
  return tunFailure("tun_setup", `${name}: ${message}`, { kind: "run_without_tun" });
}

function permissionFailure(message: string): ReturnType<typeof tunFailure> {
  const capability = { kind: "grant_capability", capability: "cap_net_admin" } as const;
  return tunFailure("tun_permission", message, capability, { kind: "run_without_tun" });
}
