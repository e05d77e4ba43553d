import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../../shared/base/disposable.ts";
import { missingCase, type Result } from "../../../shared/base/result.ts";
import type { Activity } from "../../../shared/ipc/app.ts";
import type { Replies } from "../../../shared/ipc/contract.ts";
import type { LeftReason } from "../../../shared/room/state.ts";
import type { HostEvents } from "../host/events.ts";
import type { Host } from "../host/host.ts";

/** Members that show up this soon after this machine entered the room were there before it. */
const ENTERED_FOR_MS = 10_000;
/** A member that breaks the same rule again and again is told of once in this time. */
const REFUSED_EVERY_MS = 60_000;
/** Members and codes remembered for that. */
const MAX_REFUSED = 256;

type Add = (entry: Omit<Activity, "at">) => void;

/** Turns a host's events into what happened, for people: a transition once, not a state again and again. */
export class ActivityWatch implements Disposable {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #add: Add;
  readonly #subscriptions = new DisposableStore();
  /** The rooms that this machine belongs to: their names as told last, and since when it has been in them. */
  readonly #rooms = new Map<RoomId, { name: string; since: number | undefined }>();
  readonly #peers = new Map<PublicKey, string>();
  readonly #refused = new Map<string, number>();
  /** Whose removal has been told of: that it goes is no news. */
  readonly #removed = new Set<PublicKey>();
  /** Who went while a member was being removed. */
  readonly #held = new Set<Omit<Activity, "at">[]>();
  #isOnline = false;

  constructor(host: Host, clock: Clock, add: Add) {
    this.#host = host;
    this.#clock = clock;
    this.#add = add;
    const { events } = host;
    this.#on(events.on("server", (state) => this.#onServer(state)));
    this.#on(events.on("tunnel", (state) => this.#onTunnel(state)));
    this.#on(events.on("room", (room) => this.#onRoom(room)));
    this.#on(events.on("closed", (closed) => this.#onClosed(closed)));
    this.#on(events.on("peer", (peer) => this.#onPeer(peer)));
    this.#on(events.on("gone", (gone) => this.#onGone(gone)));
    this.#on(events.on("refused", (refused) => this.#onRefused(refused)));
    this.#on(events.on("trust", (news) => this.#onTrust(news)));
    this.#on(events.on("key_changed", ({ roomId, publicKey }) => this.#tellOf("key_changed", roomId, publicKey)));
  }

  /**
   * Removes a member: what is told of it is that, and not also that it left. Where the room has a signed policy, the
   * removal is told of when that says so.
   */
  async kicking(ask: () => Promise<Result<Replies["kick"]>>): Promise<Result<Replies["kick"]>> {
    const held: Omit<Activity, "at">[] = [];
    this.#held.add(held);
    const kicked = await ask();
    this.#held.delete(held);
    const key = kicked.ok ? kicked.value.publicKey : undefined;
    for (const entry of held) if (entry.publicKey !== key) this.#add(entry);
    if (kicked.ok && !this.#removed.delete(kicked.value.publicKey)) {
      const { roomId, publicKey, username } = kicked.value;
      this.#add({ kind: "member_kicked", publicKey, member: username, ...this.#where([roomId]) });
    }
    return kicked;
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #on(subscription: Disposable): void {
    this.#subscriptions.add(subscription);
  }

