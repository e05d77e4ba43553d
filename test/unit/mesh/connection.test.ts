import { describe, expect, it } from "vitest";
import { base64 } from "../../../shared/base/bytes.ts";
import type { Failure } from "../../../shared/base/result.ts";
import { Connection, type SelfDescription } from "../../../shared/mesh/connection.ts";
import {
  type ControlMessage,
  encodeControl,
  HELLO_BURST,
  type Hello,
  helloProof,
  MAX_CONTROL_LENGTH,
  MAX_CONTROL_PER_SECOND,
} from "../../../shared/mesh/control.ts";
import type { Fingerprints, PeerTransport } from "../../../shared/mesh/ports.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import {
  type KeyPair,
  keyPair,
  larger,
  room,
  type slowSigner as SlowSigner,
  signerOf,
  slowSigner,
  smaller,
  verifySignature,
} from "./fixtures.ts";

/** A transport whose other end is the test. */
class StubTransport implements PeerTransport {
  onSignal = () => {};
  onOpen = () => {};
  onControl: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  readonly lane = undefined;
  readonly path = undefined;
  readonly sent: ControlMessage[] = [];
  fingerprints: Fingerprints | undefined = { local: "AA", remote: "BB" };
  closes = 0;
  signal() {}
  sendControl(text: string): boolean {
    this.sent.push(JSON.parse(text));
    return true;
  }
  close() {
    this.closes++;
  }
  receive(message: ControlMessage) {
    this.onControl(encodeControl(message));
  }
}

const [self, peer] = [smaller, larger];

async function helloFrom(pair: KeyPair, to: KeyPair, from = "BB", towards = "AA", username = "bob"): Promise<Hello> {
  const proof = await signerOf(pair).sign(helloProof(pair.publicKey, to.publicKey, from, towards));
  return { t: "hello", v: 1, username, ipv4_salt: 0, mtu: 1280, capabilities: [], proof: base64.encode(proof) };
}

function connection(signer = signerOf(self)) {
  const clock = new FakeClock();
  const transport = new StubTransport();
  const heard: string[] = [];
  const ends: Failure[] = [];
  const description: SelfDescription & { username: string } = { username: "ann", ipv4Salt: 0, mtu: 1280 };
  const made = new Connection(
    { session: "s", room, peer: peer.publicKey },
    transport,
    () => description,
    { signer, verify: verifySignature, clock },
    {
      onHello: (hello) => heard.push(`hello ${hello.username}`),
      onRoundTrip: (ms) => heard.push(`rtt ${ms}`),
      onLaneChange: () => {},
      onBye: (left) => heard.push(`bye ${left}`),
      onTrust: (body) => heard.push(`trust ${JSON.stringify(body)}`),
      onEnd: (failure) => ends.push(failure),
    },
  );
  return { clock, transport, heard, ends, description, connection: made };
}

async function greeted(signer?: ReturnType<typeof SlowSigner>["signer"]) {
  const all = connection(signer);
  all.transport.onOpen();
  all.transport.receive(await helloFrom(peer, self));
  await settle();
  return all;
}

