import type { Clock } from "../../../shared/base/clock.ts";
import { type Check, type Finding, runChecks } from "./check.ts";
import type { DoctorContext } from "./context.ts";
import { addressCheck, mtuCheck, type OwnAddresses, profileCheck, runtimeCheck, tunCheck } from "./machine-checks.ts";
import { clockCheck, serverCheck, stunCheck, udpCheck } from "./network-checks.ts";
import { identityCheck, ownAddresses, secretStoreCheck, vaultCheck } from "./secret-checks.ts";

/** In the order in which people read them: what is needed first comes first. */
const checks: readonly Check<DoctorContext & OwnAddresses>[] = [
  runtimeCheck,
  profileCheck,
  secretStoreCheck,
  identityCheck,
  vaultCheck,
  tunCheck,
  addressCheck,
  serverCheck,
  clockCheck,
  udpCheck,
  stunCheck,
  mtuCheck,
];

/** Looks at everything that GoVPN needs of this machine and changes nothing. Never rejects. */
export function examine(context: DoctorContext, clock: Clock): Promise<readonly Finding[]> {
  return runChecks(checks, { ...context, ownAddresses: () => ownAddresses(context.secrets) }, clock);
}
