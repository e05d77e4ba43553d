import { arch, homedir, hostname, release, type } from "node:os";
import { join } from "node:path";
import { createLogger, type Logger, type LogLevel, type LogSink } from "../../shared/base/logger.ts";
import { type Failure, FailureError, messageOf, ok, type Result } from "../../shared/base/result.ts";
import type { AppView } from "../../shared/ipc/app.ts";
import { controlApi } from "../../shared/ipc/control.ts";
import type { Settings } from "../../shared/ipc/settings.ts";
import { systemClock } from "../adapters/clock.ts";
import { nativeVerify } from "../adapters/ed25519.ts";
import { probeServer } from "../adapters/net/server-probe.ts";
import { parseStunServer } from "../adapters/net/stun.ts";
import { STUN_DEFAULT_PORT } from "../adapters/net/stun-message.ts";
import { openProfile, type Profile } from "../adapters/profile/profile.ts";
import { secureRandom } from "../adapters/random.ts";
import { RuntimeWatch } from "../adapters/runtime.ts";
import { openSecretStore } from "../adapters/secrets/open.ts";
import { dialSignaling } from "../adapters/sockets/ws-client.ts";
import { TunGrant } from "../adapters/tun/grant.ts";
import { openTun } from "../adapters/tun/index.ts";
import { isTunnelInterface, localTunnelAddresses } from "../adapters/tun/interfaces.ts";
import { movedIn } from "../adapters/vault/moved-in.ts";
import { createVault } from "../adapters/vault/vault.ts";
import { releaseWebrtc } from "../adapters/webrtc/closing.ts";
import type { TunMode } from "../engine/engine.ts";
import type { EngineHousing } from "../engine/engine-processes.ts";
import { adjustableLog, adjustableTransports } from "./adjustable.ts";
import { App, type AppStart } from "./app/app.ts";
import type { AppParts } from "./app/parts.ts";
import { examine } from "./doctor/doctor.ts";
import { machineContext, SERVER_WITHIN_MS } from "./doctor/machine.ts";
import { Host } from "./host/host.ts";
import { ROOMS_DOCUMENT } from "./host/room-memory.ts";
import { loadIdentity } from "./identity/identity.ts";
import { serveControl } from "./ipc/control-socket.ts";
import { watchNetwork } from "./network-watch.ts";
import { startEmbedded } from "./server/embedded.ts";
import { transportPlan } from "./settings/run-plan.ts";
import { HeadlessUi } from "./ui-server/headless-ui.ts";
import { UndoSteps } from "./undo.ts";
import { VERSION } from "./version.ts";

export interface HostRequest extends Pick<AppStart, "connect" | "isStrict" | "server" | "transports" | "remember"> {
  readonly profile?: string;
  readonly tun: TunMode;
  /** Until the person chooses another in the settings. */
  readonly logLevel?: LogLevel;
  /** What is special about the surface; without it, a browser's beside a headless host. */
  readonly view?: Pick<AppView, "surface" | "locale" | "canStartAtLogin">;
  /** Where the engine runs, if not in this process. */
  readonly engines?: EngineHousing;
}

export interface RunningHost {
  readonly app: App;
  readonly ui: HeadlessUi;
  readonly profile: Profile;
  /** What the person should know of before anything starts. */
  readonly warnings: readonly Failure[];
  readonly createdIdentity: boolean;
  /** Starts it. @returns more to know of */
  start(): Promise<Result<readonly Failure[]>>;
  stop(): Promise<void>;
}

/** Puts the app together from the machine's own parts: profile, secrets, identity, sockets, WebRTC and the device. */
export async function createHost(request: HostRequest, sink: LogSink): Promise<Result<RunningHost>> {
  const undo = new UndoSteps(createLogger(sink, "warn").child("end"));
  const stop = async () => {
    await undo.run();
    // The goodbyes to the members are on their way.
    await releaseWebrtc();
  };
  const made = await assemble(request, sink, undo).catch((error) => ({ ok: false as const, error: failureOf(error) }));
  if (!made.ok) {
    await stop();
    return made;
  }
  return ok({ ...made.value, stop });
}

