import { closeSync, constants, openSync } from "node:fs";
import { ok, type Result } from "../../../shared/base/result.ts";
import { type TunFailure, tunFailure } from "./failure.ts";
import { IFF, IFF_TUN_EXCLUSIVE, IOCTL, ifreqFlags, readName } from "./ifreq.ts";
import { ERRNO, errnoName, libc } from "./libc.ts";
import { canHaveVirtioHeader } from "./linux-offloads.ts";

const TUN_NODE = "/dev/net/tun";
/** Misc device, minor TUN_MINOR (linux/miscdevice.h). */
const TUN_NODE_NUMBERS = { major: 10, minor: 200 };

/** A descriptor that is a TUN interface's other end. */
export interface Attached {
  readonly fd: number;
  readonly name: string;
  readonly hasVirtioHeader: boolean;
}

/**
 * Makes an interface with the first of the names that is free: the system decides, so two of us never take the same,
 * nor a device that waits for its own user. Gone when the descriptor is closed.
 */
export function attachNew(names: readonly string[], wantsOffloads: boolean): Result<Attached, TunFailure> {
  let refusal: ReturnType<typeof tunFailure> | undefined;
  const opened = openNode(wantsOffloads);
  if (!opened.ok) return opened;
  for (const name of names) {
    const attached = setInterface(opened.value, name, IFF_TUN_EXCLUSIVE);
    if (!("errno" in attached)) return ok(attached);
    refusal = attachFailure(names, attached.errno);
    if (refusal.error.code !== "tun_busy") break;
  }
  closeSync(opened.value.fd);
  return refusal ?? attachFailure(names, ERRNO.EINVAL);
}

/**
 * Attaches to an interface that is there and stays when the descriptor is closed. A refusal's errno is EPERM when it is
 * another user's, EBUSY when a program holds it, EINVAL when it is no TUN device.
 */
export function attachExisting(name: string, wantsOffloads: boolean): Result<Attached | Refused, TunFailure> {
  const opened = openNode(wantsOffloads);
  if (!opened.ok) return opened;
  const attached = setInterface(opened.value, name, 0);
  if ("errno" in attached) closeSync(opened.value.fd);
  return ok(attached);
}

/** The system's no, to one name. */
export interface Refused {
  readonly errno: number;
}

interface OpenNode {
  readonly fd: number;
  readonly hasVirtioHeader: boolean;
}

/** The virtio header is asked for at each attachment, and the interface takes it or leaves it each time. */
function setInterface({ fd, hasVirtioHeader }: OpenNode, name: string, more: number): Attached | Refused {
  const flags = IFF.tun | IFF.noPacketInfo | (hasVirtioHeader ? IFF.virtioHeader : 0) | more;
  const request = ifreqFlags(name, flags);
  const done = libc().ioctl(fd, IOCTL.tunSetInterface, request);
  return done.ok ? { fd, name: readName(request), hasVirtioHeader } : { errno: done.errno };
}

function openNode(wantsOffloads: boolean): Result<OpenNode, TunFailure> {
  try {
    const fd = openSync(TUN_NODE, constants.O_RDWR | constants.O_NONBLOCK);
    return ok({ fd, hasVirtioHeader: wantsOffloads && canHaveVirtioHeader(fd) });
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

/** EBUSY: another interface has the name. EINVAL: the name is no name. */
function attachFailure(names: readonly string[], errno: number): ReturnType<typeof tunFailure> {
  if (errno === ERRNO.EBUSY || errno === ERRNO.EINVAL) {
    return tunFailure("tun_busy", `cannot take ${names.join(", ")}: ${errnoName(errno)}`, { kind: "free_name", names });
  }
  return permissionFailure(`cannot make ${names[0] ?? "an interface"}: ${errnoName(errno)}`);
}

export function permissionFailure(message: string): ReturnType<typeof tunFailure> {
  const capability = { kind: "grant_capability", capability: "cap_net_admin" } as const;
  return tunFailure("tun_permission", message, capability, { kind: "run_without_tun" });
}
