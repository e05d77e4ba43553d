import type { RoomId } from "../../../shared/base/brand.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { AppMethod, AppParams, AppReplies, AppState, DoctorFinding, SelfView } from "../../../shared/ipc/app.ts";
import type { HostSnapshot, MemberInRoom } from "../../../shared/ipc/contract.ts";
import type { Settings, SettingsChange } from "../../../shared/ipc/settings.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import type { DeviceWish } from "../../adapters/tun/netconf.ts";
import { ActivityLog } from "../activity/log.ts";
import { ActivityWatch } from "../activity/watch.ts";
import type { Host } from "../host/host.ts";
import { HostRunner } from "../host/runner.ts";
import { exportIdentity, importIdentity, replaceIdentity } from "../identity/backup.ts";
import { loadIdentity } from "../identity/identity.ts";
import type { WatchableApp } from "../ipc/app-connection.ts";
import type { WhatChanged } from "../network-watch.ts";
import { forgetRooms } from "../room-memory.ts";
import { checkedChange, type RunOptions, serverPlan, transportPlan, tunnelMtu } from "../settings/run-plan.ts";
import { SettingsStore } from "../settings/store.ts";
import { forgetTrust } from "../trust-memory.ts";
import { invitationTo, readLink } from "./invitation.ts";
import type { AppParts } from "./parts.ts";
import { Publisher } from "./publisher.ts";
import { writeReport } from "./report.ts";
import { testOf } from "./server-test.ts";
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
  settings: { readonly before: Settings; readonly after: Settings };
}

/**
 * The running program, as a window and the command line see it: the host, which it makes anew when something changes
 * that a host cannot change while running, and what belongs to the person around it: settings, wishes, what happened.
 */
export class App implements WatchableApp {
  readonly events: Emitter<AppEvents>;
  readonly #parts: AppParts;
  readonly #logger: Logger;
  readonly #settings: SettingsStore;
  readonly #activity: ActivityLog;
  readonly #runner: HostRunner;
  readonly #publisher: Publisher;
  readonly #hostListeners = new Set<(host: Host) => void>();
  #activityWatch: ActivityWatch | undefined;
  #run: RunOptions = {};
  #signer: Signer;
  #isWanted = false;
  #link: AppState["link"];
  /** What was found damaged in the vault so far. */
  readonly #damaged: Failure[] = [];
  readonly #damageWatch: Disposable;