async function assemble(
  request: HostRequest,
  sink: LogSink,
  undo: UndoSteps,
): Promise<Result<Omit<RunningHost, "stop">>> {
  const profile = await openProfile(request.profile);
  if (!profile.ok) return profile;
  const lock = await profile.value.lock();
  if (!lock.ok) return lock;
  undo.add("the lock", () => lock.value.release());

  const log = adjustableLog(sink, request.logLevel);
  const { logger } = log;
  const passphrase = process.env.GOVPN_PASSPHRASE;
  const secrets = await openSecretStore({ profileDir: profile.value.dir, ...(passphrase && { passphrase }) });
  if (!secrets.ok) return secrets;
  const { store, warning } = secrets.value;
  if (warning) logger.debug("the secret store", { kind: store.kind, why: warning.message });
  const identity = await loadIdentity(store, secureRandom);
  if (!identity.ok) return identity;

  const sealed = createVault({ profileDir: profile.value.dir, secrets: store, random: secureRandom });
  undo.add("the vault", () => sealed.dispose());
  const vault = movedIn(sealed, store, ROOMS_DOCUMENT);

  const runtime = new RuntimeWatch();
  undo.add("the runtime watch", () => runtime.dispose());
  const transports = adjustableTransports(logger);
  const parts: AppParts = {
    view: viewOf(request.view),
    files: profile.value,
    secrets: store,
    vault,
    signer: identity.value.signer,
    machineName: hostname(),
    clock: systemClock,
    random: secureRandom,
    logger,
    rights: new TunGrant(),
    setTransports: (plan) => {
      transports.set(plan);
      request.engines?.setTransports(plan);
    },
    setLogLevel: log.setLevel,
    probeServer: (url) => probeServer(url, SERVER_WITHIN_MS),
    examine: (serverUrl, settings) => diagnose(profile.value.dir, serverUrl, settings, passphrase),
    report: {
      home: homedir(),
      logs: log.records,
      machine: () => [`${type()} ${release()} ${arch()}, Node.js ${process.version}`],
    },
    makeHost: (blueprint) =>
      new Host({
        ...blueprint,
        version: VERSION,
        secrets: store,
        vault,
        verify: nativeVerify,
        clock: systemClock,
        random: secureRandom,
        logger,
        dial: dialSignaling,
        tun: request.tun,
        openTun,
        createTransport: transports.create,
        localTunnelAddresses,
        runtime: () => runtime.read(),
        ...(request.engines && { createEngine: request.engines.create }),
      }),
    startServer: (at) => startEmbedded(at, join(profile.value.dir, "server"), logger),
  };
  const app = new App(parts);
  undo.add("the app", () => app.stop());
  const ui = new HeadlessUi({ app, clock: systemClock, random: secureRandom, logger });
  undo.add("the user interface", () => ui.close());
  return ok({
    app,
    ui,
    profile: profile.value,
    warnings: warning ? [warning] : [],
    createdIdentity: identity.value.created,
    start: () => start(request, { app, ui, profile: profile.value, logger }, undo),
  });
}

async function start(
  { connect, isStrict, server, transports, remember }: HostRequest,
  { app, ui, profile, logger }: Pick<RunningHost, "app" | "ui" | "profile"> & { readonly logger: Logger },
  undo: UndoSteps,
): Promise<Result<readonly Failure[]>> {
  const started = await app.start({
    ...(connect !== undefined && { connect }),
    ...(isStrict !== undefined && { isStrict }),
    ...(server && { server }),
    ...(transports && { transports }),
    ...(remember && { remember }),
  });
  if (!started.ok) return started;
  const path = await profile.controlSocketPath();
  if (!path.ok) return path;
  const api = controlApi(app, () => ui.link());
  const control = await serveControl(path.value, api, logger.child("control"));
  if (!control.ok) return control;
  undo.add("the control socket", () => control.value.close());
  const watching = watchNetwork(systemClock, isTunnelInterface, (change) => {
    logger.info("the network changed", { kind: change.kind });
    app.wake(change);
  });
  undo.add("the network watch", () => watching.dispose());
  return started;
}

function viewOf(special: HostRequest["view"]): AppView {
  const { platform } = process;
  const isKnown = platform === "linux" || platform === "darwin" || platform === "win32";
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const common = { version: VERSION, platform: isKnown ? platform : "other" } as const;
  return { ...common, ...(special ?? { surface: "browser", locale, canStartAtLogin: false }) };
}

function diagnose(
  dir: string,
  serverUrl: string | undefined,
  settings: Settings,
  passphrase: string | undefined,
): ReturnType<AppParts["examine"]> {
  const { iceServers } = transportPlan(settings);
  const stunServers = iceServers.flatMap(({ url }) =>
    url.startsWith("stun:") ? (parseStunServer(url, STUN_DEFAULT_PORT) ?? []) : [],
  );
  const machine = { dir, serverUrl, stunServers, ...(passphrase && { passphrase }) };
  return examine(machineContext(machine), systemClock);
}

function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return { code: error.code, message: error.message };
  return { code: "failed", message: messageOf(error) };
}
