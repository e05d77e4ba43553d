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
import type { SignatureChecker, SignatureVerdict } from "../../../electron/server/signatures.ts";
import type { ConnectionId } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { fakeKey } from "../../fakes/peer.ts";
import { FakeRoomStore } from "../../fakes/room-store.ts";
import { FakeServerSocket } from "../../fakes/server-socket.ts";

const KEY = fakeKey(1);

/** Says yes, unless the signature is "forged"; the tag is the number in the signature. Held back while `isHeld`. */
class FakeSignatures implements SignatureChecker {
  isHeld = false;
  underWay = 0;
  #held: (() => void)[] = [];

  check({ message }: Request, done: (verdict: SignatureVerdict) => void): void {
    this.underWay++;
    const answer = () => {
      this.underWay--;
      done(
        message.signature === "forged" ? { ok: false, cost: 1 } : { ok: true, tag: Number(message.signature), cost: 1 },
      );
    };
    if (this.isHeld) this.#held.push(answer);
    else answer();
  }

  release(): void {
    const [next] = this.#held.splice(0, 1);
    next?.();
  }
}

let clock: FakeClock;
let store: FakeRoomStore;
let context: ConnectionContext;
let signatures: FakeSignatures;
let socket: FakeServerSocket;
let connection: Connection;
let records: LogRecord[];
let nextSignature: number;

function open(id: string): FakeServerSocket {
  const opened = new FakeServerSocket();
  const address = { group: "192.0.2.1", isLimited: true };
  connection = new Connection(id as ConnectionId, address, opened, signatures, context);
  return opened;
}

beforeEach(() => {
  clock = new FakeClock();
  store = new FakeRoomStore();
  signatures = new FakeSignatures();
  records = [];
  nextSignature = 1;
  const logger = createLogger((record) => records.push(record), "debug");
  const metrics = new ServerMetrics(false);
  const limits = {
    ...defaultLimits,
    messagesPerSecond: 10,
    messageBurst: 50,
    byteBurst: 256_000,
    bytesPerSecond: 64_000,
  };
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const guard = () => new ReplayGuard(100, 60_000, clock.now(), () => true);
  context = {
    service: new RoomService({ store, limits, clock, random, logger, metrics }),
    limits,
    metrics,
    logger,
    now: () => clock.now(),
    changes: guard(),
    signals: guard(),
    addresses: new AddressLimits(100),
    keys: new Buckets(50, 5_000),
    // Turns of the event loop are the clock's: none passes unless a test moves it.
    turns: new FairTurns({ maxUnderway: 4, perTick: 1_000, defer: (task) => void clock.after(0, task) }),
    backlog: new Backlog(),
  };
  socket = open("c-1");
});

function message(fields: object = {}): string {
  const signature = String(nextSignature++);
  return JSON.stringify({ type: "LeaveRoom", public_key: KEY, signature, ...fields });
}

const errors = () => socket.sent.map((sent) => sent.data);

describe("the order of checks", () => {
  it("is size, JSON, type, fields, signature, replay: the first thing wrong decides", () => {
    const frames: [string, string][] = [
      [`{"type":"Nonsense","pad":"${"x".repeat(64 * 1024)}`, "Message is too large (64 KiB at most)"],
      ["{nonsense", "Message is not valid JSON"],
      ['["a"]', "Message is not valid JSON"],
      [JSON.stringify({ type: "Nonsense" }), "Unknown message type"],
      [JSON.stringify({ type: "constructor" }), "Unknown message type"],
      [message({ type: "Kick", public_key: "bad", signature: "" }), "Invalid public key format"],
      [message({ type: "Kick", room_id: "r", target_id: "t", signature: "" }), "Signature is required"],
      [message({ type: "Kick", room_id: "r", target_id: "t", signature: "forged" }), "Invalid signature"],
    ];
    for (const [frame] of frames) socket.receive(frame);
    expect(errors()).toEqual(frames.map(([, sentence]) => sentence));
  });

  it("a binary frame is answered", () => {
    socket.onBinary(10);
    expect(errors()).toEqual(["Messages must be text frames"]);
  });

  it("message_id is echoed as soon as it could be read", () => {
    socket.receive(JSON.stringify({ type: "Nonsense", message_id: "a" }));
    socket.receive(message({ signature: "forged", message_id: "b" }));
    socket.receive(message({ message_id: "c" }));
    socket.receive(message({ message_id: null }));
    expect(socket.sent.map((sent) => sent.message_id)).toEqual(["a", "b", "c", undefined]);
  });
});

