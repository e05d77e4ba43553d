import { networkInterfaces } from "node:os";
import { isTunnelInterface } from "../../adapters/tun/interfaces.ts";

/** Hosts that mean "every address of this machine" to a listener, and nothing to whoever dials. */
const UNSPECIFIED: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" };

/** The URL under which a server that listens on this machine is dialled from it, the same whatever it listens on. */
export function dialableHere(url: string): string {
  const here = new URL(url);
  here.hostname = UNSPECIFIED[here.hostname] ?? here.hostname;
  return here.href;
}

/** The URL under which other machines dial a server; undefined when it listens on this machine's loopback alone. */
export function dialableElsewhere(url: string, interfaces = networkInterfaces): string | undefined {
  const elsewhere = new URL(url);
  if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(elsewhere.hostname)) return undefined;
  if (!Object.hasOwn(UNSPECIFIED, elsewhere.hostname)) return url;
  const own = Object.entries(interfaces())
    .filter(([name]) => !isTunnelInterface(name))
    .flatMap(([, entries]) => entries ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  if (!own) return undefined;
  elsewhere.hostname = own.address;
  return elsewhere.href;
}
