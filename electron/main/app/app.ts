import type { Disposable } from "../../../shared/base/disposable.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { AppMethod, AppParams, AppReplies, AppState, DoctorFinding } from "../../../shared/ipc/app.ts";
import type { Settings, SettingsChange } from "../../../shared/ipc/settings.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import type { DeviceWish } from "../../adapters/tun/netconf.ts";
import { ActivityLog } from "../activity/log.ts";
import { ActivityWatch } from "../activity/watch.ts";
import type { Host } from "../host/host.ts";
import { HostRunner } from "../host/runner.ts";
import type { WatchableApp } from "../ipc/app-connection.ts";
import type { WhatChanged } from "../network-watch.ts";
import { checkedChange, type RunOptions, tunnelMtu } from "../settings/run-plan.ts";
import { SettingsStore } from "../settings/store.ts";
import type { AppHandlers } from "./handlers.ts";
import { HostRequests } from "./host-requests.ts";
import { IdentityRequests } from "./identity-requests.ts";
import { invitationTo, readLink } from "./invitation.ts";
import type { AppParts } from "./parts.ts";
import { HostPlanner } from "./planner.ts";
import { Publisher } from "./publisher.ts";
import { writeReport } from "./report.ts";
import { testOf } from "./server-test.ts";
import { SettingsRequests } from "./settings-requests.ts";
import { stateOf } from "./state.ts";

export interface AppStart extends RunOptions {
  /** What a command line said that is kept: the server and the name. */
  readonly remember?: SettingsChange;
  /** Whether to connect; else as the settings say. */
  readonly connect?: boolean;
  /** Fail ("no_server") where no server was ever chosen, and where what was chosen cannot be had. */
  readonly isStrict?: boolean;
}

export interface AppEvents {
  /** Somebody asked the program to end. */
  down: Record<string, never>;
}

/** What the program answers of itself: neither the host's, nor of the settings, nor of the identity. */
type OwnMethod = Exclude<
  AppMethod,
  keyof HostRequests["handlers"] | keyof IdentityRequests["handlers"] | keyof SettingsRequests["handlers"]
>;

/**
 * The running program, as a window and the command line see it: the host, which is made anew when something changes
 * that a host cannot change while running, and what belongs to the person around it: settings, wishes, what happened.
 */
export class App implements WatchableApp {
  readonly events: Emitter<AppEvents>;
  readonly #parts: AppParts;
  readonly #settings: SettingsStore;
  readonly #activity: ActivityLog;
  readonly #runner: HostRunner;
  readonly #planner: HostPlanner;
  readonly #publisher: Publisher;
  readonly #handlers: AppHandlers<AppMethod>;
  readonly #hostListeners = new Set<(host: Host) => void>();
  #activityWatch: ActivityWatch | undefined;
  #link: AppState["link"];
  /** What was found damaged in the vault so far. */
  readonly #damaged: Failure[] = [];
  readonly #damageWatch: Disposable;

