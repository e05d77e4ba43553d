import type { Failure } from "../../../shared/base/result.ts";

export type TunFailureCode =
  /** This user may not open /dev/net/tun or make an interface. */
  | "tun_permission"
  /** The system has no TUN driver, or its node is absent. */
  | "tun_missing"
  /** The interface's name is taken by somebody else, or all the usual names are. */
  | "tun_busy"
  /** An interface cannot be called that. */
  | "bad_name"
  /** Another interface of this machine already has this address. */
  | "address_conflict"
  /** The device that was set up for this user does not have what is wanted now. */
  | "tun_outdated"
  /** The system refused a setting; the message says which. */
  | "tun_setup"
  | "unsupported_platform";

/** What to do about it: data that the command line or the window turns into words and commands. */
export type TunMending =
  /** Have an administrator run `govpn-netconf setup`, once: `command` is the line, where the program is there. */
  | { readonly kind: "run_netconf" }
  /** Run as root, or give the program this Linux capability. */
  | { readonly kind: "grant_capability"; readonly capability: "cap_net_admin" }
  /** Let the user open the node. */
  | { readonly kind: "open_node"; readonly path: string }
  /** Load the kernel module, or let the container have the device. */
  | { readonly kind: "load_module"; readonly module: "tun"; readonly path: string }
  /** `mknod path c major minor`: the driver is there, the node is not. */
  | { readonly kind: "create_node"; readonly path: string; readonly major: number; readonly minor: number }
  /** Choose another name, or stop whoever holds this one. */
  | { readonly kind: "free_name"; readonly names: readonly string[] }
  /** Stop whoever holds the address on that interface. */
  | { readonly kind: "free_address"; readonly interface: string; readonly address: string }
  /** Join without a TUN device. */
  | { readonly kind: "run_without_tun" };

export interface TunFailure extends Failure<TunFailureCode> {
  readonly mending: readonly TunMending[];
  /** A line for a terminal that mends it for good, where there is one. */
  readonly command?: string;
}

export function tunFailure(
  code: TunFailureCode,
  message: string,
  ...mending: TunMending[]
): { readonly ok: false; readonly error: TunFailure } {
  return { ok: false, error: { code, message, mending } };
}
