import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { type Disposable, DisposableStore } from "../../../shared/base/disposable.ts";
import type { Emitter } from "../../../shared/base/emitter.ts";
import { isSignedForm } from "../../../shared/mesh/envelope.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { RoomSessions } from "../../../shared/room/session.ts";
import type { SignalingClient, SignalingState } from "../../../shared/signaling/client.ts";
import type { EnginePort } from "../../engine/engine-port.ts";
import type { TrustDesk, TrustDeskEvents } from "../trust/desk.ts";
import type { HostEvents } from "./events.ts";
import type { MemberNames } from "./names.ts";
import type { HostPicture } from "./picture.ts";
import type { RoomMemory } from "./room-memory.ts";
import type { RoomRequests } from "./room-requests.ts";

export interface WiredParts {
  readonly self: PublicKey;
  readonly events: Emitter<HostEvents>;
  readonly signaling: SignalingClient;
  readonly rooms: RoomSessions;
  readonly memory: RoomMemory;
  readonly engine: EnginePort;
  readonly trust: TrustDesk;
  readonly requests: RoomRequests;
  readonly names: MemberNames;
  readonly picture: HostPicture;
}

/**
 * What happens in one part of a host, brought to the others that it concerns and to whoever watches the host: a member
 * that the server names is looked for, one that the owner removed loses its link, a room that ends leaves the engine.
 */
export class HostWiring implements Disposable {
  readonly #parts: WiredParts;
  readonly #subscriptions = new DisposableStore();

  constructor(parts: WiredParts) {
    this.#parts = parts;
    this.#wireServer();
    this.#wireRooms();
    this.#wireSignals();
    this.#wireEngine();
    this.#wireTrust();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #on(subscription: Disposable): void {
    this.#subscriptions.add(subscription);
  }

