import { nativeVerify } from "../../../electron/adapters/ed25519.ts";
import type { ServerReport } from "../../../electron/adapters/net/server-probe.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import type { TransportPlan } from "../../../electron/engine/messages.ts";
import { App, type AppStart } from "../../../electron/main/app/app.ts";
import type { AppParts } from "../../../electron/main/app/parts.ts";
import { Host } from "../../../electron/main/host/host.ts";
import { IDENTITY_SECRET } from "../../../electron/main/identity/identity.ts";
import type { EmbeddedServer } from "../../../electron/main/server/embedded.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { createLogger } from "../../../shared/base/logger.ts";
import { type Failure, FailureError, fail, ok, type Result } from "../../../shared/base/result.ts";
import { signerOf } from "../../../shared/identity/keys.ts";
import type { Activity, AppMethod, AppParams, AppReplies, AppState, RightsView } from "../../../shared/ipc/app.ts";
import { FakeFiles } from "../../fakes/files.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { type Machine, PIN, type World } from "./machines.ts";

export const URL_SERVER = { kind: "url", url: "ws://server.test/ws" } as const;

/** An app on fakes: its hosts are machines of the world. */
export class TestApp {
  readonly files = new FakeFiles();
  /** Every host it made, the newest last. */
  readonly hosts: Host[] = [];
  readonly transports: TransportPlan[] = [];
  readonly levels: string[] = [];
  /** Where embedded servers listen now: "127.0.0.1:8080". */
  readonly listening = new Set<string>();
  /** Ports that another program has. */
  readonly taken = new Set<number>();
  readonly rights = { view: undefined as RightsView | undefined, granted: ok(undefined) as Result<void>, asked: 0 };
  /** Set: no device can be made. */
  tunFailure: Failure | undefined;
  probed: ServerReport = {
    health: { state: "govpn", latencyMs: 1 },
    upgrade: { state: "websocket", latencyMs: 2.4 },
  };
  readonly secrets: Machine["secrets"];
  readonly vault: Machine["vault"];
  readonly world: World;
  readonly username: string;
  readonly #pair: Machine["pair"];
  app: App;

  constructor(world: World, username: string, start?: Pick<Machine, "pair" | "secrets" | "vault">) {
    const machine = start ?? world.machine(username);
    this.world = world;
    this.username = username;
    this.secrets = machine.secrets;
    this.vault = machine.vault;
    this.#pair = machine.pair;
    void machine.secrets.set(IDENTITY_SECRET, base64.encode(machine.pair.secretKey));
    this.app = new App(this.#parts(machine.pair));
  }

  static async started(world: World, username: string, how: AppStart = {}): Promise<TestApp> {
    const made = new TestApp(world, username);
    const started = await made.app.start({ remember: { server: URL_SERVER }, connect: true, ...how });
    if (!started.ok) throw new Error(started.error.message);
    await world.clock.advance(0);
    return made;
  }

  get state(): AppState {
    const watching = this.app.watch(() => {});
    watching.dispose();
    return watching.state;
  }

  get happened(): Activity[] {
    return Object.values(this.state.activity);
  }

  kinds(): string[] {
    return this.happened.map(({ kind }) => kind);
  }

  /** The answer, with time running while it is worked out. */
  async ask<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>> {
    let answer: Result<AppReplies[M]> | undefined;
    void this.app.call(method, params).then((result) => {
      answer = result;
    });
    await this.world.until(() => answer !== undefined);
    return answer!;
  }

  async must<M extends AppMethod>(method: M, params: AppParams<M>): Promise<AppReplies[M]> {
    const answer = await this.ask(method, params);
    if (!answer.ok) throw new Error(`${method}: ${answer.error.code}, ${answer.error.message}`);
    return answer.value;
  }

  /** What somebody with this app's invitation joins by. */
  invitationTo(roomId: string): AppParams<"join"> {
    return { roomId, pin: PIN, ...this.app.host.invitationTo(roomId as RoomId) };
  }

  /** The end of one app and the start of the next on the same profile. */
  async restarted(how: AppStart = {}): Promise<App> {
    await this.app.stop();
    this.app = new App(this.#parts(this.#pair));
    const started = await this.app.start(how);
    if (!started.ok) throw new Error(started.error.message);
    await this.world.clock.advance(0);
    return this.app;
  }

  #parts(pair: Machine["pair"]): AppParts {
    const { clock, server, wires, log } = this.world;
    const logger = createLogger((record) => log.push(record), "debug");
    return {
      view: { version: "1.2.3", surface: "browser", platform: "linux", locale: "en-GB", canStartAtLogin: false },
      files: this.files,
      secrets: this.secrets,
      vault: this.vault,
      signer: signerOf(pair),
      machineName: this.username,
      clock,
      random: secureRandom,
      logger,
      rights: {
        view: () => this.rights.view,
        grant: async () => {
          this.rights.asked++;
          return this.rights.granted;
        },
      },
      setTransports: (plan) => void this.transports.push(plan),
      setLogLevel: (level) => void this.levels.push(level),
      probeServer: async () => this.probed,
      examine: async () => [
        { id: "tun", title: "Network device", status: "ok", detail: [{ code: "tun_possible", text: "may be made" }] },
      ],
      report: { home: "/home/ann", logs: () => log.slice(-50), machine: () => ["Linux"] },
      log2N: 4,
      makeHost: (blueprint) => {
        const host = new Host({
          ...blueprint,
          version: "1.2.3",
          secrets: this.secrets,
          vault: this.vault,
          verify: nativeVerify,
          clock,
          random: secureRandom,
          logger,
          dial: server.dial,
          tun: "auto",
          openTun: async ({ mtu }) =>
            this.tunFailure ? fail(this.tunFailure.code, this.tunFailure.message) : ok(new FakeTun(mtu, "fake0")),
          createTransport: wires.create,
          localTunnelAddresses: () => new Set(),
          runtime: () => ({ rssBytes: 0, heapBytes: 0, eventLoopDelayMs: {} }),
        });
        this.hosts.push(host);
        return host;
      },
      startServer: async (at) => this.#startServer(at),
    };
  }

  #startServer({ host, port }: { readonly host: string; readonly port: number }): EmbeddedServer {
    if (this.taken.has(port)) {
      throw new FailureError({ code: "address_in_use", message: `Port ${port} on ${host} is in use.` });
    }
    const at = `${host}:${port}`;
    this.listening.add(at);
    return { url: `ws://${at}/ws`, close: async () => void this.listening.delete(at) };
  }
}
