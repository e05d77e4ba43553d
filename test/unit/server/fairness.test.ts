import { beforeEach, describe, expect, it } from "vitest";
import { AddressLimits } from "../../../electron/server/address-limits.ts";
import { Backlog } from "../../../electron/server/backlog.ts";
import { Connection, type ConnectionContext } from "../../../electron/server/connection.ts";
import { FairTurns } from "../../../electron/server/fair-turns.ts";
import { defaultLimits } from "../../../electron/server/limits.ts";
import { ServerMetrics } from "../../../electron/server/metrics.ts";
import { Buckets } from "../../../electron/server/rate-limits.ts";
import { ReplayGuard } from "../../../electron/server/replay.ts";
import type { Request } from "../../../electron/server/request.ts";
import { RoomService } from "../../../electron/server/room-service.ts";
import type { SignatureVerdict } from "../../../electron/server/signatures.ts";
import type { ConnectionId, PublicKey } from "../../../shared/base/brand.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeKey } from "../../fakes/peer.ts";
import { FakeRoomStore } from "../../fakes/room-store.ts";
import { FakeServerSocket } from "../../fakes/server-socket.ts";

// Who gets how many signatures checked when there is more to check than time: counted, not timed. One verification is
// the unit of work, and `tick` is what the event loop gives to it before it does anything else.

const PER_TICK = 64;
/** How many forms a signature that fits none is tried against. */
const BAD_COST = 4;

let clock: FakeClock;
let ticks: (() => void)[];
let context: ConnectionContext;
/** Verifications spent on each address. */
let spent: Map<string, number>;
let nextTag: number;

beforeEach(() => {
  clock = new FakeClock();
  ticks = [];
  spent = new Map();
  nextTag = 1;
  const metrics = new ServerMetrics(false);
  const limits = defaultLimits;
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const guard = () => new ReplayGuard(100_000, 60_000, clock.now(), () => true);
  const store = new FakeRoomStore();
  context = {
    service: new RoomService({ store, limits, clock, random, logger: silentLogger, metrics }),
    limits,
    metrics,
    logger: silentLogger,
    now: () => clock.now(),
    changes: guard(),
    signals: guard(),
    addresses: new AddressLimits(1_000),
    keys: new Buckets(limits.messageBurst, 5_000),
    turns: new FairTurns({ maxUnderway: 4, perTick: PER_TICK, defer: (task) => ticks.push(task) }),
    backlog: new Backlog(),
  };
});

function tick(): void {
  for (const task of ticks.splice(0)) task();
}

let nextId = 0;
function open(group: string): FakeServerSocket {
  const socket = new FakeServerSocket();
  const check = ({ message }: Request, done: (verdict: SignatureVerdict) => void) => {
    const isBad = message.signature === "forged";
    const cost = isBad ? BAD_COST : 1;
    spent.set(group, (spent.get(group) ?? 0) + cost);
    done(isBad ? { ok: false, cost } : { ok: true, tag: nextTag++, cost });
  };
  new Connection(`c-${nextId++}` as ConnectionId, { group, isLimited: true }, socket, { check }, context);
  return socket;
}

function candidate(key: PublicKey, signature = "signed"): string {
  const target = { room_id: "nowhere", destination_id: "somebody", candidate: "c" };
  return JSON.stringify({ type: "Candidate", public_key: key, ...target, signature });
}

/** So many sockets of one address, each with as much to say as it may without being closed. */
function crowd(group: string, sockets: number, perSocket: number, signature?: string): void {
  for (let i = 0; i < sockets; i++) {
    const socket = open(group);
    for (let j = 0; j < perSocket; j++) socket.receive(candidate(fakeKey(1000 + i), signature));
  }
}

const answers = (socket: FakeServerSocket) => socket.sent.filter(({ data }) => data === "Room does not exist").length;

describe("a flood of bad signatures", () => {
  it("from a thousand sockets of one address leaves half of the time to a single client elsewhere", () => {
    crowd("flood", 1_000, 5, "forged");
    const honest = open("honest");
    for (let i = 0; i < 500; i++) honest.receive(candidate(fakeKey(1)));
    const before = spent.get("flood") ?? 0;
    for (let i = 0; i < 10; i++) tick();
    const flood = (spent.get("flood") ?? 0) - before;
    expect(answers(honest)).toBeGreaterThanOrEqual((10 * PER_TICK) / 2 - PER_TICK);
    expect(flood).toBeLessThanOrEqual((10 * PER_TICK) / 2 + PER_TICK);
    expect(honest.ended).toBeUndefined();
  });

  it("from fifty addresses leaves a client its fifty-first part", () => {
    for (let i = 0; i < 50; i++) crowd(`flood-${i}`, 20, 5, "forged");
    const honest = open("honest");
    for (let i = 0; i < 100; i++) honest.receive(candidate(fakeKey(1)));
    for (let i = 0; i < 60; i++) tick();
    expect(answers(honest)).toBeGreaterThanOrEqual((60 * PER_TICK) / 51 - PER_TICK);
  });

  it("ends: the address has 200 offences, and each further one costs it a socket", () => {
    crowd("flood", 1_000, 30, "forged");
    for (let i = 0; i < 1_000 && ticks.length > 0; i++) tick();
    expect(ticks).toEqual([]);
    expect(spent.get("flood")).toBeLessThanOrEqual((200 + 1_000) * BAD_COST);
  });
});

describe("a flood of good signatures", () => {
  it("from a hundred sockets of one address leaves half of the time to a single client elsewhere", () => {
    crowd("flood", 100, 100);
    const honest = open("honest");
    for (let i = 0; i < 500; i++) honest.receive(candidate(fakeKey(1)));
    for (let i = 0; i < 10; i++) tick();
    expect(answers(honest)).toBeGreaterThanOrEqual((10 * PER_TICK) / 2 - PER_TICK);
  });

  it("from one socket leaves its neighbours at the same address their turns", () => {
    const flood = open("office");
    const neighbours = [open("office"), open("office")];
    for (let i = 0; i < 900; i++) flood.receive(candidate(fakeKey(1)));
    for (const [i, each] of neighbours.entries()) for (let j = 0; j < 50; j++) each.receive(candidate(fakeKey(10 + i)));
    for (let i = 0; i < 4; i++) tick();
    expect(neighbours.map(answers)).toEqual([50, 50]);
    expect(answers(flood)).toBeLessThan(4 * PER_TICK);
  });

  it("beyond an address's allowance is refused to it, without an offence, and to nobody else", () => {
    crowd("flood", 30, 1_000);
    const neighbour = open("flood");
    const elsewhere = open("elsewhere");
    for (const socket of [neighbour, elsewhere]) socket.receive(candidate(fakeKey(9)));
    for (let i = 0; i < 2_000 && ticks.length > 0; i++) tick();
    expect(neighbour.sent.map(({ data }) => data)).toEqual(["Rate limit exceeded. Please try again later."]);
    expect(neighbour.ended).toBeUndefined();
    expect(answers(elsewhere)).toBe(1);
  });
});