  constructor(parts: AppParts) {
    const { clock, files } = parts;
    this.#parts = parts;
    this.#signer = parts.signer;
    this.#logger = parts.logger.child("app");
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    this.#settings = new SettingsStore(files, parts.logger);
    const changed = () => this.#publisher.changed();
    this.#activity = new ActivityLog({ files, clock, logger: parts.logger, onChange: changed });
    this.#publisher = new Publisher(clock, () => this.#state());
    this.#damageWatch = parts.vault.events.on("damaged", ({ code, message }) => {
      this.#damaged.push({ code, message });
      this.#activity.add({ kind: "file_damaged", code, detail: message });
    });
    this.#runner = new HostRunner(parts, clock, { onHost: (host) => this.#adopt(host), onChange: changed });
  }

  get settings(): Settings {
    return this.#settings.current;
  }

  /** There once `start` has returned. Another takes its place when something changes that a host cannot change. */
  get host(): Host {
    const { host } = this.#runner;
    if (!host) throw new Error("the app is not started");
    return host;
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
    this.#run = run;
    this.#isWanted = connect ?? this.settings.connectAtStart;
    this.#activity.add({ kind: "started" });
    const warning = loaded.value;
    if (warning) this.#activity.add({ kind: "file_damaged", code: warning.code, detail: warning.message });
    const applied = await this.#apply();
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
    const read = readLink(text, this.#snapshot());
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

  readonly #handlers: { [M in AppMethod]: (params: AppParams<M>) => Promise<Result<AppReplies[M]>> } = {
    status: async () => ok(this.#snapshot()),
    create: (params) => this.#enter("room_created", (host) => host.call("create", params)),
    join: (params) => this.#enter("room_joined", (host) => host.call("join", params)),
    rename: (params) => this.#onHost((host) => host.call("rename", params)),
    kick: (params) =>
      this.#onHost((host) => {
        const ask = () => host.call("kick", params);
        return this.#activityWatch ? this.#activityWatch.kicking(ask) : ask();
      }),
    leave: (params) => this.host.call("leave", params),
    unban: (params) => this.#onHost((host) => host.call("unban", params)),
    letIn: (params) => this.#atDoor("door_opened", (host) => host.call("letIn", params)),
    turnAway: (params) => this.#atDoor("door_closed", (host) => host.call("turnAway", params)),
    setRole: (params) => this.#onHost((host) => host.call("setRole", params)),
    handOver: (params) => this.#onHost((host) => host.call("handOver", params)),
    setRules: (params) => this.#onHost((host) => host.call("setRules", params)),
    setInbound: (params) => this.host.call("setInbound", params),
    setCompared: (params) => this.host.call("setCompared", params),
    acceptKey: (params) => this.host.call("acceptKey", params),
    ping: (params) => this.#onHost((host) => host.call("ping", params)),
    setUsername: async ({ username }) => {
      const saved = await this.#save({ username });
      return saved.ok ? ok({ username: this.#snapshot().username }) : saved;
    },
    down: async () => {
      // After the reply is out.
      this.#parts.clock.after(0, () => this.events.emit("down", {}));
      return ok({ stopping: true } as const);
    },
    watch: async () => ok(this.#state()),
    setConnected: ({ connected }) => this.#setConnected(connected),
    retryNow: async () => {
      if (!this.#runner.retryNow() && this.#runner.isStarted) {
        this.host.wake();
        void this.host.engine.retryDevice();
      }
      return ok({ retrying: true } as const);
    },
    invite: async ({ roomId }) => invitationTo(roomId, this.#snapshot(), (id) => this.host.invitationTo(id)),
    readLink: async ({ link }) => readLink(link, this.#snapshot()),
    dismissLink: async () => {
      this.#link = undefined;
      this.#publisher.changed();
      return ok({ dismissed: true } as const);
    },
    saveSettings: ({ change }) => this.#save(change),
    testServer: ({ url }) => this.#testServer(url),
    doctor: async () => ok(await this.#examine()),
    speedTest: ({ member, seconds }) => this.#onHost((host) => host.speedTest(member, seconds)),
    report: async () => {
      const { report, view } = this.#parts;
      const findings = await this.#examine();
      return ok({ text: writeReport({ ...report, app: view, state: this.#state(), findings }) });
    },
    exportSettings: async () => ok({ text: this.#settings.exported() }),
    importSettings: ({ text }) => this.#replaceSettings(() => this.#settings.import(text)),
    exportIdentity: async ({ passphrase }) => {
      const { secrets, random, log2N } = this.#parts;
      const text = await exportIdentity(secrets, passphrase, { random, ...(log2N !== undefined && { log2N }) });
      return text.ok ? ok({ text: text.value }) : text;
    },
    importIdentity: ({ text, passphrase }) => this.#importIdentity(text, passphrase),
    reset: ({ identity }) => this.#reset(identity),
    grantRights: () => this.#grantRights(),
  };

  /** Rooms are entered by whoever wants to be connected. */
  async #enter<T extends { readonly roomId: RoomId; readonly name: string }>(
    kind: "room_created" | "room_joined",
    ask: (host: Host) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    if (!this.#isWanted) await this.#setConnected(true);
    const entered = await this.#onHost(ask);
    if (entered.ok) this.#activity.add({ kind, roomId: entered.value.roomId, room: entered.value.name });
    return entered;
  }

  /** The person answered somebody at the door. */
  async #atDoor(
    kind: "door_opened" | "door_closed",
    ask: (host: Host) => Promise<Result<MemberInRoom>>,
  ): Promise<Result<MemberInRoom>> {
    const answered = await this.#onHost(ask);
    if (!answered.ok) return answered;
    const { roomId, publicKey, username: member } = answered.value;
    const room = this.#snapshot().rooms.find((each) => each.roomId === roomId)?.name;
    this.#activity.add({ kind, roomId, publicKey, member, ...(room !== undefined && { room }) });
    return answered;
  }

  async #onHost<T>(ask: (host: Host) => Promise<Result<T>>): Promise<Result<T>> {
    return this.#runner.isStarted ? ask(this.host) : fail("not_connected", "GoVPN is not connected");
  }

  async #setConnected(connected: boolean): Promise<Result<AppReplies["setConnected"]>> {
    this.#isWanted = connected;
    this.#publisher.changed();
    await this.#apply();
    return ok({ wanted: this.#isWanted });
  }

  #save(change: SettingsChange): Promise<Result<Settings>> {
    return this.#replaceSettings(async () => {
      const checked = checkedChange(change);
      return checked.ok ? this.#settings.change(checked.value) : checked;
    });
  }

  async #replaceSettings(replace: () => Promise<Result<Settings>>): Promise<Result<Settings>> {
    const before = this.settings;
    const replaced = await replace();
    if (!replaced.ok) return replaced;
    const after = replaced.value;
    const names = Object.keys(after) as (keyof Settings)[];
    const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    if (changed.length === 0) return replaced;
    this.#activity.add({ kind: "settings_changed", detail: changed.join(" ") });
    this.#forgetRunOptions(changed);
    this.events.emit("settings", { before, after });
    this.#publisher.changed();
    await this.#apply(changed);
    return replaced;
  }

  /** What the person chooses in the window counts for more than what a command line said before. */
  #forgetRunOptions(changed: readonly (keyof Settings)[]): void {
    const { server, transports } = this.#run;
    const { iceServers, relayOnly, media } = transports ?? {};
    const stays = (...names: (keyof Settings)[]) => !names.some((name) => changed.includes(name));
    this.#run = {
      ...(server && stays("server") && { server }),
      transports: {
        ...(iceServers && stays("stun", "turn") && { iceServers }),
        ...(relayOnly !== undefined && stays("relayOnly") && { relayOnly }),
        ...(media !== undefined && stays("lane") && { media }),
      },
    };
  }

  /** Brings what runs in line with what is wanted, disturbing no more than has changed. */
  async #apply(changed?: readonly (keyof Settings)[]): Promise<Result<void>> {
    const { settings } = this;
    this.#parts.setLogLevel(settings.logLevel);
    this.#parts.setTransports({ ...transportPlan(settings), ...this.#run.transports });
    const { host: before } = this.#runner;
    const username = this.#username();
    const applied = await this.#runner.apply(
      {
        server: this.#run.server ?? serverPlan(settings.server),
        username,
        mtu: tunnelMtu(settings),
        signer: this.#signer,
      },
      this.#isWanted,
    );
    const isSame = before !== undefined && before === this.#runner.host;
    if (isSame && changed?.includes("username")) before.setUsername(username);
    const isTransport = changed?.some((name) => ["stun", "turn", "relayOnly", "lane"].includes(name));
    // As if every address were another: each link is made anew beside the old one, which carries on until then.
    if (isSame && isTransport && this.#runner.isStarted) before.wake(new Set());
    if (!applied.ok) this.#logger.info("not connected", { code: applied.error.code, why: applied.error.message });
    this.#publisher.changed();
    return applied;
  }

  async #testServer(typed: string): Promise<Result<AppReplies["testServer"]>> {
    const url = parseServerUrl(typed);
    return url.ok ? ok(testOf(url.value, await this.#parts.probeServer(url.value))) : url;
  }

  #examine(): Promise<readonly DoctorFinding[]> {
    return this.#parts.examine(this.#snapshot().server.url, this.settings);
  }

  async #importIdentity(text: string, passphrase: string): Promise<Result<SelfView>> {
    const { secrets, vault, clock } = this.#parts;
    const imported = await importIdentity(secrets, text, passphrase, { replace: true, clock });
    if (!imported.ok) return imported;
    if (imported.value.replaced) {
      const forgotten = await this.#apart(() => forgetTrust(vault));
      if (!forgotten.ok) return forgotten;
    }
    if (imported.value.changed) {
      const taken = await this.#takeIdentity();
      if (!taken.ok) return taken;
    }
    return ok(this.#self());
  }

  async #reset(withIdentity: boolean): Promise<Result<Settings>> {
    if (withIdentity) {
      const replaced = await this.#replaceIdentity();
      if (!replaced.ok) return replaced;
    }
    return this.#replaceSettings(() => this.#settings.reset());
  }

  /** A new identity belongs to no room: the old one leaves them all first, as far as their servers can be told now. */
  async #replaceIdentity(): Promise<Result<void>> {
    const { secrets, vault, random, clock } = this.#parts;
    const { rooms } = this.#snapshot();
    await Promise.all(rooms.map(({ roomId }) => this.host.call("leave", { roomId })));
    const replaced = await this.#apart(async () => {
      const roomsForgotten = await forgetRooms(vault);
      const forgotten = roomsForgotten.ok ? await forgetTrust(vault) : roomsForgotten;
      return forgotten.ok ? replaceIdentity(secrets, random, clock) : forgotten;
    });
    if (replaced.ok) return this.#takeIdentity();
    // The old identity stays, and what was wanted of it.
    await this.#apply();
    return replaced;
  }

  /** Does something to what is kept while no host runs that would write it anew from what it knows. */
  async #apart<T>(task: () => Promise<T>): Promise<T> {
    const wasWanted = this.#isWanted;
    this.#isWanted = false;
    await this.#apply();
    this.#isWanted = wasWanted;
    return task();
  }

  /** Another identity is stored: who this machine is changes now. */
  async #takeIdentity(): Promise<Result<void>> {
    const { secrets, random } = this.#parts;
    const loaded = await loadIdentity(secrets, random);
    if (!loaded.ok) return loaded;
    this.#signer = loaded.value.signer;
    this.#activity.add({ kind: "identity_changed", publicKey: this.#signer.publicKey });
    return this.#apply();
  }

  async #grantRights(): Promise<Result<AppReplies["grantRights"]>> {
    const granted = await this.#parts.rights.grant(this.#wish());
    if (!granted.ok) return ok({ granted: false, detail: granted.error.message });
    await this.host.engine.retryDevice();
    const { tunnel } = this.#snapshot();
    const detail = tunnel.state === "failed" ? tunnel.message : "the network device may be used from now on";
    return ok({ granted: true, detail });
  }

  #adopt(host: Host): void {
    this.#activityWatch?.dispose();
    this.#activityWatch = new ActivityWatch(host, this.#parts.clock, (entry) => this.#activity.add(entry));
    const names = ["server", "tunnel", "room", "closed", "peer", "gone", "address", "trust_changed"] as const;
    for (const name of names) host.events.on(name, () => this.#publisher.changed());
    for (const listener of [...this.#hostListeners]) listener(host);
  }

  #username(): string {
    return this.settings.username || this.#parts.machineName;
  }

  #wish(): DeviceWish {
    const { ipv4, ipv6 } = this.#snapshot();
    return { ipv4, ipv6, mtu: tunnelMtu(this.settings) };
  }

  #self(): SelfView {
    const { publicKey, username, ipv4, ipv6 } = this.#snapshot();
    return { publicKey, username, ipv4, ipv6 };
  }

  #snapshot(): HostSnapshot {
    const snapshot = this.host.snapshot();
    return { ...snapshot, server: { ...snapshot.server, ...this.#runner.serverTrouble } };
  }

  #state(): AppState {
    const host = this.#snapshot();
    const { tunnel } = host;
    return stateOf({
      app: this.#parts.view,
      isWanted: this.#isWanted,
      host,
      rights: tunnel.state === "failed" ? this.#parts.rights.view(tunnel.code, this.#wish()) : undefined,
      settings: this.settings,
      activity: this.#activity.entries,
      link: this.#link,
    });
  }
}
