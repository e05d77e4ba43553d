import { closeSync } from "node:fs";
import { type Failure, ok, type Result } from "../../../shared/base/result.ts";
import { formatIpv4 } from "../../../shared/identity/address.ts";
import { isIpv6At, parseIpv6Address } from "../../../shared/packet/address.ts";
import { type TunFailure, tunFailure } from "./failure.ts";
import { listInterfaces } from "./interfaces.ts";
import { ERRNO } from "./libc.ts";
import { type Attached, attachExisting, attachNew, permissionFailure } from "./linux-attach.ts";
import { LinuxTunDevice } from "./linux-device.ts";
import { NO_OFFLOADS, takeOffloads } from "./linux-offloads.ts";
import { carrierUp, differences, findPrepared, type PreparedDevice } from "./linux-prepared.ts";
import { type InterfaceSettings, ipv6Routed, quietIpv6, setUpIpv4, setUpIpv6 } from "./linux-setup.ts";
import type { OpenSettings, OpenTun, SystemTunDevice } from "./open.ts";

/** govpn0 to govpn15: more profiles on one machine than anyone runs. build/linux/govpn-netconf has the same. */
const MAX_INTERFACES = 16;
const interfaceNames = Array.from({ length: MAX_INTERFACES }, (_, i) => `govpn${i}`);

/**
 * The device that was prepared for this user, if there is one: it stays. Else a TUN interface with this machine's
 * addresses on it, up and routed, which takes CAP_NET_ADMIN, and is gone again when it is closed.
 */
export const openLinuxTun: OpenTun = async (options) => {
  const prepared = findPrepared(options.ipv4, options.ipv6, interfaceNames);
  if (prepared && (options.name ?? prepared.name) === prepared.name) return openPrepared(prepared, options);
  const conflict = prepared ? conflictWith(prepared.name, options) : findConflict(options.ipv4, options.ipv6);
  if (conflict) return conflict;
  const attached = attachNew(options.name === undefined ? interfaceNames : [options.name], options.offloads);
  if (!attached.ok) return orNetconf(attached.error);
  const { fd, name } = attached.value;
  const settings: InterfaceSettings = { ...options, name };
  quietIpv6(name);
  const ipv4 = setUpIpv4(settings);
  if (!ipv4.ok) {
    closeSync(fd);
    return setupFailure(name, ipv4.error);
  }
  return ok(await deviceOf(attached.value, settings));
};

/** What `linuxTunRights` found: a device that is this user's already, or that one may be made. */
export interface LinuxTunRights {
  readonly prepared?: { readonly name: string; readonly mtu: number };
}

/** Whether `openLinuxTun` would be allowed to. Makes an interface that is never up, and lets it go at once. */
export function linuxTunRights(wanted?: OpenSettings): Result<LinuxTunRights, TunFailure> {
  const prepared = wanted && findPrepared(wanted.ipv4, wanted.ipv6, interfaceNames);
  if (prepared) return preparedRights(prepared, wanted);
  const attached = attachNew(["govpnprobe%d"], false);
  if (!attached.ok) return orNetconf(attached.error);
  closeSync(attached.value.fd);
  return ok({});
}

/** One that a program holds already is as it should be. */
function preparedRights(prepared: PreparedDevice, wanted: OpenSettings): Result<LinuxTunRights, TunFailure> {
  const attached = attachExisting(prepared.name, false);
  if (!attached.ok) return attached;
  if (!("errno" in attached.value)) closeSync(attached.value.fd);
  else if (attached.value.errno !== ERRNO.EBUSY) return conflictWith(prepared.name, wanted, attached.value.errno);
  const differs = differences(prepared, { ...wanted, name: prepared.name });
  if (differs !== undefined) return outdated(prepared.name, differs);
  return ok({ prepared: { name: prepared.name, mtu: prepared.mtu } });
}