describe("one socket, one key", () => {
  it("another key is refused after the first verified message, and only then", () => {
    socket.receive(message({ public_key: fakeKey(2), signature: "forged" }));
    socket.receive(message());
    socket.receive(message({ public_key: fakeKey(2) }));
    expect(errors()).toEqual([
      "Invalid signature",
      "You are not in this room",
      "This connection belongs to another public key",
    ]);
  });
});

describe("a message received twice", () => {
  it("is refused when it has a message_id", () => {
    const frame = message({ message_id: "m" });
    socket.receive(frame);
    socket.receive(frame);
    expect(errors()).toEqual(["You are not in this room", "This message was already received"]);
  });

  it("is the client's own business without a message_id", () => {
    const frame = message();
    socket.receive(frame);
    socket.receive(frame);
    expect(errors()).toEqual(["You are not in this room", "You are not in this room"]);
  });

  it("is refused on another connection", () => {
    const frame = message();
    socket.receive(frame);
    socket = open("c-2");
    socket.receive(frame);
    expect(errors()).toEqual(["This message was already received"]);
  });
});

describe("frames of one connection", () => {
  it("are carried out one after another, one signature under way at a time", () => {
    signatures.isHeld = true;
    for (const id of ["1", "2", "3"]) socket.receive(message({ message_id: id }));
    expect(signatures.underWay).toBe(1);
    expect(socket.sent).toEqual([]);
    for (let i = 0; i < 3; i++) signatures.release();
    expect(socket.sent.map((sent) => sent.message_id)).toEqual(["1", "2", "3"]);
  });

  it("stop being read while too many wait, and are read again afterwards", () => {
    signatures.isHeld = true;
    for (let i = 0; i < 40; i++) socket.receive(message());
    expect(socket.isPaused).toBe(true);
    expect(connection.isPaused).toBe(true);
    for (let i = 0; i < 40; i++) signatures.release();
    expect(socket.isPaused).toBe(false);
    expect(socket.sent).toHaveLength(40);
  });

  it("stop being read while too much waits, however few they are", () => {
    signatures.isHeld = true;
    for (let i = 0; i < 4; i++) socket.receive(message({ padding: "x".repeat(60_000) }));
    expect(socket.isPaused).toBe(true);
  });

  it("are forgotten when the socket closes", () => {
    signatures.isHeld = true;
    socket.receive(message());
    socket.receive(message());
    connection.closed();
    signatures.release();
    expect(signatures.underWay).toBe(0);
    expect(socket.sent).toEqual([]);
  });
});

