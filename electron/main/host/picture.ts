import type { PublicKey } from "../../../shared/base/brand.ts";
import type { Signer } from "../../../shared/identity/keys.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import type { HostSnapshot, RoomView, RuntimeView } from "../../../shared/ipc/contract.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { RoomSessions } from "../../../shared/room/session.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { SignalingClient } from "../../../shared/signaling/client.ts";
import type { EnginePort } from "../../engine/engine-port.ts";
import type { TrustDesk } from "../trust/desk.ts";
import { memberView, roomView, trafficView, tunnelView } from "./views.ts";

export interface PictureSources {
  readonly version: string;
  readonly signer: Signer;
  readonly secrets: Pick<SecretStore, "kind">;
  /** What other machines dial, where they can reach the server. It changes with this machine's addresses. */
  readonly publicServerUrl?: () => string | undefined;
  /** The process's memory and event loop. */
  readonly runtime: () => RuntimeView;
  readonly signaling: SignalingClient;
  readonly rooms: RoomSessions;
  readonly engine: EnginePort;
  readonly trust: TrustDesk;
  /** This machine's name. */
  readonly username: () => string;
}

/** What can be seen of a host, worked out of what its parts know at the moment of asking. */
export class HostPicture {
  readonly #sources: PictureSources;

  constructor(sources: PictureSources) {
    this.#sources = sources;
  }

  snapshot(): HostSnapshot {
    const { version, signer, secrets, engine, rooms, username, runtime } = this.#sources;
    const { ipv4, ipv6 } = engine.address;
    const { creationQueuedUntil } = rooms;
    const peers = this.#peers();
    return {
      version,
      publicKey: signer.publicKey,
      username: username(),
      ipv4,
      ipv6,
      server: this.#server(),
      tunnel: tunnelView(engine.tunnel),
      secrets: secrets.kind,
      ...(creationQueuedUntil !== undefined && { creationQueuedUntil }),
      rooms: rooms.snapshots.map((room) => this.room(room, peers)),
      traffic: trafficView(engine.totals()),
      runtime: runtime(),
    };
  }

  room(room: RoomSnapshot, peers = this.#peers()): RoomView {
    const { rooms, engine, trust } = this.#sources;
    const { roomId } = room;
    const saved = rooms.saved.find((each) => each.roomId === roomId);
    const members = room.members.map((member) => {
      const counters = engine.counters(member.publicKey);
      const standing = trust.memberView(roomId, member.publicKey, counters?.dropped.refused ?? 0);
      return memberView(member, peers.get(member.publicKey), counters, engine.address, standing);
    });
    return roomView(this.named(room), saved, members, trust.roomView(roomId));
  }

  /** Under the name that its owner gave it, which a server cannot change. */
  named(room: RoomSnapshot): RoomSnapshot {
    return { ...room, name: this.#sources.trust.nameOfRoom(room.roomId) ?? room.name };
  }

  #server(): HostSnapshot["server"] {
    const { signaling, publicServerUrl } = this.#sources;
    const { kind, since, retryAt, reason } = signaling.state;
    const publicUrl = publicServerUrl?.();
    return {
      url: signaling.url,
      ...(publicUrl !== undefined && { publicUrl }),
      state: kind,
      since,
      ...(retryAt !== undefined && { retryAt }),
      ...(reason !== undefined && { reason }),
    };
  }

  #peers(): ReadonlyMap<PublicKey, PeerView> {
    return new Map(this.#sources.engine.peers.map((peer) => [peer.publicKey, peer]));
  }
}
