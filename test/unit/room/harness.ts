import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import { keyPairFrom, signerOf } from "../../../shared/identity/keys.ts";
import type { RoomSessionsEvents } from "../../../shared/room/events.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import { RoomSessions } from "../../../shared/room/session.ts";
import { applyDelta, type RoomSnapshot } from "../../../shared/room/snapshot.ts";
import { SignalingClient } from "../../../shared/signaling/client.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import type { FakeSignalingServer } from "../../fakes/signaling-server.ts";

type Told = { [K in keyof RoomSessionsEvents]: { readonly event: K; readonly payload: RoomSessionsEvents[K] } };

/** One machine: a key, a client and its rooms, and everything that they told the outside. */
export class Machine {
  readonly publicKey: PublicKey;
  readonly client: SignalingClient;
  readonly rooms: RoomSessions;
  readonly told: Told[keyof RoomSessionsEvents][] = [];
  readonly log: LogRecord[] = [];
  /** What a screen that lives on deltas alone would show. */
  readonly replayed = new Map<RoomId, RoomSnapshot>();

  constructor(seed: number, server: FakeSignalingServer, clock: FakeClock, saved: readonly SavedRoom[] = []) {
    const pair = keyPairFrom(new Uint8Array(32).fill(seed));
    this.publicKey = pair.publicKey;
    const logger = createLogger((record) => this.log.push(record), "debug");
    const random = seededBytes(seed);
    const { dial } = server;
    this.client = new SignalingClient({ url: "ws://fake/ws", dial, signer: signerOf(pair), clock, random, logger });
    this.rooms = new RoomSessions({ client: this.client, self: pair.publicKey, clock, random, logger });
    for (const event of [
      "opened",
      "delta",
      "closed",
      "peerSeen",
      "peerAbsent",
      "peerGone",
      "signal",
      "creationQueued",
      "saved",
    ] as const) {
      this.rooms.events.on(event, (payload) => this.told.push({ event, payload } as Told[typeof event]));
    }
    this.rooms.events.on("opened", (snapshot) => this.replayed.set(snapshot.roomId, snapshot));
    this.rooms.events.on("delta", ({ roomId, delta }) => {
      const before = this.replayed.get(roomId);
      if (before) this.replayed.set(roomId, applyDelta(before, delta));
    });
    this.rooms.restore(saved);
    this.client.start();
  }

  payloads<K extends keyof RoomSessionsEvents>(event: K): RoomSessionsEvents[K][] {
    return this.told.filter((told) => told.event === event).map((told) => told.payload as RoomSessionsEvents[K]);
  }

  room(roomId: string): RoomSnapshot | undefined {
    return this.rooms.snapshot(roomId as RoomId);
  }

  status(roomId: string): string | undefined {
    return this.room(roomId)?.status.kind;
  }

  /** Name and presence of each member, oneself first. */
  members(roomId: string): string[] {
    return (this.room(roomId)?.members ?? []).map(({ username, presence }) => `${username} ${presence}`);
  }

  stop(): void {
    this.rooms.dispose();
    this.client.stop();
  }
}

/** The same bytes in every run, other ones for every seed. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = (seed + 1) * 0x9e3779b9;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
}
