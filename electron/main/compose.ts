import { hostname } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { DisposableStore } from "../../shared/base/disposable.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { type Failure, FailureError, fail, messageOf, ok, type Result } from "../../shared/base/result.ts";
import { parseServerUrl } from "../../shared/signaling/url.ts";
import { DEFAULT_TUNNEL_MTU } from "../../shared/tunnel/mtu.ts";
import { systemClock } from "../adapters/clock.ts";
import { nativeVerify } from "../adapters/ed25519.ts";
import { openProfile, type Profile } from "../adapters/profile/profile.ts";
import { secureRandom } from "../adapters/random.ts";
import { RuntimeWatch } from "../adapters/runtime.ts";
import { openSecretStore } from "../adapters/secrets/open.ts";
import { dialSignaling } from "../adapters/sockets/ws-client.ts";
import { openRoomStore } from "../adapters/store/libsql-room-store.ts";
import { addressClashes, openTun } from "../adapters/tun/index.ts";
import { isTunnelInterface } from "../adapters/tun/interfaces.ts";
import { releaseWebrtc } from "../adapters/webrtc/closing.ts";
import { DEFAULT_STUN_SERVERS, type IceServerConfig } from "../adapters/webrtc/ice-servers.ts";
import { webrtcTransports } from "../adapters/webrtc/transport.ts";
import type { TunMode } from "../engine/engine.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { serveControl } from "./control-socket.ts";
import { Host } from "./host.ts";
import { loadIdentity } from "./identity.ts";
import { watchNetwork } from "./network-watch.ts";
import { dialableElsewhere, dialableHere } from "./server-address.ts";
import { openServerFolder } from "./server-folder.ts";
import { VERSION } from "./version.ts";

const SETTINGS_FILE = "settings.json";
const Settings = v.object({ server: v.optional(v.string()), username: v.optional(v.string()) });
type Settings = v.InferOutput<typeof Settings>;

export interface HostRequest {
  readonly profile?: string;
  /** As typed. Without one: the embedded server, else the server of the last run. */
  readonly server?: string;
  readonly username?: string;
  readonly tun: TunMode;
  readonly iceServers: readonly IceServerConfig[] | undefined;
  readonly relayOnly: boolean;
  /** Whether to offer the media lane. */
  readonly media: boolean;
  /** Also run a signaling server in this process. */
  readonly embedded?: { readonly host: string; readonly port: number };
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

export interface RunningHost {
  readonly host: Host;
  readonly profile: Profile;
  readonly server: RunningServer | undefined;
  readonly warnings: readonly Warning[];
  readonly createdIdentity: boolean;
  /** Starts it, once whoever listens has subscribed. */
  start(): Promise<Result<void>>;
  stop(): Promise<void>;
}

/** Puts a host together from the machine's own parts: profile, secrets, identity, sockets, WebRTC and the device. */
export async function createHost(request: HostRequest, logger: Logger): Promise<Result<RunningHost>> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
    // The goodbyes to the members are on their way.
    await releaseWebrtc();
  };
  const made = await assemble(request, logger, undo).catch((error) => ({
    ok: false as const,
    error: failureOf(error),
  }));
  if (!made.ok) {
    await stop();
    return made;
  }
  return ok({ ...made.value, stop });
}

