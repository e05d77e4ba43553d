import type { Result } from "../../../shared/base/result.ts";
import type { TunDevice } from "../../../shared/tunnel/ports.ts";
import type { TunFailure } from "./failure.ts";

/** What a platform's opener gets: checked, and in bytes. */
export interface OpenSettings {
  /** At most 15 bytes. Undefined: the next free govpnN. */
  readonly name: string | undefined;
  readonly ipv4: number;
  /** 16 bytes. */
  readonly ipv6: Uint8Array;
  readonly mtu: number;
  /** Whether offloads are wanted; a system without has none all the same. */
  readonly offloads: boolean;
}

export interface SystemTunDevice extends TunDevice {
  /** A kernel without IPv6 is no failure: members are reached by IPv4, and somebody is told the reason. */
  readonly ipv6: { readonly state: "ready" } | { readonly state: "unavailable"; readonly reason: string };
}

export type OpenTun = (settings: OpenSettings) => Promise<Result<SystemTunDevice, TunFailure>>;
