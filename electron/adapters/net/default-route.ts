import { readFile } from "node:fs/promises";

export interface DefaultRoute {
  readonly interface: string;
  /** Bytes. */
  readonly mtu: number;
}

/** RTF_UP of <linux/route.h>. */
const ROUTE_IS_UP = 0x1;

/**
 * The interface that packets to the internet leave by, and its MTU. Undefined where there is no such route, and on
 * systems that do not show it in files (macOS, Windows).
 */
export async function findDefaultRoute(): Promise<DefaultRoute | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const name =
      defaultInterface4(await readFile("/proc/net/route", "utf8")) ??
      defaultInterface6(await readFile("/proc/net/ipv6_route", "utf8"));
    if (name === undefined) return undefined;
    const mtu = Number(await readFile(`/sys/class/net/${name}/mtu`, "utf8"));
    return mtu > 0 ? { interface: name, mtu } : undefined;
  } catch {
    return undefined;
  }
}

/** /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask ..., numbers in hexadecimal but the metric. */
export function defaultInterface4(table: string): string | undefined {
  return lowestMetric(
    table.split("\n").flatMap((line) => {
      const [name = "", destination, , flags = "0", , , metric = "0", mask] = line.trim().split(/\s+/);
      const isDefault = destination === "00000000" && mask === "00000000";
      return isDefault && (Number.parseInt(flags, 16) & ROUTE_IS_UP) !== 0 ? [{ name, metric: Number(metric) }] : [];
    }),
  );
}

/** /proc/net/ipv6_route: destination, its prefix length, source, its length, next hop, metric, ..., flags, interface. */
export function defaultInterface6(table: string): string | undefined {
  return lowestMetric(
    table.split("\n").flatMap((line) => {
      const [destination = "", length, , , , metric = "0", , , flags = "0", name = ""] = line.trim().split(/\s+/);
      // The kernel lists its own "unreachable" default on lo.
      const isDefault = /^0{32}$/.test(destination) && length === "00" && name !== "lo";
      const isUp = (Number.parseInt(flags, 16) & ROUTE_IS_UP) !== 0;
      return isDefault && isUp ? [{ name, metric: Number.parseInt(metric, 16) }] : [];
    }),
  );
}

function lowestMetric(routes: readonly { readonly name: string; readonly metric: number }[]): string | undefined {
  return [...routes].sort((a, b) => a.metric - b.metric)[0]?.name;
}