async function openPrepared(prepared: PreparedDevice, options: OpenSettings): ReturnType<OpenTun> {
  const { name } = prepared;
  const attached = attachExisting(name, options.offloads);
  if (!attached.ok) return attached;
  if ("errno" in attached.value) return conflictWith(name, options, attached.value.errno);
  const settings: InterfaceSettings = { ...options, name };
  const differs = differences(prepared, settings);
  // Who may set it up does; for anyone else another MTU than the wanted one is no reason to be without a device.
  const isSet = differs === undefined && prepared.mtu === options.mtu ? true : setUpIpv4(settings).ok;
  if (!isSet && differs !== undefined) {
    closeSync(attached.value.fd);
    return outdated(name, differs);
  }
  const device = await deviceOf(attached.value, { ...settings, mtu: isSet ? options.mtu : prepared.mtu }, prepared);
  await carrierUp(name);
  return ok(device);
}

/** The device on an interface that has its IPv4 address and is up. */
async function deviceOf(
  { fd, name, hasVirtioHeader }: Attached,
  settings: InterfaceSettings,
  prepared?: PreparedDevice,
): Promise<SystemTunDevice> {
  const done = prepared?.hasIpv6 ? ok(undefined) : setUpIpv6(settings);
  if (done.ok) await ipv6Routed(settings.ipv6);
  const ipv6 = done.ok
    ? ({ state: "ready" } as const)
    : ({ state: "unavailable", reason: done.error.message } as const);
  const offloads = hasVirtioHeader ? takeOffloads(fd) : NO_OFFLOADS;
  return new LinuxTunDevice(fd, { name, mtu: settings.mtu, ipv6, offloads, hasVirtioHeader });
}

/** The kernel would take a second interface with the same address, and then packets go either way. */
function findConflict(ipv4: number, ipv6: Uint8Array): ReturnType<typeof tunFailure> | undefined {
  const clash = listInterfaces().find((each) => isSame(each, ipv4, ipv6));
  return clash && conflict(clash.interface, clash.address);
}

/** An interface with our address that we cannot have. */
function conflictWith(name: string, { ipv4, ipv6 }: OpenSettings, errno?: number): ReturnType<typeof tunFailure> {
  const clash = listInterfaces().find((each) => each.interface === name && isSame(each, ipv4, ipv6));
  const why = errno === ERRNO.EPERM ? ", and belongs to another user" : "";
  return conflict(name, clash?.address ?? formatIpv4(ipv4), why);
}

function conflict(name: string, address: string, why = ""): ReturnType<typeof tunFailure> {
  const mending = { kind: "free_address", interface: name, address } as const;
  return tunFailure("address_conflict", `${name} already has ${address}${why}`, mending);
}

function isSame({ family, address }: { family: string; address: string }, ipv4: number, ipv6: Uint8Array): boolean {
  if (family === "IPv4") return address === formatIpv4(ipv4);
  const bytes = parseIpv6Address(address);
  return bytes !== undefined && isIpv6At(bytes, 0, ipv6);
}

/** Where a user lacks the right, the first thing to do is to have a device prepared. Root without it is in a container. */
function orNetconf(error: TunFailure): { readonly ok: false; readonly error: TunFailure } {
  const isNode = error.mending.some(({ kind }) => kind === "open_node");
  if (error.code !== "tun_permission" || isNode || process.geteuid?.() === 0) return { ok: false, error };
  return { ok: false, error: { ...error, mending: [{ kind: "run_netconf" }, ...error.mending] } };
}

function outdated(name: string, differs: string): ReturnType<typeof tunFailure> {
  return tunFailure("tun_outdated", `${name} ${differs}`, { kind: "run_netconf" });
}

function setupFailure(name: string, { errno, message }: Failure & { errno: number }): ReturnType<typeof tunFailure> {
  if (errno === ERRNO.EPERM || errno === ERRNO.EACCES) return permissionFailure(`${name}: ${message}`);
  return tunFailure("tun_setup", `${name}: ${message}`, { kind: "run_without_tun" });
}
