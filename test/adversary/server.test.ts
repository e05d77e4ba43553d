import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PublicKey } from "../../shared/base/brand.ts";
import { base64 } from "../../shared/base/bytes.ts";
import type { PeerTransport } from "../../shared/mesh/ports.ts";
import type { Frame } from "../fakes/signaling-server.ts";
import { linkOf, sendPacket } from "../unit/main/machines.ts";
import {
  connectedTo,
  invitedTo,
  keyOf,
  type Machine,
  PIN,
  payloads,
  refusals,
  roomOf,
  sealedRoom,
  seenBy,
  standing,
  World,
} from "./world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

/** Ann and Ben, who has her link, about to meet by a server that is up to something. */
async function aboutToMeet(lie: (frame: Frame, to: PublicKey) => readonly Frame[], sealed = true) {
  const ann = await world.started("Ann");
  const ben = await world.started("Ben");
  const room = await world.must(ann, "create", { name: "Den", pin: PIN, sealed });
  world.server.relay = lie;
  await world.must(ben, "join", invitedTo(ann, room));
  return { ann, ben, room };
}

const parse = (text: unknown) => JSON.parse(String(text)) as Record<string, unknown>;

describe("a signaling server that lies", () => {
  it("swaps the certificate's fingerprint in a signed description: it is refused, and nobody is connected", async () => {
    const swap = (frame: Frame, name: "offer" | "answer") => {
      const envelope = parse(frame[name]);
      const sdp = String(envelope.sdp).replace(/(fingerprint:sha-256 )\S+/, `$1${"AA:".repeat(31)}AA`);
      return { ...frame, [name]: JSON.stringify({ ...envelope, sdp }) };
    };
    const { ann, ben } = await aboutToMeet((frame) => {
      if (frame.type === "Offer") return [swap(frame, "offer")];
      return [frame.type === "Answer" ? swap(frame, "answer") : frame];
    });
    await world.clock.advance(60_000);
    expect([linkOf(ann), linkOf(ben)]).toEqual(["connecting", "connecting"]);
    expect(new Set([...refusals(ann), ...refusals(ben)])).toEqual(new Set(["bad_signature"]));
  });

  it("strips the signatures off: in a sealed room what is not signed is refused", async () => {
    const { ann, ben } = await aboutToMeet((frame) => {
      const name = frame.type.toLowerCase();
      const { sdp, candidate } = parse(frame[name]);
      return [{ ...frame, [name]: String(sdp ?? candidate) }];
    });
    await world.clock.advance(30_000);
    expect([connectedTo(ann), connectedTo(ben)]).toEqual([[], []]);
    expect(new Set([...refusals(ann), ...refusals(ben)])).toEqual(new Set(["unsigned_signal"]));
  });

  it("sits in the middle with certificates of its own: the proof of identity fits neither, and nothing passes", async () => {
    // Two ends of its own, between which it hands on whatever is said, word for word.
    const ends = new Map<PublicKey, PeerTransport>();
    const endTowards = (key: PublicKey, other: PublicKey) => {
      const end = world.wires.create({ initiator: false });
      end.onControl = (text) => ends.get(other)?.sendControl(text);
      ends.set(key, end);
      return end;
    };
    let handedOn = 0;
    const { ann, ben } = await aboutToMeet((frame, to) => {
      if (frame.type !== "Offer") return [];
      const from = frame.public_key as PublicKey;
      const towardsOfferer = endTowards(from, to);
      towardsOfferer.onSignal = (signal) => {
        if (signal.kind !== "answer") return;
        world.server.tell(from, { ...frame, type: "Answer", public_key: to, offer: undefined, answer: signal.sdp });
      };
      towardsOfferer.signal({ kind: "offer", sdp: String(parse(frame.offer).sdp) });
      const towardsAnswerer = world.wires.create({ initiator: true });
      towardsAnswerer.onControl = (text) => {
        handedOn++;
        towardsOfferer.sendControl(text);
      };
      towardsOfferer.onControl = (text) => {
        handedOn++;
        towardsAnswerer.sendControl(text);
      };
      towardsAnswerer.onSignal = (signal) => {
        if (signal.kind === "offer") world.server.tell(to, { ...frame, offer: signal.sdp });
      };
      const relay = world.server.relay;
      world.server.relay = (answer, back) => {
        if (answer.type !== "Answer" || back !== from) return relay(answer, back);
        const given = parse(answer.answer);
        towardsAnswerer.signal({ kind: "answer", sdp: String(given.sdp ?? answer.answer) });
        return [];
      };
      return [];
      // Where unsigned signals are understood: in a sealed room it does not even come to a connection.
    }, false);
    await world.clock.advance(20_000);
    expect(handedOn).toBeGreaterThan(0);
    expect([connectedTo(ann), connectedTo(ben)]).toEqual([[], []]);
    expect([...refusals(ann), ...refusals(ben)]).toContain("bad_proof");
    expect(await sendPacket(ann, ben, world.clock)).toEqual([]);
  });

  it("repeats everything it ever relayed: no link is made or lost by it", async () => {
    const heard: { readonly frame: Frame; readonly to: PublicKey }[] = [];
    const { ann, ben } = await aboutToMeet((frame, to) => {
      heard.push({ frame, to });
      return [frame];
    });
    await world.until(() => linkOf(ann) === "connected" && linkOf(ben) === "connected");
    const { made } = world.wires;
    for (const { frame, to } of [...heard, ...heard]) world.server.tell(to, frame);
    await world.clock.advance(30_000);
    expect(world.wires.made).toBe(made);
    expect(refusals(ann)).toContain("replayed");
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
  });

  it("turns the order of what it relays around: members meet all the same", async () => {
    let held: { readonly frame: Frame; readonly to: PublicKey }[] = [];
    const { ann, ben } = await aboutToMeet((frame, to) => {
      held.push({ frame, to });
      return [];
    });
    const letGo = world.clock.every(400, () => {
      for (const { frame, to } of held.reverse()) world.server.tell(to, frame);
      held = [];
    });
    await world.until(() => linkOf(ann) === "connected" && linkOf(ben) === "connected");
    letGo.dispose();
    expect(await sendPacket(ben, ann, world.clock)).toHaveLength(1);
  });

  it("says that another sent it: the signature is not that one's", async () => {
    const stranger = base64.encode(new Uint8Array(32).fill(7)) as PublicKey;
    const { ann, ben } = await aboutToMeet((frame) => [{ ...frame, public_key: stranger }]);
    await world.clock.advance(30_000);
    expect([connectedTo(ann), connectedTo(ben)]).toEqual([[], []]);
    expect([...refusals(ann), ...refusals(ben)]).toContain("bad_signature");
  });

  it("moves a signal to another room: it was signed for one", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    const attic = await world.must(ben, "create", { name: "Attic", pin: PIN });
    world.server.relay = (frame) => [{ ...frame, room_id: attic.roomId }];
    world.wires.cutAll();
    await world.clock.advance(30_000);
    expect(refusals(ben)).toContain("bad_signature");
    expect(connectedTo(ben)).toEqual([]);
  });

  it("lets a stranger in without a PIN: it stays at the door, and reaches nobody", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    const { roomId } = roomOf(ann);
    const room = world.server.rooms.get(roomId);
    const eve = await world.started("Eve");
    world.server.rooms.set(roomId, { ...room!, pin: "9999" });
    await world.must(eve, "join", { roomId, pin: "9999" });
    await world.until(() => standing(ann, eve) === "door" && standing(ben, eve) === "door");
    await world.clock.advance(60_000);
    for (const other of [ann, ben]) {
      expect(connectedTo(other)).not.toContain(keyOf(eve));
      expect(await sendPacket(eve, other, world.clock)).toEqual([]);
      expect(await sendPacket(other, eve, world.clock)).toEqual([]);
    }
  });

  it("makes up a thousand members: few are looked at, none is let in, and those who are there stay", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    const { roomId } = roomOf(ann);
    for (let n = 0; n < 1_000; n++) {
      const public_key = base64.encode(Uint8Array.from({ length: 32 }, (_, i) => (n * 7 + i * 13) & 0xff));
      world.server.say({ type: "PeerJoined", room_id: roomId, public_key, username: "Ben", connection_id: `x${n}` });
    }
    await world.clock.advance(4_000);
    expect(ann.host.engine.peers.length).toBeLessThanOrEqual(256);
    expect(connectedTo(ann)).toEqual([keyOf(ben)]);
    expect(await sendPacket(ben, ann, world.clock)).toHaveLength(1);
    // What nobody has shown to be is nobody who joined.
    expect(payloads(ann, "peer").filter(({ standing: where }) => where === "member")).not.toEqual([]);
    expect(
      new Set(
        payloads(ann, "peer").flatMap(({ standing: where, publicKey }) => (where === "member" ? [publicKey] : [])),
      ),
    ).toEqual(new Set([keyOf(ben)]));
  });

  it("withholds a removal, and puts whom it was about back: the members' own word counts", async () => {
    const [ann, ben, cem] = await sealedRoom(world, "Ben", "Cem");
    if (!ann || !ben || !cem) return;
    world.server.intercept = ({ type }, reply) => {
      if (type !== "Kick") return false;
      reply({ type: "Error", data: "Only the room owner can kick users" });
      return true;
    };
    await world.must(ann, "kick", { member: "Cem" });
    await world.until(() => seenBy(ben, cem) === undefined || standing(ben, cem) === "removed");
    world.server.say({ type: "PeerJoined", room_id: roomOf(ann).roomId, public_key: keyOf(cem), username: "Cem" });
    await world.clock.advance(30_000);
    expect(connectedTo(ben)).toEqual([keyOf(ann)]);
    expect(connectedTo(ann)).toEqual([keyOf(ben)]);
    expect(await sendPacket(cem, ben, world.clock)).toEqual([]);
  });

  it("gives the room another name: the owner's stays", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    world.server.say({ type: "RoomRenamed", room_id: roomOf(ann).roomId, room_name: "Send me your passwords" });
    await world.clock.advance(1_000);
    expect([roomOf(ann).name, roomOf(ben).name]).toEqual(["Den", "Den"]);
  });

  it("gives somebody with a link another room under the same id: whoever is there cannot show the key", async () => {
    const ann = await world.started("Ann");
    const room = await world.must(ann, "create", { name: "Den", pin: PIN });
    const link = invitedTo(ann, room);
    await ann.host.stop();
    // Its own people, in a room that looks the same from outside.
    const spy = await world.started("Ann");
    world.server.rooms.delete(room.roomId);
    const fake = await world.must(spy, "create", { name: "Den", pin: PIN });
    world.server.rooms.set(room.roomId, { ...world.server.rooms.get(fake.roomId)!, id: room.roomId });
    const ben = await world.started("Ben");
    await world.must(ben, "join", link);
    world.server.say({ type: "PeerJoined", room_id: room.roomId, public_key: keyOf(spy), username: "Ann" });
    await world.clock.advance(30_000);
    expect(connectedTo(ben)).toEqual([]);
    expect(await sendPacket(ben, spy, world.clock)).toEqual([]);
  });

  it("floods: with frames that make no sense, and with some that nearly do", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    const { roomId } = roomOf(ann);
    const offer = JSON.stringify({ v: 1, session: "0".repeat(16), time: 0, nonce: "x", sdp: "v=0", sig: "y" });
    for (let n = 0; n < 5_000; n++) {
      world.server.say("{");
      world.server.say({ type: "Offer", room_id: roomId, public_key: keyOf(ben), offer });
      world.server.say({ type: "Offer", room_id: roomId, public_key: keyOf(ben), offer: "v=0" });
      if (n % 500 === 0) await world.clock.advance(10);
    }
    await world.clock.advance(60_000);
    await world.until(() => connectedTo(ann).length === 1 && connectedTo(ben).length === 1);
    expect(await sendPacket(ann, ben, world.clock)).toHaveLength(1);
    expect(world.wires.made).toBeLessThan(200);
  });
});

/** Somebody who owns the server and has its PINs, but no invitation. */
describe("a server that wants in itself", () => {
  it("lets in by nobody's word but a member's", async () => {
    const [ann, ben] = await sealedRoom(world, "Ben");
    if (!ann || !ben) return;
    const spy: Machine = await world.started("Ann");
    await world.must(spy, "join", { roomId: roomOf(ann).roomId, pin: PIN });
    await world.until(() => standing(ben, spy) === "door");
    // It goes by the owner's name, and is not taken for the owner.
    await world.until(() => payloads(ben, "key_changed").length > 0);
    expect(seenBy(ben, spy)).toMatchObject({ role: "member", changedKey: { knownKey: keyOf(ann) } });
    expect(connectedTo(ben)).toEqual([keyOf(ann)]);
  });
});
