import { failed, say } from "../../electron/main/doctor/words.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import { type Failure, fail, ok, type Result } from "../../shared/base/result.ts";
import type {
  Activity,
  AppApi,
  AppMethod,
  AppParams,
  AppReplies,
  AppState,
  DoctorFinding,
  UiRoom,
} from "../../shared/ipc/app.ts";
import type { MemberView, RoomTrustView, RoomView } from "../../shared/ipc/contract.ts";
import { applyPatch, diff } from "../../shared/ipc/patch.ts";
import { keyOf, memberOf, newRoomId, seeded, visitorOf } from "./app-people.ts";
import { type Handlers, named, trustHandlers } from "./app-trust.ts";

/** The program behind the window, in memory: it believes what it is told, and people live in its rooms. */
export class FakeAppHost implements AppApi {
  readonly calls: { readonly method: AppMethod; readonly params: unknown }[] = [];
  readonly #events = new Emitter<{ state: AppState }>();
  readonly #refusals = new Map<AppMethod, Failure>();
  readonly #held = new Map<AppMethod, Promise<unknown>>();
  readonly #clock: Clock;
  readonly #random = seeded(7);
  #state: AppState;
  #sequence = 0;
  /** PINs, by room. */
  readonly #pins = new Map<string, string>();

  constructor(state: AppState, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
    this.#sequence = Object.keys(state.activity).length;
  }

  get state(): AppState {
    return this.#state;
  }

  onState(listener: (state: AppState) => void): Disposable {
    return this.#events.on("state", listener);
  }

  /** The next calls of `method` fail so, until told otherwise. */
  refuse(method: AppMethod, failure: Failure | undefined): void {
    if (failure) this.#refusals.set(method, failure);
    else this.#refusals.delete(method);
  }

  /** Calls of `method` wait; the function that comes back lets them go. */
  hold(method: AppMethod): () => void {
    let release = () => {};
    this.#held.set(
      method,
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    return () => {
      this.#held.delete(method);
      release();
    };
  }