describe("a client that misbehaves", () => {
  it("is closed with 1008 at its 21st offence within a minute", () => {
    for (let i = 0; i < 20; i++) socket.receive("{");
    expect(socket.ended).toBeUndefined();
    socket.receive("{");
    expect(socket.ended).toBe(1008);
    expect(socket.sent).toHaveLength(20);
    expect(connection.isOpen).toBe(false);
  });

  it("is forgiven what lies a minute back", async () => {
    for (let i = 0; i < 20; i++) socket.receive("{");
    await clock.advance(60_000);
    for (let i = 0; i < 20; i++) socket.receive("{");
    expect(socket.ended).toBeUndefined();
  });

  it("is not one who meets a race or mistypes a PIN", () => {
    for (let i = 0; i < 40; i++)
      socket.receive(message({ type: "Offer", room_id: "r", destination_id: "d", offer: "o" }));
    expect(errors()).toEqual(Array(40).fill("Room does not exist"));
    expect(socket.ended).toBeUndefined();
  });

  it("is held to the same number of binary frames, which are answered no more often than others", () => {
    for (let i = 0; i < 15; i++) socket.onBinary(10);
    expect(errors()).toEqual(Array(15).fill("Messages must be text frames"));
    for (let i = 0; i < 10; i++) socket.onBinary(10);
    expect(socket.ended).toBe(1008);
    expect(socket.sent).toHaveLength(20);
  });

  it("has as many pings answered as it may send messages, and is closed when it goes on", () => {
    for (let i = 0; i < 50; i++) socket.onPing(new Uint8Array(4));
    expect(socket.pongs).toBe(50);
    for (let i = 0; i < 20; i++) socket.onPing(new Uint8Array(4));
    expect([socket.pongs, socket.sent, socket.ended]).toEqual([50, [], undefined]);
    socket.onPong(0);
    expect(socket.ended).toBe(1008);
  });

  it("is held to so many bytes, however few its messages are", async () => {
    const large = () => message({ padding: "x".repeat(60_000) });
    for (let i = 0; i < 8; i++) socket.receive(large());
    expect(errors()).toEqual([
      ...Array(4).fill("You are not in this room"),
      ...Array(4).fill("Rate limit exceeded. Please try again later."),
    ]);
    await clock.advance(1_000);
    socket.receive(large());
    expect(errors().at(-1)).toBe("You are not in this room");
  });

  it("is not read any more once it is closed, nor heard", () => {
    for (let i = 0; i < 21; i++) socket.receive("{");
    expect(socket.isPaused).toBe(true);
    const { length } = socket.sent;
    socket.receive(message());
    socket.onPing(new Uint8Array(4));
    expect([socket.sent.length, socket.pongs, signatures.underWay]).toEqual([length, 0, 0]);
  });

  it("gains nothing by a second socket for the same key", async () => {
    for (let i = 0; i < 30; i++) socket.receive(message());
    const second = open("c-2");
    for (let i = 0; i < 30; i++) second.receive(message());
    expect(second.sent.map(({ data }) => data)).toEqual([
      ...Array(20).fill("You are not in this room"),
      ...Array(10).fill("Rate limit exceeded. Please try again later."),
    ]);
  });

  it("has its whole address answer for it: after 200 offences there, each one closes its socket", () => {
    for (let i = 0; i < 10; i++) {
      socket = open(`c-${i}`);
      for (let j = 0; j < 20; j++) socket.receive("{");
      expect(socket.ended).toBeUndefined();
    }
    const neighbour = open("c-neighbour");
    neighbour.receive(message());
    expect(neighbour.sent.map(({ data }) => data)).toEqual(["You are not in this room"]);
    const next = open("c-next");
    next.receive("{");
    expect(next.ended).toBe(1008);
    expect(neighbour.ended).toBeUndefined();
  });

  it("writes no towers of brackets that would have to be written out again", () => {
    const depth = 20_000;
    const tower = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    socket.receive(message({ extra: "TOWER", message_id: "t" }).replace('"TOWER"', tower));
    socket.receive(message({ extra: { one: { two: [3] } }, message_id: "u" }));
    expect(errors()).toEqual(["Invalid field: extra", "You are not in this room"]);
    expect(socket.sent[0]?.message_id).toBe("t");
    expect(records.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("is told when it sends too many messages, and closed when it goes on", () => {
    for (let i = 0; i < 70; i++) socket.receive(message());
    expect(errors().slice(0, 50)).toEqual(Array(50).fill("You are not in this room"));
    expect(errors().slice(50)).toEqual(Array(20).fill("Rate limit exceeded. Please try again later."));
    expect(socket.ended).toBeUndefined();
    socket.receive(message());
    expect(socket.ended).toBe(1008);
  });
});

describe("a client that does not read", () => {
  it("is not answered its pings either", () => {
    socket.bufferedAmount = 1024 * 1024 + 1;
    socket.onPing(new Uint8Array(4));
    expect([socket.pongs, socket.ended]).toEqual([0, "terminated"]);
  });

  it("is cut off before a megabyte more piles up", () => {
    socket.bufferedAmount = 1024 * 1024 + 1;
    connection.send("{}");
    expect(socket.ended).toBe("terminated");
    expect(socket.sent).toEqual([]);
  });
});

describe("what goes wrong inside", () => {
  it("is an Error to the client and a line in the log, not a crash", async () => {
    socket.receive(message({ type: "CreateRoom", room_name: "R", password: "1234" }));
    while (socket.sent.length < 1) await settle();
    const roomId = socket.sent[0]?.room_id;
    store.failWith = new Error("disk gone");
    socket.receive(message({ type: "Rename", room_id: roomId, room_name: "N", message_id: "r" }));
    expect(socket.sent[1]).toEqual({ type: "Error", data: "Internal server error", message_id: "r" });
    expect(records).toContainEqual(
      expect.objectContaining({ level: "error", fields: expect.objectContaining({ error: "disk gone" }) }),
    );
  });

  it("does not stop what comes after it, even in the middle of a signature's check", () => {
    const { check } = signatures;
    signatures.check = () => {
      throw new Error("no such curve");
    };
    socket.receive(message({ message_id: "thrown" }));
    signatures.check = check;
    for (let i = 0; i < 5; i++) socket.receive(message());
    expect(errors()).toEqual(["Internal server error", ...Array(5).fill("You are not in this room")]);
    expect(socket.sent[0]?.message_id).toBe("thrown");
  });

  it("shows no PIN, signature or whole key in any log line", async () => {
    socket.receive(message({ type: "CreateRoom", room_name: "R", password: "8642", signature: "777123" }));
    while (socket.sent.length < 1) await settle();
    socket.receive(message({ type: "JoinRoom", room_id: socket.sent[0]?.room_id, password: "9753" }));
    while (socket.sent.length < 2) await settle();
    const written = JSON.stringify(records);
    expect(records.length).toBeGreaterThan(1);
    for (const secret of ["8642", "9753", "777123", KEY]) expect(written).not.toContain(secret);
  });
});