async function assemble(
  request: HostRequest,
  logger: Logger,
  undo: (() => Promise<unknown>)[],
): Promise<Result<Omit<RunningHost, "stop">>> {
  const profile = await openProfile(request.profile);
  if (!profile.ok) return profile;
  const lock = await profile.value.lock();
  if (!lock.ok) return lock;
  undo.push(() => lock.value.release());

  const warnings: Warning[] = [];
  const settings = await profile.value.readJson(SETTINGS_FILE, Settings);
  if (!settings.ok) return settings;
  if (settings.value.warning) warnings.push(settings.value.warning);

  const passphrase = process.env.GOVPN_PASSPHRASE;
  const secrets = await openSecretStore({ profileDir: profile.value.dir, ...(passphrase && { passphrase }) });
  if (!secrets.ok) return secrets;
  if (secrets.value.warning) {
    warnings.push(secrets.value.warning);
    logger.debug("the secret store", { kind: secrets.value.store.kind, why: secrets.value.warning.message });
  }
  const identity = await loadIdentity(secrets.value.store, secureRandom);
  if (!identity.ok) return identity;

  const server = request.embedded && (await startEmbedded(request.embedded, profile.value, logger, undo));
  const embeddedUrl = server && dialableHere(server.url);
  const serverUrl = chooseServer(request.server, embeddedUrl, settings.value.value);
  if (!serverUrl.ok) return serverUrl;
  const username = request.username ?? settings.value.value?.username ?? hostname();
  const remembered = await remember(profile.value, { server: serverUrl.value, username });
  if (!remembered.ok) return remembered;

  const runtime = new RuntimeWatch();
  undo.push(async () => runtime.dispose());
  const publicUrl = dialableElsewhere(serverUrl.value === embeddedUrl ? (server?.url ?? "") : serverUrl.value);
  const host = new Host({
    version: VERSION,
    serverUrl: serverUrl.value,
    ...(publicUrl !== undefined && { publicServerUrl: publicUrl }),
    username,
    signer: identity.value.signer,
    secrets: secrets.value.store,
    verify: nativeVerify,
    clock: systemClock,
    random: secureRandom,
    logger,
    dial: dialSignaling,
    tun: request.tun,
    mtu: DEFAULT_TUNNEL_MTU,
    openTun,
    createTransport: webrtcTransports({
      iceServers: request.iceServers ?? DEFAULT_STUN_SERVERS,
      relayOnly: request.relayOnly,
      media: request.media,
      logger: logger.child("webrtc"),
    }),
    localTunnelAddresses,
    runtime: () => runtime.read(),
  });
  undo.push(() => host.stop());
  return ok({
    host,
    profile: profile.value,
    server,
    warnings,
    createdIdentity: identity.value.created,
    start: () => start(host, profile.value, logger, undo),
  });
}

async function start(
  host: Host,
  profile: Profile,
  logger: Logger,
  undo: (() => Promise<unknown>)[],
): Promise<Result<void>> {
  const started = await host.start();
  if (!started.ok) return started;
  const path = await profile.controlSocketPath();
  if (!path.ok) return path;
  const control = await serveControl(path.value, host, logger.child("control"));
  if (!control.ok) return control;
  undo.push(() => control.value.close());
  const watching = new DisposableStore();
  undo.push(async () => watching.dispose());
  watching.add(
    watchNetwork(systemClock, isTunnelInterface, (change) => {
      logger.info("the network changed", { kind: change.kind });
      host.wake(change.kind === "addresses" ? change.addresses : undefined);
    }),
  );
  return ok(undefined);
}

/** The server said, the one in this process, or the one of the last run. */
function chooseServer(
  typed: string | undefined,
  embedded: string | undefined,
  settings: Settings | undefined,
): Result<string> {
  if (typed !== undefined) return parseServerUrl(typed);
  if (embedded !== undefined) return ok(embedded);
  return settings?.server !== undefined ? ok(settings.server) : fail("no_server", "no server was given");
}

function remember(profile: Profile, settings: Settings): Promise<Result<void>> {
  return profile.writeJson(SETTINGS_FILE, settings);
}

async function startEmbedded(
  { host, port }: { host: string; port: number },
  profile: Profile,
  logger: Logger,
  undo: (() => Promise<unknown>)[],
): Promise<RunningServer> {
  const folder = await openServerFolder(join(profile.dir, "server"));
  if (!folder.ok) throw new FailureError(folder.error);
  const { file, lock } = folder.value;
  undo.push(() => lock.release());
  const server = await startServer({ host, port, store: openRoomStore(file, logger), logger });
  undo.push(() => server.close());
  return server;
}

/** Addresses of every tunnel device of ours on this machine: no way to reach anybody. */
function localTunnelAddresses(): ReadonlySet<string> {
  return new Set(
    addressClashes()
      .filter((each) => isTunnelInterface(each.interface))
      .map((each) => each.address),
  );
}

function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return { code: error.code, message: error.message };
  return { code: "failed", message: messageOf(error) };
}
