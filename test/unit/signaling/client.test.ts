import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../shared/base/logger.ts";
import { keyPairFrom, type Signer, signerOf } from "../../../shared/identity/keys.ts";
import type { ServerMessage } from "../../../shared/protocols/govpn/messages.ts";
import { sentence } from "../../../shared/protocols/govpn/sentences.ts";
import { SignalingClient, type SignalingState } from "../../../shared/signaling/client.ts";
import type { DialSignaling } from "../../../shared/signaling/ports.ts";
import { MAX_PENDING_REQUESTS, type RequestPhase } from "../../../shared/signaling/requests.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { FakeSignalingServer } from "../../fakes/signaling-server.ts";
import { fakeDialer } from "../../fakes/socket.ts";
import { seededBytes } from "../room/harness.ts";

const pair = keyPairFrom(new Uint8Array(32).fill(7));
const create = { type: "CreateRoom", room_name: "Home", password: "1234" } as const;
const join = (room_id: string, password = "1234") => ({ type: "JoinRoom", room_id, password }) as const;
const rename = (room_name: string) => ({ type: "Rename", room_id: "room1", room_name }) as const;
const offer = { type: "Offer", room_id: "room1", destination_id: "c1", offer: "o" } as const;

let clock: FakeClock;
let server: FakeSignalingServer;
let client: SignalingClient;
let states: SignalingState[];
let messages: ServerMessage[];
let errors: string[];

function makeClient(options: { dial?: DialSignaling; signer?: Signer } = {}): SignalingClient {
  const made = new SignalingClient({
    url: "ws://fake/ws",
    dial: options.dial ?? server.dial,
    signer: options.signer ?? signerOf(pair),
    clock,
    random: seededBytes(3),
    logger: silentLogger,
  });
  made.events.on("state", (state) => states.push(state));
  made.events.on("message", (message) => messages.push(message));
  made.events.on("protocolError", ({ code }) => errors.push(code));
  return made;
}

const code = async (result: Promise<{ ok: boolean; error?: { code: string } }>) => (await result).error?.code ?? "ok";
const addRooms = (...ids: string[]) => {
  for (const id of ids) server.rooms.set(id, { id, name: id, pin: "1234", owner: pair.publicKey, members: new Map() });
};

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeSignalingServer();
  [states, messages, errors] = [[], [], []];
  client = makeClient();
});

afterEach(async () => {
  client.stop();
  await settle();
  expect(clock.pending).toBe(0);
});

describe("the connection of a signaling client", () => {
  it("comes up, and tells so with the wall clock's time", async () => {
    client.start();
    await settle();
    expect(states).toEqual([
      { kind: "connecting", since: clock.wallTime() },
      { kind: "online", since: clock.wallTime() },
    ]);
  });

  it("comes back after a loss, telling why it is away and when it tries again", async () => {
    client.start();
    await clock.advance(20_000);
    server.dropAll("closed by the server (1001)");
    await settle();
    const { kind, reason, retryAt = 0 } = client.state;
    expect([kind, reason]).toEqual(["waiting", "closed by the server (1001)"]);
    expect(retryAt - clock.wallTime()).toBeGreaterThanOrEqual(1_000);
    expect(retryAt - clock.wallTime()).toBeLessThanOrEqual(2_000);
    await clock.advance(2_000);
    expect(client.state.kind).toBe("online");
  });

  it("spaces its attempts from 1 to 30 seconds while the server is down", async () => {
    server.reachable = false;
    client.start();
    await clock.advance(10 * 60_000);
    const waits = states.flatMap(({ kind, since, retryAt = 0 }) => (kind === "waiting" ? [retryAt - since] : []));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(waits.slice(5).every((wait) => wait >= 15_000)).toBe(true);
    expect(server.dials).toBeGreaterThan(20);
  });

  it("tries at once when told that the network is back", async () => {
    server.reachable = false;
    client.start();
    await clock.advance(60_000);
    server.reachable = true;
    client.retryNow();
    await settle();
    expect(client.state.kind).toBe("online");
  });

  it("has its socket checked when the network changes under it", async () => {
    const { dial, dialled } = fakeDialer();
    const other = makeClient({ dial });
    other.start();
    dialled[0]?.accept();
    await settle();
    other.retryNow();
    expect(dialled.map(({ probes }) => probes)).toEqual([1]);
    other.stop();
  });

  it("no longer hears a socket that it has let go", async () => {
    const { dial, dialled } = fakeDialer();
    const other = makeClient({ dial });
    other.start();
    await clock.advance(5_000);
    other.retryNow();
    const [old, current] = dialled;
    old?.onOpen();
    old?.onMessage('{"type":"Kicked","room_id":"r"}');
    old?.onClose("late");
    expect([other.state.kind, messages]).toEqual(["connecting", []]);
    current?.accept();
    await settle();
    expect(other.state.kind).toBe("online");
    other.stop();
  });

  it("stays down once stopped, and can be started again", async () => {
    client.start();
    await settle();
    client.stop();
    await clock.advance(60_000);
    expect([client.state.kind, server.connections, server.dials]).toEqual(["stopped", 0, 1]);
    client.start();
    await settle();
    expect(client.state.kind).toBe("online");
  });
});

