import type { Clock } from "../../../shared/base/clock.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import type { Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { SecretStore, Vault } from "../../../shared/identity/ports.ts";
import type { AppView, DoctorFinding, RightsView } from "../../../shared/ipc/app.ts";
import type { Settings } from "../../../shared/ipc/settings.ts";
import type { ServerReport } from "../../adapters/net/server-probe.ts";
import type { DeviceWish } from "../../adapters/tun/netconf.ts";
import type { TransportPlan } from "../../engine/messages.ts";
import type { HostParts } from "../host/runner.ts";
import type { SettingsFiles } from "../settings/store.ts";
import type { ReportSources } from "./report.ts";

/** What the network device needs, where this user may not make one. Real: electron/adapters/tun/grant.ts. */
export interface RightsPort {
  view(failureCode: string, wish: DeviceWish): RightsView | undefined;
  grant(wish: DeviceWish): Promise<Result<void>>;
}

/** The machine and the surface, as the app needs them; electron/main/compose.ts puts them together. */
export interface AppParts extends HostParts {
  readonly view: AppView;
  readonly files: SettingsFiles;
  readonly secrets: SecretStore;
  readonly vault: Vault;
  readonly signer: Signer;
  /** What a machine is called whose person gave no name. */
  readonly machineName: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly rights: RightsPort;
  /** From now on, connections to members are made like this. */
  setTransports(plan: TransportPlan): void;
  setLogLevel(level: Settings["logLevel"]): void;
  probeServer(url: string): Promise<ServerReport>;
  examine(serverUrl: string | undefined, settings: Settings): Promise<readonly DoctorFinding[]>;
  /** The newest records of the log, and what else a report says of the machine. */
  readonly report: Pick<ReportSources, "logs" | "machine" | "home">;
  /** scrypt's cost as a power of two, for tests. */
  readonly log2N?: number;
}