  constructor(parts: AppParts) {
    const { clock, files } = parts;
    const logger = parts.logger.child("app");
    this.#parts = parts;
    this.events = new Emitter((error) => logger.error("a listener failed", { error: messageOf(error) }));
    const settings = new SettingsStore(files, parts.logger);
    const onChange = () => this.#publisher.changed();
    const activity = new ActivityLog({ files, clock, logger: parts.logger, onChange });
    const runner = new HostRunner(parts, clock, { onHost: (host) => this.#adopt(host), onChange });
    const planner = new HostPlanner({ parts, runner, settings: () => settings.current, logger, onChange });
    this.#settings = settings;
    this.#activity = activity;
    this.#runner = runner;
    this.#planner = planner;
    this.#publisher = new Publisher(clock, () => this.#state());
    this.#damageWatch = parts.vault.events.on("damaged", ({ code, message }) => {
      this.#damaged.push({ code, message });
      activity.add({ kind: "file_damaged", code, detail: message });
    });
    const identity = new IdentityRequests({ parts, runner, planner, activity });
    this.#handlers = {
      ...new HostRequests({ runner, planner, activity, watch: () => this.#activityWatch }).handlers,
      ...identity.handlers,
      ...new SettingsRequests({ settings, runner, planner, activity, identity }).handlers,
      ...this.#ownHandlers(),
    };
  }

  get settings(): Settings {
    return this.#settings.current;
  }

  /** There once `start` has returned. Another takes its place when something changes that a host cannot change. */
  get host(): Host {
    return this.#runner.requireHost();
  }

  /** The server in this process, where there is one. */
  get server(): { readonly url: string } | undefined {
    return this.#runner.server;
  }

  /** Calls with the host there is, and with each that takes its place. */
  eachHost(listener: (host: Host) => void): Disposable {
    this.#hostListeners.add(listener);
    if (this.#runner.host) listener(this.#runner.host);
    return { dispose: () => void this.#hostListeners.delete(listener) };
  }

  /**
   * Reads what is kept and connects, if that is wanted. Fails where the settings or the rooms cannot be read at all;
   * where it `isStrict`, also when anything of what was asked for cannot be had. Else the state says what is missing.
   * @returns what the person should know of
   */
  async start({ remember, connect, isStrict = false, ...run }: AppStart = {}): Promise<Result<readonly Failure[]>> {
    const loaded = await this.#settings.load();
    if (!loaded.ok) return loaded;
    await this.#activity.load();
    const isFirst = !this.#settings.isKnown && remember?.server === undefined && run.server === undefined;
    if (isStrict && isFirst) return fail("no_server", "no server was given");
    if (remember && Object.keys(remember).length > 0) {
      const checked = checkedChange(remember);
      const kept = checked.ok ? await this.#settings.change(checked.value) : checked;
      if (!kept.ok) return kept;
    }
    this.#activity.add({ kind: "started" });
    const warning = loaded.value;
    if (warning) this.#activity.add({ kind: "file_damaged", code: warning.code, detail: warning.message });
    const applied = await this.#planner.start(run, connect ?? this.settings.connectAtStart);
    if (!applied.ok && isStrict) return applied;
    return ok([...(warning ? [warning] : []), ...this.#damaged]);
  }

  /** Ends everything but the memberships. */
  async stop(): Promise<void> {
    this.#publisher.dispose();
    this.#activityWatch?.dispose();
    await this.#runner.stop();
    this.#damageWatch.dispose();
    await this.#activity.settle();
  }

  watch(onState: (state: AppState) => void): Disposable & { readonly state: AppState } {
    return this.#publisher.watch(onState);
  }

  /** A link was opened, by the system or on the command line: the window asks the person about it. */
  openLink(text: string): void {
    const read = readLink(text, this.#runner.snapshot());
    this.#link = read.ok ? read.value : { state: "refused", ...read.error };
    this.#publisher.changed();
  }

  /** The network changed or the machine woke up. */
  wake(change?: WhatChanged): void {
    if (this.#runner.isStarted) this.host.wake(change?.kind === "addresses" ? change.addresses : undefined);
    this.#publisher.changed();
  }

  async call<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>> {
    // What was asked for first is done first, a change of server for example.
    if (method !== "watch") await this.#runner.settled();
    // The table's type follows from the method's name, which the compiler cannot see through the index.
    const handler = this.#handlers[method] as (params: AppParams<M>) => Promise<Result<AppReplies[M]>>;
    return handler(params);
  }

  #ownHandlers(): AppHandlers<OwnMethod> {
    const { clock, view } = this.#parts;
    return {
      status: async () => ok(this.#runner.snapshot()),
      watch: async () => ok(this.#state()),
      down: async () => {
        // After the reply is out.
        clock.after(0, () => this.events.emit("down", {}));
        return ok({ stopping: true } as const);
      },
      retryNow: async () => {
        if (!this.#runner.retryNow() && this.#runner.isStarted) {
          this.host.wake();
          void this.host.engine.retryDevice();
        }
        return ok({ retrying: true } as const);
      },
      invite: async ({ roomId }) => invitationTo(roomId, this.#runner.snapshot(), (id) => this.host.invitationTo(id)),
      readLink: async ({ link }) => readLink(link, this.#runner.snapshot()),
      dismissLink: async () => {
        this.#link = undefined;
        this.#publisher.changed();
        return ok({ dismissed: true } as const);
      },
      testServer: async ({ url: typed }) => {
        const url = parseServerUrl(typed);
        return url.ok ? ok(testOf(url.value, await this.#parts.probeServer(url.value))) : url;
      },
      doctor: async () => ok(await this.#examine()),
      report: async () => {
        const findings = await this.#examine();
        return ok({ text: writeReport({ ...this.#parts.report, app: view, state: this.#state(), findings }) });
      },
      grantRights: () => this.#grantRights(),
    };
  }

  #examine(): Promise<readonly DoctorFinding[]> {
    return this.#parts.examine(this.#runner.snapshot().server.url, this.settings);
  }

  async #grantRights(): Promise<Result<AppReplies["grantRights"]>> {
    const granted = await this.#parts.rights.grant(this.#wish());
    if (!granted.ok) return granted;
    await this.host.engine.retryDevice();
    const { tunnel } = this.#runner.snapshot();
    return tunnel.state === "failed" ? fail(tunnel.code, tunnel.message) : ok({ granted: true });
  }

  #adopt(host: Host): void {
    this.#activityWatch?.dispose();
    this.#activityWatch = new ActivityWatch(host, this.#parts.clock, (entry) => this.#activity.add(entry));
    const names = [
      "server",
      "tunnel",
      "room",
      "creationQueued",
      "closed",
      "peer",
      "gone",
      "address",
      "trust_changed",
    ] as const;
    for (const name of names) host.events.on(name, () => this.#publisher.changed());
    for (const listener of [...this.#hostListeners]) listener(host);
  }

  #wish(): DeviceWish {
    const { ipv4, ipv6 } = this.#runner.snapshot();
    return { ipv4, ipv6, mtu: tunnelMtu(this.settings) };
  }

  #state(): AppState {
    const host = this.#runner.snapshot();
    const { tunnel } = host;
    return stateOf({
      app: this.#parts.view,
      isWanted: this.#planner.isWanted,
      host,
      rights: tunnel.state === "failed" ? this.#parts.rights.view(tunnel.code, this.#wish()) : undefined,
      settings: this.settings,
      activity: this.#activity.entries,
      link: this.#link,
    });
  }
}