  /** What nobody asked for: as if it had come from the network. As a patch, so that what did not change stays. */
  change(make: (state: AppState) => AppState): void {
    const after = applyPatch(this.#state, diff(this.#state, make(this.#state)) ?? {}) as AppState;
    if (after === this.#state) return;
    this.#state = after;
    this.#events.emit("state", after);
  }

  changeRoom(roomId: string, make: (room: UiRoom) => UiRoom): void {
    this.change((state) => {
      const room = state.rooms[roomId as RoomId];
      return room ? { ...state, rooms: { ...state.rooms, [roomId]: make(room) } } : state;
    });
  }

  changeMember(roomId: string, key: string, make: (member: MemberView) => MemberView): void {
    this.changeRoom(roomId, (room) => {
      const member = room.members[key as PublicKey];
      return member ? { ...room, members: { ...room.members, [key]: make(member) } } : room;
    });
  }

  note(activity: Omit<Activity, "at">): void {
    const at = this.#clock.wallTime();
    this.change((state) => ({ ...state, activity: { ...state.activity, [++this.#sequence]: { ...activity, at } } }));
  }

  /** Somebody comes with the PIN alone. */
  knock(roomId: string, username: string): void {
    const visitor = visitorOf(username);
    this.changeRoom(roomId, (room) => ({ ...room, members: { ...room.members, [visitor.publicKey]: visitor } }));
    const { publicKey } = visitor;
    this.note({
      kind: "door_knock",
      roomId: roomId as RoomId,
      member: username,
      publicKey,
      ...named(this.#state, roomId),
    });
  }

  /** Lets round trips and counters move once a second, as in a room in use. */
  live(): Disposable {
    return this.#clock.every(1_000, () => this.tick());
  }

  tick(): void {
    let bytesIn = 0;
    let bytesOut = 0;
    const moved = (member: MemberView): MemberView => {
      if (member.state !== "connected" || !member.traffic) return member;
      const base = member.rttMs ?? 20;
      const drift = (this.#random() - 0.5) * base * 0.3 + (this.#random() > 0.96 ? base : 0);
      const rttMs = Math.max(0.4, base + drift - (base - restOf(member)) * 0.35);
      const isBusy = member.publicKey.charCodeAt(3) % 3 === 0;
      const down = isBusy ? Math.floor(this.#random() * 3_000_000) : 0;
      const up = isBusy ? Math.floor(this.#random() * 400_000) : 0;
      bytesIn += down;
      bytesOut += up;
      const { traffic } = member;
      return {
        ...member,
        rttMs: Number(rttMs.toFixed(3)),
        traffic: { ...traffic, bytesIn: traffic.bytesIn + down, bytesOut: traffic.bytesOut + up },
      };
    };
    this.change((state) => {
      const rooms = Object.fromEntries(
        Object.entries(state.rooms).map(([id, room]) => [
          id,
          { ...room, members: Object.fromEntries(Object.entries(room.members).map(([k, m]) => [k, moved(m)])) },
        ]),
      );
      const { traffic } = state;
      return {
        ...state,
        rooms,
        traffic: { ...traffic, bytesIn: traffic.bytesIn + bytesIn, bytesOut: traffic.bytesOut + bytesOut },
      };
    });
  }

  async call<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>> {
    this.calls.push({ method, params });
    await this.#held.get(method);
    const refusal = this.#refusals.get(method);
    if (refusal) return { ok: false, error: refusal };
    return this.#handlers[method](params) as Result<AppReplies[M]>;
  }

  readonly #handlers: Handlers = {
    watch: () => ok(this.#state),
    status: () => fail("unsupported", "the window watches instead"),
    setConnected: ({ connected }) => {
      this.change((state) => ({ ...state, wanted: connected }));
      return ok({ wanted: connected });
    },
    retryNow: () => {
      this.change(({ server: { retryAt, reason, code, ...server }, ...state }) => ({
        ...state,
        server: { ...server, state: "connecting" },
      }));
      return ok({ retrying: true });
    },
    create: ({ name, pin, sealed = true, inbound }) => {
      const roomId = newRoomId(this.#random);
      this.#pins.set(roomId, pin);
      const trust: RoomTrustView = {
        seal: sealed ? "sealed" : "open",
        waiting: false,
        role: "owner",
        ownerKey: this.#state.self.publicKey,
        doors: "owner",
        canLetIn: true,
        canInvite: true,
        removed: {},
        inbound: inbound ?? { mode: sealed ? "all" : "none" },
      };
      return ok(this.#enter({ roomId, name, owner: true, trust }));
    },
    join: ({ roomId, pin, key, inbound }) => {
      if (pin === "0000") return fail("wrong_pin", "Incorrect password");
      this.#pins.set(roomId, pin);
      const trust: RoomTrustView = {
        seal: key === undefined ? "unknown" : "sealed",
        waiting: false,
        role: "member",
        doors: "owner",
        canLetIn: false,
        canInvite: key !== undefined,
        removed: {},
        inbound: inbound ?? { mode: key === undefined ? "none" : "all" },
      };
      return ok(this.#enter({ roomId: roomId as RoomId, name: roomId, owner: false, trust }));
    },
    rename: ({ roomId = "", name }) => {
      this.changeRoom(roomId, (room) => ({ ...room, name }));
      return ok({ roomId: roomId as RoomId, name });
    },
    ...trustHandlers(this),
    leave: ({ roomId = "" }) => {
      this.change((state) => ({
        ...state,
        rooms: Object.fromEntries(Object.entries(state.rooms).filter(([id]) => id !== roomId)),
      }));
      return ok({ roomId: roomId as RoomId, delivered: true });
    },
    ping: ({ member, count }) =>
      ok({
        publicKey: member as PublicKey,
        username: "",
        sent: count,
        rttMs: Array.from({ length: count }, () => 10 + this.#random() * 5),
      }),
    setUsername: ({ username }) => {
      this.change((state) => ({ ...state, self: { ...state.self, username } }));
      return ok({ username });
    },
    down: () => ok({ stopping: true }),
    invite: ({ roomId }) => {
      const room = this.#state.rooms[roomId as RoomId];
      if (!room) return fail("unknown_room", "you are not in that room");
      const { publicUrl, url } = this.#state.server;
      const server = publicUrl ?? url;
      const query = new URLSearchParams({ server, name: room.name });
      const isKey = room.trust.seal === "sealed" && room.trust.canInvite;
      const fragment = isKey ? `#k=${keyOf(`key of ${roomId}`).slice(0, 43)}&o=${keyOf(roomId).slice(0, 22)}` : "";
      return ok({
        roomId: room.roomId,
        name: room.name,
        pin: this.#pins.get(roomId) ?? "4821",
        server,
        reachable: publicUrl !== undefined,
        link: `govpn://join/${roomId}?${query}${fragment}`,
        sealed: isKey,
      });
    },
    readLink: ({ link }) => {
      const parsed = URL.canParse(link) ? new URL(link) : undefined;
      const [, roomId] = /^govpn:\/\/join\/([\w-]+)/.exec(link) ?? [];
      if (!parsed || roomId === undefined) return fail("link_malformed", "not a link of GoVPN");
      const server = parsed.searchParams.get("server");
      const name = parsed.searchParams.get("name");
      const secret = new URLSearchParams(parsed.hash.slice(1));
      const [key, owner] = [secret.get("k"), secret.get("o")];
      return ok({
        state: "ask",
        roomId: roomId as RoomId,
        known: this.#state.rooms[roomId as RoomId] !== undefined,
        ...(server !== null && { server }),
        ...(name !== null && { name }),
        ...(key !== null && { key }),
        ...(owner !== null && { owner }),
      });
    },
    dismissLink: () => {
      this.change(({ link, ...state }) => state);
      return ok({ dismissed: true });
    },
    saveSettings: ({ change }) => {
      const settings = applyPatch(this.#state.settings, change) as AppState["settings"];
      this.change((state) => ({ ...state, settings, server: serverOf(state, settings) }));
      return ok(settings);
    },
    testServer: ({ url }) =>
      /example/.test(url)
        ? ok({ url, reachable: true, ms: 23 })
        : ok({
            url,
            reachable: false,
            why: [say("server_name_unknown", { url }), say("server_name_unknown_fix")],
          }),
    doctor: () => ok(findings),
    speedTest: () => ok({ upMbps: 312.4, downMbps: 587.1, idleRttMs: 11.8, loadedRttMs: 19.2 }),
    report: () => ok({ text: "GoVPN 0.1.0 on linux\n…" }),
    exportSettings: () => ok({ text: JSON.stringify(this.#state.settings, null, 2) }),
    importSettings: () => ok(this.#state.settings),
    exportIdentity: () => ok({ text: '{"govpn":"identity"}' }),
    importIdentity: () => ok(this.#state.self),
    reset: () => ok(this.#state.settings),
    grantRights: () => {
      this.change(({ rights, ...state }) => ({ ...state, tunnel: { state: "up", device: "govpn0", mtu: 1420 } }));
      return ok({ granted: true });
    },
  };

  #enter(made: Pick<RoomView, "roomId" | "name" | "owner" | "trust">): RoomView {
    const { roomId, trust } = made;
    const self: MemberView = {
      ...memberOf(this.#state.self.username, "self"),
      ...this.#state.self,
      state: "self",
      role: trust.role,
    };
    const room: UiRoom = { ...made, state: "joined", hasPin: true, members: { [self.publicKey]: self } };
    this.change((state) => ({ ...state, rooms: { ...state.rooms, [roomId]: room } }));
    return { ...made, state: "joined", pin: this.#pins.get(roomId), members: [self] };
  }
}

/** As the doctor's on a machine with something to mend. */
const findings: readonly DoctorFinding[] = [
  {
    id: "profile",
    title: "Profile folder",
    status: "ok",
    detail: [say("profile_space", { folder: "/home/maya/.config/govpn", mebibytes: 51_200 })],
  },
  { id: "secrets", title: "Secret store", status: "ok", detail: [say("secrets_in_keychain")] },
  {
    id: "tun",
    title: "Network device",
    status: "fail",
    detail: [failed({ code: "tun_permission", message: "cannot open /dev/net/tun: EACCES" })],
    fix: [say("tun_open_node", { command: "sudo chmod 666 /dev/net/tun" })],
  },
  {
    id: "stun",
    title: "Public address",
    status: "warn",
    detail: [say("stun_silent", { server: "stun.example:3478" })],
    fix: [say("stun_fix")],
  },
  { id: "mtu", title: "Packet size", status: "skip", detail: [say("mtu_unknown")] },
];

/** The round trip a member goes back to. */
function restOf({ publicKey, path }: MemberView): number {
  return (path === "relay" ? 45 : 4) + (publicKey.charCodeAt(5) % 24);
}

function serverOf(state: AppState, { server }: AppState["settings"]): AppState["server"] {
  const { publicUrl, ...rest } = state.server;
  if (server.kind === "url") return { ...rest, url: server.url, publicUrl: server.url };
  const url = `ws://127.0.0.1:${server.port}`;
  return server.reach === "network"
    ? { ...rest, url, publicUrl: `ws://192.168.1.20:${server.port}` }
    : { ...rest, url };
}