describe("a request", () => {
  it("is signed, carries a fresh 128-bit id, and gets the reply with that id", async () => {
    client.start();
    const made = await client.request(create);
    expect(made).toMatchObject({ ok: true, value: { type: "RoomCreated", room_id: "room1" } });
    expect(server.received[0]?.message_id).toMatch(/^[0-9a-f]{32}$/);
    await client.request(rename("Den"));
    expect(new Set(server.received.map(({ message_id }) => message_id)).size).toBe(2);
    expect(messages.map(({ type }) => type)).toEqual(["RoomRenamed"]);
  });

  it("fails with the meaning of the server's sentence", async () => {
    client.start();
    expect(await client.request(join("nowhere"))).toEqual({
      ok: false,
      error: { code: "room_missing", message: sentence.roomMissing },
    });
  });

  it("asked while offline waits, and is sent in order when online", async () => {
    const phases: RequestPhase[] = [];
    const made = client.request(create, { onPhase: (phase) => phases.push(phase) });
    const renamed = client.request(rename("Den"));
    await clock.advance(1_000);
    expect(server.received).toEqual([]);
    client.start();
    await settle();
    expect([await code(made), await code(renamed)]).toEqual(["ok", "ok"]);
    expect(server.received.map(({ type }) => type)).toEqual(["CreateRoom", "Rename"]);
    expect(phases).toEqual([{ kind: "offline" }, { kind: "sent" }]);
  });

  it("times out when it cannot be sent in time, or is not answered in time", async () => {
    const unsent = client.request(create, { deadlineMs: 5_000 });
    await clock.advance(5_000);
    expect(await code(unsent)).toBe("timeout");

    server.intercept = () => true;
    client.start();
    await settle();
    const unanswered = client.request(rename("x"));
    await clock.advance(9_999);
    const quick = client.request(rename("y"), { timeoutMs: 1 });
    await clock.advance(1);
    expect([await code(unanswered), await code(quick)]).toEqual(["timeout", "timeout"]);
  });

  it("can be called off", async () => {
    const controller = new AbortController();
    const made = client.request(create, { signal: controller.signal });
    controller.abort();
    expect(await code(made)).toBe("aborted");
    expect(await code(client.request(create, { signal: controller.signal }))).toBe("aborted");
    client.start();
    await settle();
    expect(server.received).toEqual([]);
  });

  it("fails with the client when that is stopped", async () => {
    client.start();
    server.intercept = () => true;
    const waiting = client.request(rename("x"));
    await settle();
    client.stop();
    expect(await code(waiting)).toBe("stopped");
  });

  it("beyond what a client can mean is refused", async () => {
    const all = Array.from({ length: MAX_PENDING_REQUESTS }, () => client.request(rename("x")));
    expect(await code(client.request(rename("x")))).toBe("queue_full");
    client.stop();
    expect(await code(Promise.race(all))).toBe("stopped");
  });

  it("fails by itself when it cannot be signed, and leaves the next one alone", async () => {
    let refuse = true;
    const signer: Signer = {
      publicKey: pair.publicKey,
      sign: async (bytes) => {
        if (refuse) throw new Error("the keychain is locked");
        return signerOf(pair).sign(bytes);
      },
    };
    const other = makeClient({ signer });
    other.start();
    expect(await code(other.request(create))).toBe("signing_failed");
    refuse = false;
    expect(await code(other.request(create))).toBe("ok");
    other.stop();
  });

  it("hands its reply over before the next message is read", async () => {
    client.start();
    await client.request(create);
    const order: string[] = [];
    client.events.on("message", ({ type }) => order.push(type));
    await client.request(join("room1"), { onReply: ({ type }) => order.push(type) });
    expect(order).toEqual(["RoomJoined", "PeerJoined"]);
  });
});

