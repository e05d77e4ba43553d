import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Linux's list of TCP over IPv4; there is no way to ask for one connection without a netlink socket. */
const CONNECTIONS = "/proc/net/tcp";
const ROOT = 0;

/**
 * The users that the person before the machine may be; undefined when that cannot be told: a root shell that came from
 * no sudo, a system without numbered users. Root is always among them: it needs nobody's leave.
 */
export function ownersOf(
  uid: number | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ReadonlySet<number> | undefined {
  if (uid === undefined) return undefined;
  if (uid !== ROOT) return new Set([ROOT, uid]);
  const invoker = env.SUDO_UID ?? env.PKEXEC_UID;
  return invoker !== undefined && /^\d+$/.test(invoker) ? new Set([ROOT, Number(invoker)]) : undefined;
}

/** The user whose program holds the other end of a connection over loopback; undefined where the system does not tell. */
export async function peerUser({ remoteAddress, remotePort, localPort }: Socket): Promise<number | undefined> {
  if (process.platform !== "linux" || remoteAddress === undefined) return undefined;
  if (remotePort === undefined || localPort === undefined) return undefined;
  try {
    return userIn(await readFile(CONNECTIONS, "utf8"), { address: remoteAddress, port: remotePort }, localPort);
  } catch {
    // No /proc, as in some sandboxes.
    return undefined;
  }
}

interface Endpoint {
  /** Dotted IPv4. */
  readonly address: string;
  readonly port: number;
}

/**
 * The uid column of the line whose local end is `client` and whose remote port is `serverPort` (proc_net_tcp.txt of the
 * kernel's documentation: "sl local_address rem_address st tx:rx tr:tm retrnsmt uid …", addresses as little-endian hex).
 */
export function userIn(table: string, client: Endpoint, serverPort: number): number | undefined {
  const local = `${hexAddress(client.address)}:${hexPort(client.port)}`;
  const remote = `:${hexPort(serverPort)}`;
  for (const line of table.split("\n").slice(1)) {
    const [, from, to, , , , , uid] = line.trim().split(/\s+/);
    if (from === local && to?.endsWith(remote) && uid !== undefined) return Number(uid);
  }
  return undefined;
}

function hexAddress(dotted: string): string {
  const bytes = dotted.split(".").map(Number).reverse();
  return bytes
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

function hexPort(port: number): string {
  return port.toString(16).padStart(4, "0").toUpperCase();
}
