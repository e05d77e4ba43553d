import type { Failure, Result } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import type { DefaultRoute } from "../../adapters/net/default-route.ts";
import type { ServerReport } from "../../adapters/net/server-probe.ts";
import type { IpFamily, StunReport, StunServer } from "../../adapters/net/stun.ts";
import type { ProfileState } from "../../adapters/profile/inspect.ts";
import type { OpenedSecretStore } from "../../adapters/secrets/open.ts";
import type { VaultState } from "../../adapters/vault/inspect.ts";

/** What the checks know of the network device; the composition passes electron/adapters/tun. */
export interface TunDiagnostics {
  /**
   * Whether there could be a network device now. `mending` says what would help.
   * @param own this identity's IPv4 and IPv6 address; empty when there is none yet
   */
  rights(own: readonly string[]): Result<TunRightsReport, TunRightsFailure>;
  /** Addresses in GoVPN's networks on this machine, whoever put them there. */
  clashes(): readonly { readonly interface: string; readonly address: string; readonly cidr: string }[];
}

export interface TunRightsReport {
  /** The device that was prepared for this user, for good; undefined where one may be made. */
  readonly prepared?: { readonly name: string; readonly mtu: number };
}

export interface TunRightsFailure extends Failure {
  readonly mending: readonly TunMendingHint[];
  /** A line for a terminal that mends it. */
  readonly command?: string;
}

/** The part of the TUN adapter's `TunMending` that the checks put into words. */
export interface TunMendingHint {
  readonly kind: string;
  readonly path?: string;
}

/** What this machine's secrets look like from outside; nothing is made, moved or recorded by looking. */
export interface SecretsDiagnostics {
  /** Whether there is a passphrase to seal a new store under. */
  readonly hasPassphrase: boolean;
  /** Undefined when the profile has no secrets yet. */
  kind(): Promise<Result<"keychain" | "file" | "sealed-file" | undefined>>;
  /** Opens the store in use. */
  open(): Promise<Result<OpenedSecretStore>>;
  /** Rejects with a FailureError when there is no keychain that keeps what it is given. */
  probeKeychain(): Promise<void>;
  /** What the store in use has the key to: rooms, their keys, known members. */
  vault(store: SecretStore): Promise<VaultState>;
}

export interface NetDiagnostics {
  udpWorksHere(): Promise<{ readonly works: boolean; readonly reason: string }>;
  askStun(servers: readonly StunServer[], family: IpFamily): Promise<StunReport>;
  /** Undefined when no server is known. Asked once, however many checks want it. */
  server: { readonly url: string; report(): Promise<ServerReport> } | undefined;
  findDefaultRoute(): Promise<DefaultRoute | undefined>;
}

export interface ProfileDiagnostics {
  readonly dir: string;
  /** Undefined where the folder is not there yet. */
  inspect(): Promise<ProfileState | undefined>;
}

/** Everything the checks may ask of this machine. Real: ./machine.ts puts it together. */
export interface DoctorContext {
  readonly platform: NodeJS.Platform;
  /** "20.20.2" */
  readonly nodeVersion: string;
  readonly stunServers: readonly StunServer[];
  readonly tun: TunDiagnostics;
  readonly secrets: SecretsDiagnostics;
  readonly net: NetDiagnostics;
  readonly profile: ProfileDiagnostics;
}
