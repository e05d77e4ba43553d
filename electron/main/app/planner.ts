import type { Logger } from "../../../shared/base/logger.ts";
import type { Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { Settings } from "../../../shared/ipc/settings.ts";
import type { HostPlan, HostRunner } from "../host/runner.ts";
import { type RunOptions, serverPlan, transportPlan, tunnelMtu } from "../settings/run-plan.ts";
import type { AppParts } from "./parts.ts";

export interface PlannerOptions {
  readonly parts: Pick<AppParts, "signer" | "machineName" | "setLogLevel" | "setTransports">;
  readonly runner: HostRunner;
  readonly settings: () => Settings;
  readonly logger: Logger;
  /** What is wanted has changed, or what runs. */
  readonly onChange: () => void;
}

type SettingName = keyof Settings;

/**
 * Knows what is wanted - connected or not, as whom, by which settings, and by what was said for this run alone - and has
 * the runner bring what runs in line with it, disturbing no more than has changed.
 */
export class HostPlanner {
  readonly #options: PlannerOptions;
  #run: RunOptions = {};
  #signer: Signer;
  #isWanted = false;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#signer = options.parts.signer;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  start(run: RunOptions, isWanted: boolean): Promise<Result<void>> {
    this.#run = run;
    this.#isWanted = isWanted;
    return this.apply();
  }

  setWanted(isWanted: boolean): Promise<Result<void>> {
    this.#isWanted = isWanted;
    this.#options.onChange();
    return this.apply();
  }

  /** This machine is somebody else from now on. */
  setSigner(signer: Signer): Promise<Result<void>> {
    this.#signer = signer;
    return this.apply();
  }

  /** What the person chooses in the window counts for more than what a command line said before. */
  settingsChanged(changed: readonly SettingName[]): Promise<Result<void>> {
    this.#run = withoutChosen(this.#run, changed);
    return this.apply(changed);
  }

  /** Brings what runs in line with what is wanted. */
  async apply(changed: readonly SettingName[] = []): Promise<Result<void>> {
    const { parts, runner, logger, onChange } = this.#options;
    const settings = this.#options.settings();
    parts.setLogLevel(settings.logLevel);
    parts.setTransports({ ...transportPlan(settings), ...this.#run.transports });
    const { host: before } = runner;
    const applied = await runner.apply(this.#plan(settings), this.#isWanted);
    const isTransport = changed.some((name) => ["stun", "turn", "relayOnly", "lane"].includes(name));
    // As if every address were another: each link is made anew beside the old one, which carries on until then.
    if (isTransport && runner.isStarted && before === runner.host) before?.wake(new Set());
    if (!applied.ok) logger.info("not connected", { code: applied.error.code, why: applied.error.message });
    onChange();
    return applied;
  }

  #plan(settings: Settings): HostPlan {
    return {
      server: this.#run.server ?? serverPlan(settings.server),
      username: settings.username || this.#options.parts.machineName,
      mtu: tunnelMtu(settings),
      signer: this.#signer,
    };
  }
}

function withoutChosen({ server, transports }: RunOptions, changed: readonly SettingName[]): RunOptions {
  const { iceServers, relayOnly, media } = transports ?? {};
  const stays = (...names: SettingName[]) => !names.some((name) => changed.includes(name));
  return {
    ...(server && stays("server") && { server }),
    transports: {
      ...(iceServers && stays("stun", "turn") && { iceServers }),
      ...(relayOnly !== undefined && stays("relayOnly") && { relayOnly }),
      ...(media !== undefined && stays("lane") && { media }),
    },
  };
}