  #wireServer(): void {
    const { signaling, engine, events } = this.#parts;
    const onState = (state: SignalingState) => {
      events.emit("server", state);
      if (state.kind === "online") engine.retryNow();
    };
    this.#on(signaling.events.on("state", onState));
  }

  #wireRooms(): void {
    const { rooms, memory, engine, trust, events, picture } = this.#parts;
    this.#on(rooms.events.on("opened", (room) => events.emit("room", picture.named(room))));
    this.#on(
      rooms.events.on("delta", ({ roomId, delta }) => {
        if (delta.type === "status" || delta.type === "renamed") this.#tellRoom(roomId);
      }),
    );
    this.#on(
      rooms.events.on("closed", (closed) => {
        engine.leaveRoom(closed.roomId);
        trust.forget(closed.roomId);
        events.emit("closed", closed);
      }),
    );
    this.#on(rooms.events.on("creationQueued", (queued) => events.emit("creationQueued", queued)));
    this.#on(rooms.events.on("saved", (saved) => memory.store(saved)));
    this.#on(
      rooms.events.on("peerSeen", ({ roomId, publicKey, arrivedAfterUs }) => {
        if (!this.#isBanned(roomId, publicKey)) engine.peerSeen(roomId, publicKey, arrivedAfterUs);
      }),
    );
    this.#on(rooms.events.on("peerAbsent", ({ publicKey }) => engine.peerAbsent(publicKey)));
    this.#on(rooms.events.on("peerGone", ({ roomId, publicKey }) => engine.peerLeft(roomId, publicKey)));
  }

  #wireSignals(): void {
    const { rooms, engine, trust, events } = this.#parts;
    this.#on(
      rooms.events.on("signal", ({ roomId, from, kind, content }) => {
        if (this.#isBanned(roomId, from)) return;
        // Who belongs in a sealed room signs. Anything else is the server's own making, or a client that cannot come in.
        if (trust.room(roomId)?.seal === "sealed" && !isSignedForm(content)) {
          const failure = { code: "unsigned_signal", message: `the ${kind} is not signed` };
          return events.emit("refused", { publicKey: from, failure });
        }
        engine.deliver(roomId, from, kind, content);
      }),
    );
  }

  #wireEngine(): void {
    const { engine, rooms, trust, events, names } = this.#parts;
    this.#on(
      engine.events.on("peer", (peer) => {
        if (peer.username !== undefined) {
          for (const room of peer.rooms) rooms.hello(room, peer.publicKey, peer.username);
          names.introduce(peer.publicKey, peer.username);
        }
        trust.met(peer.publicKey, peer.rooms);
        this.#tellPeer(peer);
      }),
    );
    this.#on(
      engine.events.on("gone", ({ publicKey, rooms: shared, reason }) => {
        const username = names.of(publicKey);
        names.forget(publicKey);
        trust.gone(publicKey);
        const isOurs = shared.every((room) => rooms.snapshot(room) === undefined);
        for (const room of shared) rooms.memberGone(room, publicKey);
        events.emit("gone", { publicKey, username, reason: isOurs ? "room_left" : reason });
      }),
    );
    this.#on(engine.events.on("linked", ({ publicKey, fingerprints }) => trust.linked(publicKey, fingerprints)));
    this.#on(engine.events.on("unlinked", ({ publicKey }) => trust.unlinked(publicKey)));
    this.#on(engine.events.on("said", (said) => trust.said(said.publicKey, said.fingerprints, said.body)));
    this.#on(engine.events.on("refused", (refused) => events.emit("refused", refused)));
    this.#on(engine.events.on("tunnel", (state) => events.emit("tunnel", state)));
    this.#on(engine.events.on("address", (address) => events.emit("address", address)));
  }

  #wireTrust(): void {
    const { trust, rooms, engine, events } = this.#parts;
    this.#on(trust.events.on("news", (news) => this.#onTrustNews(news)));
    this.#on(
      trust.events.on("changed", () => {
        for (const { roomId } of rooms.snapshots) rooms.setSealed(roomId, trust.sealOf(roomId));
        events.emit("trust_changed", {});
      }),
    );
    this.#on(trust.events.on("key_changed", (changed) => events.emit("key_changed", changed)));
    this.#on(trust.events.on("refused", (refused) => events.emit("refused", refused)));
    this.#on(
      trust.events.on("admitted", ({ publicKey }) => {
        const peer = engine.peers.find((each) => each.publicKey === publicKey);
        if (peer) this.#tellPeer(peer);
      }),
    );
  }

  #onTrustNews(news: TrustDeskEvents["news"]): void {
    const { self, events, rooms, engine } = this.#parts;
    const { roomId } = news;
    if (news.kind === "refused") return events.emit("refused", { publicKey: news.member, failure: news.failure });
    events.emit("trust", news);
    if (news.kind === "removed") {
      if (news.member === self) rooms.expelled(roomId, "the owner removed this member");
      else this.#drop(roomId, news.member);
    }
    if (news.kind === "forgiven" && rooms.snapshot(roomId)?.members.some((one) => one.publicKey === news.member)) {
      engine.peerSeen(roomId, news.member, true);
    }
    if (news.kind === "owner") this.#ownerChanged(roomId, news.member);
    if (news.kind === "renamed") this.#tellRoom(roomId);
  }

  /** Cuts the connection to somebody whom the owner removed, whatever the server says. */
  #drop(roomId: RoomId, member: PublicKey): void {
    const { trust, requests, rooms, engine } = this.#parts;
    if (trust.room(roomId)?.isOwner) void requests.tellServer("a removal", rooms.kick(roomId, member));
    rooms.memberGone(roomId, member);
    engine.peerLeft(roomId, member);
    trust.left(roomId, member);
  }

  #ownerChanged(roomId: RoomId, owner: PublicKey): void {
    const { self, requests, rooms } = this.#parts;
    const wasOurs = rooms.saved.some((saved) => saved.roomId === roomId && saved.owner);
    if (owner === self) rooms.setOwner(roomId, true);
    else if (wasOurs) void requests.tellServer("the new owner", rooms.handOver(roomId, owner));
  }

  #isBanned(roomId: RoomId, member: PublicKey): boolean {
    return this.#parts.trust.standing(roomId, member) === "banned";
  }

  #tellRoom(roomId: RoomId): void {
    const { rooms, events, picture } = this.#parts;
    const room = rooms.snapshot(roomId);
    if (room) events.emit("room", picture.named(room));
  }

  /** A member is connected when packets pass. */
  #tellPeer(peer: PeerView): void {
    const { trust, names, events } = this.#parts;
    const { publicKey, rooms, state } = peer;
    const isAdmitted = trust.isAdmitted(publicKey);
    const standings = rooms.map((roomId) => trust.standing(roomId, publicKey));
    const standing = isAdmitted ? "member" : (standings.find((each) => each !== "proving") ?? "proving");
    const username = names.introduced(publicKey);
    events.emit("peer", { ...peer, username, standing, state: isAdmitted ? state : "connecting" });
  }
}