describe("a connection lost before the reply", () => {
  const loseFirst = (type: string) => {
    let isLost = false;
    server.intercept = (message) => {
      if (message.type !== type || isLost) return false;
      isLost = true;
      server.dropAll();
      return true;
    };
  };

  it.each([
    ["JoinRoom", join("room1")],
    ["LeaveRoom", { type: "LeaveRoom", room_id: "room1" }],
  ] as const)("has %s asked again", async (type, message) => {
    addRooms("room1");
    client.start();
    await settle();
    loseFirst(type);
    const asked = client.request(message);
    await clock.advance(5_000);
    await asked;
    expect(server.ofType(type)).toHaveLength(2);
    const [first, second] = server.ofType(type);
    expect(first?.message_id).not.toBe(second?.message_id);
  });

  it.each([
    ["CreateRoom", create],
    ["Kick", { type: "Kick", room_id: "room1", target_id: "c9" }],
  ] as const)("has %s fail, for it may have happened", async (type, message) => {
    client.start();
    await settle();
    loseFirst(type);
    const asked = client.request(message);
    await clock.advance(5_000);
    expect(await code(asked)).toBe("connection_lost");
    expect(server.ofType(type)).toHaveLength(1);
  });

  it("has nothing asked again whose caller wants to decide that itself", async () => {
    client.start();
    await settle();
    loseFirst("Rename");
    const asked = client.request(rename("x"), { repeat: false });
    await clock.advance(5_000);
    expect(await code(asked)).toBe("connection_lost");
  });

  it("sends a create that was still being signed on the next connection, once", async () => {
    let release = () => {};
    const signer: Signer = {
      publicKey: pair.publicKey,
      sign: async (bytes) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return signerOf(pair).sign(bytes);
      },
    };
    const other = makeClient({ signer });
    other.start();
    await settle();
    const made = other.request(create);
    await settle();
    server.dropAll();
    await settle();
    release();
    await clock.advance(5_000);
    release();
    expect(await code(made)).toBe("ok");
    expect(server.ofType("CreateRoom")).toHaveLength(1);
    other.stop();
  });

  it("does not extend the request's deadline", async () => {
    addRooms("room1");
    client.start();
    await settle();
    server.intercept = () => {
      server.reachable = false;
      server.dropAll();
      return true;
    };
    const asked = client.request(join("room1"), { deadlineMs: 20_000 });
    await clock.advance(20_000);
    expect(await code(asked)).toBe("timeout");
  });
});

describe("the rate limit", () => {
  it("is never hit: the fourth create or join within a minute waits, and its caller knows until when", async () => {
    addRooms("a", "b", "c", "d");
    client.start();
    await settle();
    const phases: RequestPhase[] = [];
    const asked = ["a", "b", "c"].map((id) => client.request(join(id)));
    const fourth = client.request(join("d"), { onPhase: (phase) => phases.push(phase) });
    await Promise.all(asked);
    expect(phases).toEqual([{ kind: "limited", until: 62_000 }]);
    await clock.advance(61_999);
    expect(server.ofType("JoinRoom")).toHaveLength(3);
    await clock.advance(1);
    expect(await code(fourth)).toBe("ok");
  });

  it("does not hold back anything else", async () => {
    addRooms("room1", "b", "c", "d");
    client.start();
    await settle();
    for (const id of ["room1", "b", "c", "d"]) void client.request(join(id));
    expect(await code(client.request(rename("x")))).toBe("ok");
  });

  it("lets what a user asked go before what runs in the background", async () => {
    addRooms("a", "b", "c", "d", "e");
    client.start();
    await settle();
    for (const id of ["a", "b", "c", "d"]) void client.request(join(id), { priority: "background" });
    void client.request(join("e"));
    await clock.advance(63_000);
    expect(server.ofType("JoinRoom").map(({ room_id }) => room_id)).toEqual(["a", "b", "c", "e", "d"]);
  });

  it("stands still for a while when the server counts more than we do", async () => {
    addRooms("a", "b");
    client.start();
    await settle();
    server.intercept = (_, reply) => {
      reply({ type: "Error", data: sentence.rateLimited });
      return true;
    };
    expect(await code(client.request(join("a")))).toBe("rate_limited");
    server.intercept = () => false;
    const next = client.request(join("b"));
    await clock.advance(19_000);
    expect(server.ofType("JoinRoom")).toHaveLength(1);
    await clock.advance(1_000);
    expect(await code(next)).toBe("ok");
  });
});

