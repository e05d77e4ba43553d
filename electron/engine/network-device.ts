import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import { type Failure, ok, type Result } from "../../shared/base/result.ts";
import type { MemberAddress } from "../../shared/identity/address.ts";
import type { TunDevice } from "../../shared/tunnel/ports.ts";
import type { Tunnel } from "../../shared/tunnel/tunnel.ts";

export type TunMode = "auto" | "required" | "off";

/**
 * The device, as people see it:
 *
 *   off ◀── (mode off) ── closed ──opened──▶ up ──device lost──▶ failed ──reopened──▶ up
 *                            └──refused──▶ failed ──mended by somebody──▶ up
 *
 * A refusal is for good, unless it came with a command that mends it: then it is looked whether somebody has run it.
 */
export type TunnelState =
  | { readonly kind: "closed" }
  | { readonly kind: "off" }
  | { readonly kind: "up"; readonly device: string; readonly mtu: number }
  | { readonly kind: "failed"; readonly failure: DeviceFailure };

export interface DeviceFailure extends Failure {
  /** A line for a terminal that mends it for good, where there is one. */
  readonly command?: string;
}

export type OpenTun = (options: {
  ipv4: string;
  ipv6: string;
  mtu: number;
}) => Promise<Result<TunDevice, DeviceFailure>>;

export interface NetworkDeviceOptions {
  readonly tun: TunMode;
  readonly openTun: OpenTun;
  readonly mtu: number;
  readonly clock: Clock;
  /** Gets the device while there is one. */
  readonly tunnel: Tunnel;
  /** What the device is to have now. */
  readonly address: () => MemberAddress;
  readonly onState: (state: TunnelState) => void;
}

/** How long after the device was lost, or refused though it can be mended, a new one is tried; and after each failure. */
const REOPEN_MS = 5_000;

/** The end of the tunnel in this system: opened, opened again when it is lost, and closed. */
export class NetworkDevice {
  readonly #options: NetworkDeviceOptions;
  #device: TunDevice | undefined;
  #state: TunnelState;
  #opening: Promise<Result<void, DeviceFailure>> | undefined;
  #reopening: Disposable | undefined;
  #isClosed = false;

  constructor(options: NetworkDeviceOptions) {
    this.#options = options;
    this.#state = { kind: options.tun === "off" ? "off" : "closed" };
    options.tunnel.events.on("device_lost", ({ name }) => this.#onLost(name));
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** Fails only where a device is required; otherwise the state says what is missing. */
  async start(): Promise<Result<void>> {
    const { tun } = this.#options;
    if (tun === "off") return ok(undefined);
    const opened = await this.#open();
    if (opened.ok || tun === "required") return opened;
    if (opened.error.command !== undefined) this.#reopenLater();
    return ok(undefined);
  }

  /** Tries again to open a device that was refused: the rights for it may have been given meanwhile. */
  async retry(): Promise<void> {
    if (this.#state.kind === "failed" && !this.#device && !this.#isClosed) await this.#open();
  }

  /** A try that waits for its time is made now. */
  retryNow(): void {
    if (this.#reopening) void this.#reopen();
  }

  /** The address is another one: a device that is there gives way to one with the new address. */
  async readdress(): Promise<void> {
    if (!this.#device) return;
    this.#options.tunnel.detach();
    await this.#device.close();
    this.#device = undefined;
    await this.#reopen();
  }

  /** For good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reopening?.dispose();
    await this.#device?.close();
    this.#device = undefined;
  }

  /** One at a time: whoever asks meanwhile gets the same answer. */
  #open(): Promise<Result<void, DeviceFailure>> {
    this.#opening ??= this.#openOne().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openOne(): Promise<Result<void, DeviceFailure>> {
    const { openTun, mtu, tunnel, address } = this.#options;
    const { ipv4, ipv6 } = address();
    const opened = await openTun({ ipv4, ipv6, mtu });
    if (this.#isClosed) {
      if (opened.ok) await opened.value.close();
      return ok(undefined);
    }
    if (!opened.ok) {
      this.#setState({ kind: "failed", failure: opened.error });
      return opened;
    }
    if (ipv4 !== address().ipv4) {
      // It took another address while the system was at it.
      await opened.value.close();
      return this.#openOne();
    }
    this.#device = opened.value;
    tunnel.attach(opened.value);
    this.#setState({ kind: "up", device: opened.value.name, mtu: opened.value.mtu });
    return ok(undefined);
  }

  #onLost(name: string): void {
    this.#device = undefined;
    this.#setState({ kind: "failed", failure: { code: "tun_lost", message: `the network device ${name} is gone` } });
    this.#reopenLater();
  }

  /** After there has been a device, one can be had: it is tried until it is back. */
  async #reopen(): Promise<void> {
    this.#reopening?.dispose();
    this.#reopening = undefined;
    const opened = await this.#open();
    if (!opened.ok) this.#reopenLater();
  }

  #reopenLater(): void {
    this.#reopening?.dispose();
    this.#reopening = this.#options.clock.after(REOPEN_MS, () => {
      if (!this.#isClosed && !this.#device) void this.#reopen();
    });
  }

  #setState(state: TunnelState): void {
    const isNews = state.kind !== "failed" || !isSameFailure(this.#state, state.failure);
    this.#state = state;
    if (isNews) this.#options.onState(state);
  }
}

function isSameFailure(state: TunnelState, { code, message }: DeviceFailure): boolean {
  return state.kind === "failed" && state.failure.code === code && state.failure.message === message;
}