  #onServer({ kind, reason }: HostEvents["server"]): void {
    if (kind === "online" && !this.#isOnline) {
      this.#isOnline = true;
      this.#add({ kind: "server_online" });
    } else if (kind === "waiting" && this.#isOnline) {
      this.#isOnline = false;
      this.#add({ kind: "server_lost", ...(reason !== undefined && { detail: reason }) });
    }
  }

  #onTunnel(state: HostEvents["tunnel"]): void {
    if (state.kind === "up") this.#add({ kind: "tunnel_up", detail: state.device });
    if (state.kind === "failed") {
      this.#add({ kind: "tunnel_failed", code: state.failure.code, detail: state.failure.message });
    }
  }

  #onRoom({ roomId, name, status }: HostEvents["room"]): void {
    const known = this.#rooms.get(roomId);
    const since = status.kind === "joined" ? this.#clock.now() : undefined;
    if (!known) {
      // "entering": it may be refused yet.
      if (status.kind === "joined" || status.kind === "reconnecting") this.#rooms.set(roomId, { name, since });
      return;
    }
    known.since ??= since;
    if (name === known.name || name === "") return;
    if (known.name !== "") this.#add({ kind: "room_renamed", roomId, room: name, detail: known.name });
    known.name = name;
  }

  #onClosed({ roomId, reason, message }: HostEvents["closed"]): void {
    const room = this.#rooms.get(roomId);
    this.#rooms.delete(roomId);
    // A room that this machine never got into is told of by whoever asked for it.
    if (!room) return;
    this.#add({
      kind: kindOfEnd(reason),
      roomId,
      room: room.name,
      ...(reason !== "left" && { code: reason, detail: message }),
    });
  }

  #onPeer({ publicKey, state, standing, username, rooms }: HostEvents["peer"]): void {
    const before = this.#peers.get(publicKey);
    // A server can make up members: one has joined when it has shown that it belongs to the room.
    if (before === state || (before === undefined && standing !== "member")) return;
    this.#removed.delete(publicKey);
    this.#peers.set(publicKey, state);
    const who = { publicKey, member: username ?? this.#nameOf(publicKey), ...this.#where(rooms) };
    if (before === undefined && !this.#isNew(rooms)) this.#add({ kind: "member_joined", ...who });
    if (state === "connected") this.#add({ kind: "member_connected", ...who });
    if (state === "reconnecting" && before === "connected") this.#add({ kind: "member_reconnecting", ...who });
  }

  #onGone({ publicKey, username, reason }: HostEvents["gone"]): void {
    const wasRemoved = this.#removed.has(publicKey);
    if (!this.#peers.delete(publicKey) || reason === "room_left" || wasRemoved) return;
    const entry = { kind: reason === "left" ? "member_left" : "member_lost", publicKey, member: username } as const;
    const [held] = this.#held;
    if (held) held.push(entry);
    else this.#add(entry);
  }

  #onRefused({ publicKey, failure: { code, message } }: HostEvents["refused"]): void {
    const now = this.#clock.now();
    const what = `${publicKey} ${code}`;
    if (now - (this.#refused.get(what) ?? Number.NEGATIVE_INFINITY) < REFUSED_EVERY_MS) return;
    if (this.#refused.size >= MAX_REFUSED) this.#refused.clear();
    this.#refused.set(what, now);
    this.#add({ kind: "refused", publicKey, member: this.#nameOf(publicKey), code, detail: message });
  }

  #onTrust(news: HostEvents["trust"]): void {
    const { roomId } = news;
    switch (news.kind) {
      case "knock":
        return this.#tellOf("door_knock", roomId, news.member);
      case "let_in":
        return this.#tellOf("let_in", roomId, news.member);
      case "answered":
        if (news.answer === "no") this.#tellOf("turned_away", roomId, news.member);
        if (news.answer === "wait") this.#waiting(roomId, news.member);
        return;
      case "removed":
        // Of its own removal this machine hears when the room is closed.
        if (news.member === this.#host.publicKey) return;
        this.#removed.add(news.member);
        return this.#tellOf(news.removal === "banned" ? "member_banned" : "member_kicked", roomId, news.member);
      case "forgiven":
        return this.#tellOf("member_unbanned", roomId, news.member);
      case "role":
        return this.#tellOf("role_changed", roomId, news.member, news.role);
      case "owner":
        return this.#tellOf("owner_changed", roomId, news.member);
      case "rules":
        return this.#add({ kind: "rules_changed", ...this.#where([roomId]), detail: news.sealed ? "sealed" : "open" });
      case "renamed":
      case "refused":
        return;
      default:
        return missingCase(news);
    }
  }

  /** Said once, however many members are inside. */
  #waiting(roomId: RoomId, member: PublicKey): void {
    const now = this.#clock.now();
    const what = `${roomId} waiting`;
    if (now - (this.#refused.get(what) ?? Number.NEGATIVE_INFINITY) < REFUSED_EVERY_MS) return;
    this.#refused.set(what, now);
    this.#tellOf("waiting_at_door", roomId, member);
  }

  #tellOf(kind: Activity["kind"], roomId: RoomId, publicKey: PublicKey, detail?: string): void {
    const member = this.#nameOf(publicKey);
    this.#add({ kind, publicKey, member, ...this.#where([roomId]), ...(detail !== undefined && { detail }) });
  }

  /** This machine has only just entered all of those rooms: it meets their members, they did not come. */
  #isNew(rooms: readonly RoomId[]): boolean {
    const now = this.#clock.now();
    return rooms.every((id) => now - (this.#rooms.get(id)?.since ?? now) < ENTERED_FOR_MS);
  }

  #where([roomId]: readonly RoomId[]): { roomId?: RoomId; room?: string } {
    const name = roomId === undefined ? undefined : this.#rooms.get(roomId)?.name;
    return { ...(roomId !== undefined && { roomId }), ...(name !== undefined && { room: name }) };
  }

  #nameOf(publicKey: PublicKey): string {
    return this.#host.nameOf(publicKey);
  }
}

function kindOfEnd(reason: LeftReason): Activity["kind"] {
  switch (reason) {
    case "left":
      return "room_left";
    case "kicked":
      return "kicked";
    case "closed_by_owner":
    case "deleted":
    case "refused":
      return "room_closed";
    default:
      return missingCase(reason);
  }
}
