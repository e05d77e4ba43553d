import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The addresses and the MTU that a device is to have, as `openTun` takes them. */
export interface DeviceWish {
  readonly ipv4: string;
  readonly ipv6: string;
  /** Bytes. */
  readonly mtu: number;
}

/** build/linux/govpn-netconf, the program that prepares a device for a user. docs/rights.md says what it does. */
export interface Netconf {
  readonly path: string;
  /** Nobody but root can change what is there, so that it may be run as root without being read first. */
  readonly isRoots: boolean;
}

/** Where the deb and the rpm put it, and what the polkit policy names. */
export const INSTALLED_NETCONF = "/usr/libexec/govpn-netconf";
/** Below the program's own folder, in a checkout and in what electron-builder makes of it. */
const SHIPPED_NETCONF = "build/linux/govpn-netconf";

/** What `findNetconf` asks of the machine. */
export interface NetconfPlaces {
  /** Folders that the program may ship it in, the nearest first. */
  readonly folders: readonly string[];
  exists(path: string): boolean;
  isRoots(path: string): boolean;
}

const systemPlaces: NetconfPlaces = { folders: shippingFolders(), exists: existsSync, isRoots };

/** Undefined where the program came without it. */
export function findNetconf(places: NetconfPlaces = systemPlaces): Netconf | undefined {
  const paths = [INSTALLED_NETCONF, ...places.folders.map((folder) => join(folder, SHIPPED_NETCONF))];
  const path = paths.find((each) => places.exists(each));
  return path === undefined ? undefined : { path, isRoots: places.isRoots(path) };
}

export function netconfArguments({ ipv4, ipv6, mtu }: DeviceWish): readonly string[] {
  return ["setup", "--ipv4", ipv4, "--ipv6", ipv6, "--mtu", String(mtu)];
}

/** The line that a person runs in a terminal, once. */
export function netconfCommand(wish: DeviceWish, netconf = findNetconf()): string | undefined {
  if (!netconf) return undefined;
  // Named with its interpreter where it may have lost its mode, or lies where nothing may be executed.
  const program = netconf.isRoots ? [netconf.path] : ["sh", netconf.path];
  return ["sudo", ...program, ...netconfArguments(wish)].map(quoted).join(" ");
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** From this file, or the bundle it is in, upwards; and the desktop app's resources. */
function shippingFolders(): readonly string[] {
  const folders: string[] = [];
  let folder = dirname(fileURLToPath(import.meta.url));
  while (dirname(folder) !== folder && folders.length < 4) {
    folders.push(folder);
    folder = dirname(folder);
  }
  const resources = "resourcesPath" in process ? process.resourcesPath : undefined;
  return typeof resources === "string" ? [resources, ...folders] : folders;
}

/** A file of root's own, in folders of root's own all the way up, that nobody else may write to. */
function isRoots(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    for (let each = path; ; each = dirname(each)) {
      const { uid, mode } = statSync(each);
      if (uid !== 0 || (mode & (constants.S_IWGRP | constants.S_IWOTH)) !== 0) return false;
      if (dirname(each) === each) return true;
    }
  } catch {
    return false;
  }
}