describe("a connection's hello", () => {
  it("says who this is, proved for both certificates, when the channel opens", async () => {
    const { transport } = connection();
    expect(transport.sent).toEqual([]);
    transport.onOpen();
    await settle();
    expect(transport.sent).toEqual([await helloFrom(self, peer, "AA", "BB", "ann")]);
  });

  it("is heard once the other end has proved who it is", async () => {
    const { heard, connection } = await greeted();
    expect(heard).toEqual(["hello bob"]);
    expect(connection.hello?.mtu).toBe(1280);
  });

  it.each<[string, () => Promise<Hello>]>([
    ["certificates other than this connection's", () => helloFrom(peer, self, "CC", "DD")],
    ["the two certificates swapped", () => helloFrom(peer, self, "AA", "BB")],
    ["our own hello, sent back to us", () => helloFrom(self, peer, "AA", "BB")],
    ["somebody else's key", () => helloFrom(keyPair(9), self)],
    ["a hello that was meant for somebody else", () => helloFrom(peer, keyPair(9))],
    ["no signature at all", async () => ({ ...(await helloFrom(peer, self)), proof: "" })],
  ])("is refused with %s: somebody is in the middle", async (_name, hello) => {
    const { transport, heard, ends } = connection();
    transport.onOpen();
    transport.receive(await hello());
    await settle();
    expect(ends).toMatchObject([{ code: "bad_proof" }]);
    expect(transport.closes).toBe(1);
    expect(heard).toEqual([]);
  });

  it("is news when it comes again", async () => {
    const { transport, heard, connection } = await greeted();
    transport.receive(await helloFrom(peer, self, "BB", "AA", "robert"));
    await settle();
    expect(heard).toEqual(["hello bob", "hello robert"]);
    expect(connection.hello?.username).toBe("robert");
  });

  it("cannot be said without fingerprints", async () => {
    const { transport, ends } = connection();
    transport.fingerprints = undefined;
    transport.onOpen();
    await settle();
    expect(ends).toMatchObject([{ code: "no_fingerprint" }]);
  });

  it("too often is a flood", async () => {
    const { transport, ends, clock } = await greeted();
    const hello = await helloFrom(peer, self);
    for (let i = 1; i < HELLO_BURST; i++) transport.receive(hello);
    expect(ends).toEqual([]);
    await clock.advance(1_000);
    transport.receive(hello);
    expect(ends).toEqual([]);
    transport.receive(hello);
    expect(ends).toMatchObject([{ code: "flood" }]);
  });

  it("regression: one that overtook the opening of our own lane put a link without a lane into use", async () => {
    const { transport, heard } = connection();
    transport.receive(await helloFrom(peer, self));
    await settle();
    expect(heard).toEqual([]);
    transport.onOpen();
    await settle();
    expect(heard).toEqual(["hello bob"]);
  });

  it("regression: a goodbye right behind it was dropped while ours was being signed", async () => {
    const slow = slowSigner(self);
    const { transport, heard } = connection(slow.signer);
    transport.onOpen();
    transport.receive(await helloFrom(peer, self));
    transport.receive({ t: "bye" });
    await settle();
    expect(heard).toEqual([]);
    slow.release();
    await settle();
    expect(heard).toEqual(["hello bob", "bye undefined"]);
  });

  it("goes out before the other end's counts", async () => {
    const slow = slowSigner(self);
    const { transport, heard } = connection(slow.signer);
    transport.onOpen();
    transport.receive(await helloFrom(peer, self));
    await settle();
    expect(transport.sent).toEqual([]);
    slow.release();
    await settle();
    expect(transport.sent).toMatchObject([{ t: "hello" }]);
    expect(heard).toEqual(["hello bob"]);
  });

  it("regression: a slow signature let an old hello go out after a newer one", async () => {
    const slow = slowSigner(self);
    const { transport, connection: made, description } = connection(slow.signer);
    transport.onOpen();
    await settle();
    description.username = "anna";
    void made.greet();
    slow.release();
    await settle();
    slow.release();
    await settle();
    expect(transport.sent.map((message) => message.t === "hello" && message.username)).toEqual(["anna", "anna"]);
  });

  it("regression: a signer that fails ended the process instead of the connection", async () => {
    const slow = slowSigner(self);
    const { transport, ends } = connection(slow.signer);
    transport.onOpen();
    await settle();
    slow.fail();
    await settle();
    expect(ends).toMatchObject([{ code: "not_signed", message: expect.stringContaining("the keychain is locked") }]);
    expect(transport.closes).toBe(1);
  });
});

