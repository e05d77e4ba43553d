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
  /**
   * "installed": by a package, and nobody but root can change it, so that polkit may run it without its being read first.
   * "shipped": with the program, wherever that is. "mounted": in an AppImage, which root cannot read.
   */
  readonly place: "installed" | "shipped" | "mounted";
}

/** Where the deb and the rpm put it, and what the polkit policy names. */
export const INSTALLED_NETCONF = "/usr/libexec/govpn-netconf";
/** Below the program's own folder, in a checkout and in what electron-builder makes of it. */
const SHIPPED_NETCONF = "build/linux/govpn-netconf";

/** What `findNetconf` asks of the machine. */
export interface NetconfPlaces {
  /** Folders that the program may ship it in, the nearest first. */
  readonly folders: readonly string[];
  /** Where the AppImage that we run from is mounted. */
  readonly appDir: string | undefined;
  exists(path: string): boolean;
  /** Whether nobody but root can change what is there. */
  isRoots(path: string): boolean;
}

const systemPlaces: NetconfPlaces = {
  folders: shippingFolders(),
  appDir: process.env.APPDIR,
  exists: existsSync,
  isRoots,
};

/** Undefined where the program came without it. */
export function findNetconf(places: NetconfPlaces = systemPlaces): Netconf | undefined {
  if (places.isRoots(INSTALLED_NETCONF)) return { path: INSTALLED_NETCONF, place: "installed" };
  const paths = places.folders.map((folder) => join(folder, SHIPPED_NETCONF));
  const path = paths.find((each) => places.exists(each));
  if (path === undefined) return undefined;
  return { path, place: places.appDir && path.startsWith(`${places.appDir}/`) ? "mounted" : "shipped" };
}

export function netconfArguments({ ipv4, ipv6, mtu }: DeviceWish): readonly string[] {
  return ["setup", "--ipv4", ipv4, "--ipv6", ipv6, "--mtu", String(mtu)];
}

/** The line that a person runs in a terminal, once. */
export function netconfCommand(wish: DeviceWish, netconf: Netconf | undefined): string | undefined {
  if (!netconf) return undefined;
  const words = netconfArguments(wish).map(quoted).join(" ");
  const path = quoted(netconf.path);
  switch (netconf.place) {
    case "installed":
      return `sudo ${path} ${words}`;
    case "shipped":
      // With its interpreter: it may have lost its mode, or lie where nothing may be executed.
      return `sudo sh ${path} ${words}`;
    case "mounted":
      // A mounted AppImage is its user's alone, so the user's own shell reads it.
      return `sudo sh -c "$(cat ${path})" govpn-netconf ${words}`;
  }
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
