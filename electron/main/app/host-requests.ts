import type { RoomId } from "../../../shared/base/brand.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { AppReplies } from "../../../shared/ipc/app.ts";
import type { MemberInRoom } from "../../../shared/ipc/contract.ts";
import type { ActivityLog } from "../activity/log.ts";
import type { ActivityWatch } from "../activity/watch.ts";
import type { Host, HostMethod } from "../host/host.ts";
import type { HostRunner } from "../host/runner.ts";
import type { AppHandlers } from "./handlers.ts";
import type { HostPlanner } from "./planner.ts";

export interface HostRequestsDeps {
  readonly runner: HostRunner;
  readonly planner: HostPlanner;
  readonly activity: ActivityLog;
  /** What watches the host that there is now. */
  readonly watch: () => ActivityWatch | undefined;
}

/** What is asked of the host: whether there is one to ask, and what is written down of what the person did. */
export class HostRequests {
  readonly #deps: HostRequestsDeps;

  constructor(deps: HostRequestsDeps) {
    this.#deps = deps;
  }

  readonly handlers: AppHandlers<HostMethod | "speedTest" | "setConnected"> = {
    create: (params) => this.#enter("room_created", (host) => host.call("create", params)),
    join: (params) => this.#enter("room_joined", (host) => host.call("join", params)),
    rename: (params) => this.#started((host) => host.call("rename", params)),
    kick: (params) =>
      this.#started((host) => {
        const ask = () => host.call("kick", params);
        return this.#deps.watch()?.kicking(ask) ?? ask();
      }),
    unban: (params) => this.#started((host) => host.call("unban", params)),
    letIn: (params) => this.#atDoor("door_opened", (host) => host.call("letIn", params)),
    turnAway: (params) => this.#atDoor("door_closed", (host) => host.call("turnAway", params)),
    setRole: (params) => this.#started((host) => host.call("setRole", params)),
    handOver: (params) => this.#started((host) => host.call("handOver", params)),
    setRules: (params) => this.#started((host) => host.call("setRules", params)),
    ping: (params) => this.#started((host) => host.call("ping", params)),
    speedTest: ({ member, seconds }) => this.#started((host) => host.speedTest(member, seconds)),
    // What this machine keeps for itself, and what a server can be told of later.
    leave: (params) => this.#host.call("leave", params),
    setInbound: (params) => this.#host.call("setInbound", params),
    setCompared: (params) => this.#host.call("setCompared", params),
    acceptKey: (params) => this.#host.call("acceptKey", params),
    setConnected: ({ connected }) => this.#setConnected(connected),
  };

  get #host(): Host {
    return this.#deps.runner.requireHost();
  }

  /** Rooms are entered by whoever wants to be connected. */
  async #enter<T extends { readonly roomId: RoomId; readonly name: string }>(
    kind: "room_created" | "room_joined",
    ask: (host: Host) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    if (!this.#deps.planner.isWanted) await this.#setConnected(true);
    const entered = await this.#started(ask);
    if (entered.ok) this.#deps.activity.add({ kind, roomId: entered.value.roomId, room: entered.value.name });
    return entered;
  }

  /** The person answered somebody at the door. */
  async #atDoor(
    kind: "door_opened" | "door_closed",
    ask: (host: Host) => Promise<Result<MemberInRoom>>,
  ): Promise<Result<MemberInRoom>> {
    const answered = await this.#started(ask);
    if (!answered.ok) return answered;
    const { roomId, publicKey, username: member } = answered.value;
    const room = this.#host.snapshot().rooms.find((each) => each.roomId === roomId)?.name;
    this.#deps.activity.add({ kind, roomId, publicKey, member, ...(room !== undefined && { room }) });
    return answered;
  }

  async #started<T>(ask: (host: Host) => Promise<Result<T>>): Promise<Result<T>> {
    return this.#deps.runner.isStarted ? ask(this.#host) : fail("not_connected", "GoVPN is not connected");
  }

  async #setConnected(connected: boolean): Promise<Result<AppReplies["setConnected"]>> {
    const { planner } = this.#deps;
    await planner.setWanted(connected);
    return ok({ wanted: planner.isWanted });
  }
}