describe("a connection", () => {
  it("answers a ping and measures a pong", async () => {
    const { transport, heard, clock, connection } = await greeted();
    transport.receive({ t: "ping", id: 41 });
    expect(transport.sent.at(-1)).toEqual({ t: "pong", id: 41 });
    const replies: number[] = [];
    connection.ping((ms) => replies.push(ms));
    const ping = transport.sent.at(-1) as { t: "ping"; id: number };
    await clock.advance(30);
    transport.receive({ t: "pong", id: ping.id });
    transport.receive({ t: "pong", id: ping.id });
    expect(replies).toEqual([30]);
    expect(heard).toEqual(["hello bob", "rtt 30"]);
  });

  it("ignores a pong that it did not ask for, and types that it does not know", async () => {
    const { transport, heard, ends } = await greeted();
    transport.receive({ t: "pong", id: 999 });
    transport.onControl('{"t":"chat"}');
    expect(heard).toEqual(["hello bob"]);
    expect(ends).toEqual([]);
  });

  it("answers a ping even before the hello", () => {
    const { transport } = connection();
    transport.receive({ t: "ping", id: 1 });
    expect(transport.sent).toEqual([{ t: "pong", id: 1 }]);
  });

  it("counts pings without any sign of life", async () => {
    const { transport, connection } = await greeted();
    connection.ping();
    connection.ping();
    expect(connection.unanswered).toBe(2);
    transport.onControl('{"t":"chat"}');
    expect(connection.unanswered).toBe(0);
  });

  it("takes a goodbye only from who has said hello", async () => {
    const stranger = connection();
    stranger.transport.onOpen();
    await settle();
    stranger.transport.receive({ t: "bye" });
    await settle();
    expect(stranger.heard).toEqual([]);
    const { transport, heard } = await greeted();
    transport.receive({ t: "bye", room });
    await settle();
    expect(heard).toEqual(["hello bob", "bye room1"]);
  });

  it("hears of trust from who has said hello, and from nobody before: that is dropped and harms nothing", async () => {
    const { transport, heard, ends } = connection();
    transport.onOpen();
    transport.receive({ t: "trust", body: { kind: "early" } });
    transport.receive(await helloFrom(peer, self));
    transport.receive({ t: "trust", body: { kind: "room" } });
    await settle();
    expect(heard).toEqual(["hello bob", 'trust {"kind":"room"}']);
    expect(ends).toEqual([]);
  });

  it("keeps what is said of trust right behind a hello until its own is out, in order", async () => {
    const slow = slowSigner(self);
    const { transport, heard } = connection(slow.signer);
    transport.onOpen();
    transport.receive(await helloFrom(peer, self));
    for (const kind of ["room", "policy"]) transport.receive({ t: "trust", body: { kind } });
    transport.receive({ t: "bye" });
    await settle();
    expect(heard).toEqual([]);
    slow.release();
    await settle();
    expect(heard).toEqual(["hello bob", 'trust {"kind":"room"}', 'trust {"kind":"policy"}', "bye undefined"]);
  });

  it("regards nothing of trust from who could not prove who it is", async () => {
    const { transport, heard, ends, connection: made } = connection();
    transport.onOpen();
    transport.receive(await helloFrom(keyPair(9), self));
    transport.receive({ t: "trust", body: { kind: "room" } });
    await settle();
    expect(heard).toEqual([]);
    expect(ends).toMatchObject([{ code: "bad_proof" }]);
    expect(made.proven).toBeUndefined();
  });

  it("knows for which certificates the proof holds, also once it is closed", async () => {
    const { transport, connection: made } = await greeted();
    expect(made.proven).toEqual({ local: "AA", remote: "BB" });
    transport.fingerprints = undefined;
    made.close();
    expect(made.proven).toEqual({ local: "AA", remote: "BB" });
  });

  it("says of trust what the other end takes, and nothing that would make it hang up", async () => {
    const { transport, connection: made } = await greeted();
    const sent = transport.sent.length;
    const around = encodeControl({ t: "trust", body: { a: "" } }).length;
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    expect(made.say({ a: "x".repeat(MAX_CONTROL_LENGTH - around) })).toBe(true);
    expect(transport.sent.at(-1)).toMatchObject({ t: "trust" });
    for (const body of [{ a: "x".repeat(MAX_CONTROL_LENGTH - around + 1) }, endless, [1], { a: 1n }]) {
      expect(made.say(body)).toBe(false);
    }
    expect(transport.sent).toHaveLength(sent + 1);
  });

  it.each([
    ["malformed", "{"],
    ["malformed", '{"t":"trust","body":[]}'],
    ["too_large", "x".repeat(MAX_CONTROL_LENGTH + 1)],
  ])("ends over a message that is %s", async (code, raw) => {
    const { transport, ends } = await greeted();
    transport.onControl(raw);
    expect(ends).toMatchObject([{ code }]);
    expect(transport.closes).toBe(1);
  });

  it("ends over a flood, and not over as much as is allowed", async () => {
    const { transport, ends, clock } = await greeted();
    await clock.advance(1_000);
    for (let i = 0; i < MAX_CONTROL_PER_SECOND; i++) transport.receive({ t: "ping", id: i });
    expect(ends).toEqual([]);
    transport.receive({ t: "ping", id: 0 });
    expect(ends).toMatchObject([{ code: "flood" }]);
    transport.receive({ t: "ping", id: 0 });
    expect(ends).toHaveLength(1);
  });

  it("ends over a flood of trust as of anything else, however large each of it is", async () => {
    const { transport, ends, heard, clock } = await greeted();
    await clock.advance(1_000);
    heard.length = 0;
    const body = { a: "x".repeat(MAX_CONTROL_LENGTH - 100) };
    for (let i = 0; i < 3 * MAX_CONTROL_PER_SECOND; i++) transport.receive({ t: "trust", body });
    expect(ends).toMatchObject([{ code: "flood" }]);
    await settle();
    expect(heard).toEqual([]);
    expect(transport.closes).toBe(1);
  });

  it("tells once that it ended, and not at all when it was closed from here", async () => {
    const { transport, ends } = await greeted();
    transport.onClose("gone");
    transport.onClose("gone");
    expect(ends).toEqual([{ code: "closed", message: "gone" }]);
    const other = await greeted();
    other.connection.close();
    other.connection.close();
    expect(other.ends).toEqual([]);
    expect(other.transport.closes).toBe(1);
  });

  it("says nothing more when it was closed while its hello was being signed", async () => {
    const slow = slowSigner(self);
    const { transport, connection: made, ends, clock } = connection(slow.signer);
    transport.onOpen();
    await settle();
    made.close();
    slow.release();
    await settle();
    expect(transport.sent).toEqual([]);
    expect(ends).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