describe("a server that does not echo message ids", () => {
  beforeEach(async () => {
    server.echoesIds = false;
    addRooms("room1", "b");
    client.start();
    await settle();
  });

  it("has its replies matched by type and room", async () => {
    const asked = [client.request(join("room1")), client.request(join("b")), client.request(rename("Den"))];
    const replies = await Promise.all(asked);
    expect(replies.map((reply) => reply.ok && reply.value)).toMatchObject([
      { type: "RoomJoined", room_id: "room1" },
      { type: "RoomJoined", room_id: "b" },
      { type: "RenameSuccess", room_name: "Den" },
    ]);
  });

  it("has its errors matched to the one request that they can be about", async () => {
    server.intercept = ({ type }) => type === "CreateRoom";
    const made = client.request(create, { timeoutMs: 1_000 });
    expect(await code(client.request(join("room1", "9999")))).toBe("wrong_pin");
    await clock.advance(1_000);
    expect(await code(made)).toBe("timeout");
  });

  it("is not guessed at when an error could be about several requests", async () => {
    server.intercept = () => true;
    const asked = [client.request(join("room1", "9999")), client.request(join("b", "9999"))];
    await settle(10);
    server.say({ type: "Error", data: sentence.wrongPin });
    server.say({ type: "Error", data: sentence.wrongPin });
    await clock.advance(10_000);
    expect(await Promise.all(asked.map(code))).toEqual(["timeout", "timeout"]);
    expect(messages.map(({ type }) => type)).toEqual(["Error", "Error"]);
  });
});

describe("signals", () => {
  it("keep their order although signing takes different times", async () => {
    addRooms("room1");
    let turn = 0;
    const signer: Signer = {
      publicKey: pair.publicKey,
      sign: async (bytes) => {
        await settle(turn++ === 0 ? 6 : 1);
        return signerOf(pair).sign(bytes);
      },
    };
    const other = makeClient({ signer });
    other.start();
    await settle();
    const joined = other.request(join("room1"));
    for (const i of [1, 2, 3]) expect(other.send({ ...offer, offer: `o${i}` })).toBe(true);
    await joined;
    await settle(30);
    expect(server.received.map((message) => ("offer" in message ? message.offer : message.type))).toEqual([
      "JoinRoom",
      "o1",
      "o2",
      "o3",
    ]);
    other.stop();
  });

  it("are dropped, and reported as dropped, while offline", async () => {
    expect(client.send(offer)).toBe(false);
    client.start();
    await settle();
    server.dropAll();
    await settle();
    expect(client.send(offer)).toBe(false);
    await clock.advance(10_000);
    expect(server.received).toEqual([]);
  });

  it("are dropped when more wait for their signature than any mesh sends", async () => {
    const other = makeClient({ signer: { publicKey: pair.publicKey, sign: () => new Promise(() => {}) } });
    other.start();
    await settle();
    const taken = Array.from({ length: 2000 }, () => other.send(offer)).filter(Boolean).length;
    expect(taken).toBe(1024);
    other.stop();
  });
});

describe("what the server says unasked", () => {
  beforeEach(async () => {
    client.start();
    await settle();
  });

  it("is passed on, the rest is reported and dropped", async () => {
    server.say({ type: "Kicked", room_id: "room1" });
    server.say("{");
    server.say('{"type":"Weather"}');
    server.say('{"type":"Kicked"}');
    server.say("x".repeat(70_000));
    await settle();
    expect(messages).toEqual([{ type: "Kicked", room_id: "room1" }]);
    expect(errors).toEqual(["not_json", "unknown_type", "bad_message", "too_large"]);
  });

  it("is no answer to a request, even with its id, if the type or the room is wrong", async () => {
    addRooms("room1");
    server.intercept = (_, reply) => {
      reply({ type: "RoomJoined", room_id: "other" });
      return true;
    };
    expect(await code(client.request(join("room1")))).toBe("bad_reply");
    server.intercept = (_, reply) => {
      reply({ type: "RenameSuccess", room_id: "room1" });
      return true;
    };
    expect(await code(client.request(join("room1")))).toBe("bad_reply");
  });

  it("may be of types that a newer server knows, any number of them", async () => {
    for (let i = 0; i < 500; i++) server.say('{"type":"Weather"}');
    await settle();
    expect(client.state.kind).toBe("online");
    for (let i = 0; i < 65; i++) server.say("garbage");
    await settle();
    expect(client.state.kind).toBe("waiting");
  });
});
