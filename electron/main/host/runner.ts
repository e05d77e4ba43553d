import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import { type Failure, FailureError, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { HostSnapshot, ServerView } from "../../../shared/ipc/contract.ts";
import { dialableElsewhere, dialableHere } from "../server/address.ts";
import type { EmbeddedServer } from "../server/embedded.ts";
import type { Host } from "./host.ts";
import { EMBEDDED_SERVER } from "./room-memory.ts";

/** Which server this machine signs in at: one somewhere, or one of its own in this process. */
export type ServerPlan =
  | { readonly kind: "url"; readonly url: string }
  /** Port 0: any free one. */
  | { readonly kind: "embedded"; readonly host: string; readonly port: number };

export interface HostPlan {
  readonly server: ServerPlan;
  readonly username: string;
  /** Bytes. */
  readonly mtu: number;
  readonly signer: Signer;
}

export interface HostBlueprint extends Omit<HostPlan, "server"> {
  readonly serverUrl: string;
  /** By what its rooms are kept. */
  readonly serverName: string;
  readonly publicServerUrl: () => string | undefined;
}

export interface HostParts {
  /** A host that is not started. */
  makeHost(blueprint: HostBlueprint): Host;
  /** @throws FailureError, "address_in_use" among others. */
  startServer(at: { readonly host: string; readonly port: number }): Promise<EmbeddedServer>;
}

/** How often the embedded server is tried again: whoever has its port may stop. */
const SERVER_RETRY_MS = 30_000;

interface Running {
  readonly host: Host;
  /** What it was made of; another needs another host. */
  readonly madeOf: string;
  username: string;
  isStarted: boolean;
}

/**
 * Keeps one host, and where need be a server beside it, as a plan says: changes what differs and disturbs nothing else.
 * There is always a host once a plan was applied; it is started only where that is wanted and its server is there.
 */
export class HostRunner {
  readonly #parts: HostParts;
  readonly #clock: Clock;
  readonly #onHost: (host: Host) => void;
  readonly #onChange: () => void;
  #running: Running | undefined;
  #server: { readonly at: string; readonly running: EmbeddedServer } | undefined;
  #trouble: { readonly failure: Failure; readonly since: number; readonly retryAt?: number } | undefined;
  #retry: Disposable | undefined;
  #last: { readonly plan: HostPlan; readonly isWanted: boolean } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(parts: HostParts, clock: Clock, handlers: { onHost(host: Host): void; onChange(): void }) {
    this.#parts = parts;
    this.#clock = clock;
    this.#onHost = handlers.onHost;
    this.#onChange = handlers.onChange;
  }

  get host(): Host | undefined {
    return this.#running?.host;
  }

  /** @throws Error before the first plan was applied. */
  requireHost(): Host {
    if (!this.#running) throw new Error("no plan was applied yet");
    return this.#running.host;
  }

  /** What can be seen of the host, and what keeps it from even trying. @throws Error before the first plan was applied. */
  snapshot(): HostSnapshot {
    const snapshot = this.requireHost().snapshot();
    return { ...snapshot, server: { ...snapshot.server, ...this.#serverTrouble } };
  }

  get isStarted(): boolean {
    return this.#running?.isStarted ?? false;
  }

  get server(): EmbeddedServer | undefined {
    return this.#server?.running;
  }

  /**
   * Applies a plan after those before it. A failure leaves a host that is not started and can be seen; a server that
   * could not be started is tried again by itself.
   */
  apply(plan: HostPlan, isWanted: boolean): Promise<Result<void>> {
    return this.#serially(() => {
      this.#last = { plan, isWanted };
      return this.#apply(plan, isWanted);
    });
  }

  /**
   * Does something to what is kept while no host runs that would write it anew from what it knows. The host is started
   * again by the next plan.
   */
  apart<T>(task: () => Promise<T>): Promise<T> {
    return this.#serially(async () => {
      if (this.#last) await this.#apply(this.#last.plan, false);
      return task();
    });
  }

  /** Tries again at once what could not be started. @returns whether there was anything. */
  retryNow(): boolean {
    if (!this.#trouble || !this.#last) return false;
    const { plan, isWanted } = this.#last;
    void this.apply(plan, isWanted);
    return true;
  }

  /** When everything that was asked for so far has been done. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  stop(): Promise<void> {
    return this.#serially(async () => {
      this.#isStopped = true;
      this.#retry?.dispose();
      await this.#running?.host.stop();
      await this.#server?.running.close();
    });
  }

  /** The server's state, where something keeps the host from even trying. */
  get #serverTrouble(): Pick<ServerView, "state" | "since" | "retryAt" | "reason" | "code"> | undefined {
    if (!this.#trouble) return undefined;
    const { failure, since, retryAt } = this.#trouble;
    const state = retryAt === undefined ? "stopped" : "waiting";
    return { state, since, reason: failure.message, code: failure.code, ...(retryAt !== undefined && { retryAt }) };
  }

  #serially<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #apply(plan: HostPlan, isWanted: boolean): Promise<Result<void>> {
    if (this.#isStopped) return fail("stopped", "GoVPN is going down");
    this.#retry?.dispose();
    const served = await this.#serve(plan.server);
    const serverUrl = served.ok ? served.value : urlOf(plan.server);
    const madeOf = JSON.stringify([plan.server.kind, serverUrl, plan.mtu, plan.signer.publicKey]);
    const mayRun = isWanted && served.ok;
    const before = this.#running;
    if (before && (before.madeOf !== madeOf || (before.isStarted && !mayRun))) {
      await before.host.stop();
      this.#running = undefined;
    }
    const running = this.#running ?? this.#make(plan, serverUrl, madeOf);
    if (running.username !== plan.username) {
      running.username = plan.username;
      running.host.setUsername(plan.username);
    }
    const begun = mayRun ? await this.#start(running) : await running.host.load();
    const result = served.ok ? begun : served;
    this.#note(result, served.ok);
    return result;
  }

  #make({ username, mtu, signer, server }: HostPlan, serverUrl: string, madeOf: string): Running {
    const publicServerUrl = () => {
      // The embedded server may listen on other addresses by now, or not at all.
      const listening = server.kind === "embedded" ? this.#server?.running.url : serverUrl;
      return listening === undefined ? undefined : dialableElsewhere(listening);
    };
    const serverName = server.kind === "embedded" ? EMBEDDED_SERVER : serverUrl;
    const host = this.#parts.makeHost({ serverUrl, serverName, publicServerUrl, username, mtu, signer });
    this.#running = { host, madeOf, username, isStarted: false };
    this.#onHost(host);
    return this.#running;
  }

  async #start(running: Running): Promise<Result<void>> {
    if (running.isStarted) return ok(undefined);
    const started = await running.host.start();
    running.isStarted = started.ok;
    return started;
  }

  /** Has the planned server run, and no other. @returns the URL to dial */
  async #serve(plan: ServerPlan): Promise<Result<string>> {
    const at = plan.kind === "embedded" ? `${plan.host} ${plan.port}` : "";
    if (this.#server && this.#server.at !== at) {
      await this.#server.running.close();
      this.#server = undefined;
    }
    if (plan.kind === "url") return ok(plan.url);
    try {
      this.#server ??= { at, running: await this.#parts.startServer(plan) };
      return ok(dialableHere(this.#server.running.url));
    } catch (error) {
      const code = error instanceof FailureError ? error.code : "server_failed";
      return fail(code, messageOf(error));
    }
  }

  #note(result: Result<void>, isServed: boolean): void {
    const since = this.#clock.wallTime();
    if (result.ok) this.#trouble = undefined;
    else if (isServed) this.#trouble = { failure: result.error, since };
    else {
      this.#trouble = { failure: result.error, since, retryAt: since + SERVER_RETRY_MS };
      this.#retry = this.#clock.after(SERVER_RETRY_MS, () => void this.retryNow());
    }
    this.#onChange();
  }
}

function urlOf(plan: ServerPlan): string {
  return plan.kind === "url" ? plan.url : dialableHere(`ws://${hostPart(plan.host)}:${plan.port}/ws`);
}

function hostPart(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
