import { ok } from "../../../shared/base/result.ts";
import { DEFAULT_TUNNEL_MTU } from "../../../shared/tunnel/mtu.ts";
import { findDefaultRoute } from "../../adapters/net/default-route.ts";
import { probeServer, type ServerReport } from "../../adapters/net/server-probe.ts";
import { askStunServers, parseStunServer, type StunServer, udpWorksHere } from "../../adapters/net/stun.ts";
import { STUN_DEFAULT_PORT } from "../../adapters/net/stun-message.ts";
import { inspectProfile } from "../../adapters/profile/inspect.ts";
import { probeKeychain } from "../../adapters/secrets/keychain.ts";
import { openSecretStore } from "../../adapters/secrets/open.ts";
import { findSecrets } from "../../adapters/secrets/whereabouts.ts";
import { addressClashes, tunRights } from "../../adapters/tun/index.ts";
import { inspectVault } from "../../adapters/vault/inspect.ts";
import { DEFAULT_STUN_SERVERS } from "../../adapters/webrtc/ice-servers.ts";
import type { DoctorContext, NetDiagnostics, SecretsDiagnostics } from "./context.ts";

/** A server that takes longer than this to answer is not one to sign in at. */
export const SERVER_WITHIN_MS = 8_000;
const LOOPBACK_WITHIN_MS = 2_000;

export interface MachineToExamine {
  /** The profile's folder, which need not be there. */
  readonly dir: string;
  readonly serverUrl: string | undefined;
  readonly stunServers: readonly StunServer[];
  /** Of a sealed secret store. */
  readonly passphrase?: string;
}

/** This machine, for the doctor to look at. */
export function machineContext({ dir, serverUrl, stunServers, passphrase }: MachineToExamine): DoctorContext {
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    stunServers,
    tun: { rights: rightsOf, clashes: () => addressClashes() },
    secrets: secretsOf(dir, passphrase),
    net: netOf(serverUrl),
    profile: { dir, inspect: () => inspectProfile(dir) },
  };
}

function rightsOf([ipv4, ipv6]: readonly string[]): ReturnType<typeof tunRights> {
  return tunRights(ipv4 && ipv6 ? { ipv4, ipv6, mtu: DEFAULT_TUNNEL_MTU } : undefined);
}

function netOf(serverUrl: string | undefined): NetDiagnostics {
  let report: Promise<ServerReport> | undefined;
  const askServer = (url: string) => {
    report ??= probeServer(url, SERVER_WITHIN_MS);
    return report;
  };
  return {
    udpWorksHere: () => udpWorksHere(LOOPBACK_WITHIN_MS),
    askStun: askStunServers,
    server: serverUrl === undefined ? undefined : { url: serverUrl, report: () => askServer(serverUrl) },
    findDefaultRoute,
  };
}

/** The store is opened once for all checks: a keychain may ask its owner each time, and a passphrase takes a while. */
function secretsOf(dir: string, passphrase: string | undefined): SecretsDiagnostics {
  let opened: ReturnType<SecretsDiagnostics["open"]> | undefined;
  return {
    hasPassphrase: Boolean(passphrase),
    kind: async () => {
      if ((await inspectProfile(dir)) === undefined) return ok(undefined);
      const found = await findSecrets(dir);
      return found.ok ? ok(found.value?.store) : found;
    },
    open: () => {
      opened ??= openSecretStore({ profileDir: dir, ...(passphrase ? { passphrase } : {}) });
      return opened;
    },
    probeKeychain: () => probeKeychain({ account: dir }),
    vault: (store) => inspectVault(dir, store),
  };
}

export function defaultStunServers(): readonly StunServer[] {
  return DEFAULT_STUN_SERVERS.flatMap(({ url }) => parseStunServer(url, STUN_DEFAULT_PORT) ?? []);
}
