import { describe, expect, it } from "vitest";
import { memberView, roomView, trafficView, tunnelView } from "../../../electron/main/host/views.ts";
import type { MemberTrust } from "../../../electron/main/trust/desk.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { Member } from "../../../shared/room/state.ts";
import { fakeKey } from "../../fakes/peer.ts";

const self = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1", ipv4Salt: 3 };
const ben = { publicKey: fakeKey(2), username: "Ben", isSelf: false } as Member;
const peer: PeerView = {
  publicKey: ben.publicKey,
  rooms: [],
  state: "connected",
  username: "as it typed it",
  address: deriveAddress(ben.publicKey, 1),
  mtu: 1280,
  capabilities: [],
  lane: "packets",
  quality: { rttMs: 9.123456, lossPercent: 1.25, reorderedPercent: 0 },
  path: { kind: "relay", local: "192.0.2.1:1", remote: "192.0.2.2:2" },
  rttMs: 12.500049,
  verified: true,
};

const trust: MemberTrust = {
  standing: "member",
  role: "member",
  words: "one two three four five six seven eight",
  compared: false,
  inbound: { rule: { mode: "all" }, own: false, refused: 0 },
};

describe("a member, as others see it", () => {
  it("has this machine's real address, salt and all, when it is this machine", () => {
    const view = memberView({ ...ben, isSelf: true }, undefined, undefined, self, trust);
    expect(view).toMatchObject({ ipv4: self.ipv4, ipv6: self.ipv6, state: "self", verified: true });
  });

  it("has the address that follows from its key until its link is there", () => {
    const { ipv4, ipv6 } = deriveAddress(ben.publicKey);
    const view = memberView(ben, undefined, undefined, self, trust);
    expect(view).toMatchObject({ ipv4, ipv6, state: "connecting", verified: false });
    expect(view).toMatchObject({ lane: undefined, path: undefined, rttMs: undefined, traffic: undefined });
  });

  it("has what its link says of it, and the room's clean name", () => {
    const { ipv4 } = deriveAddress(ben.publicKey, 1);
    const view = memberView(ben, peer, undefined, self, trust);
    expect(view).toMatchObject({ username: "Ben", ipv4, lane: "packets", path: "relay", rttMs: 12.5, verified: true });
    expect(view.quality).toEqual({ rttMs: 9.123, lossPercent: 1.25, reorderedPercent: 0 });
  });
});

describe("a member that is connected", () => {
  it("is shown as connecting until packets pass", () => {
    const view = memberView(ben, peer, undefined, self, { ...trust, standing: "door" });
    expect(view).toMatchObject({ state: "connecting", standing: "door" });
  });
});

describe("traffic", () => {
  it("names only reasons for which something was dropped", () => {
    const counters = { packetsIn: 1, bytesIn: 2, packetsOut: 3, bytesOut: 4, dropped: { spoofed: 5, queue_full: 0 } };
    const view = trafficView(counters as unknown as Parameters<typeof trafficView>[0]);
    expect(view).toEqual({ packetsIn: 1, bytesIn: 2, packetsOut: 3, bytesOut: 4, dropped: { spoofed: 5 } });
  });
});

describe("the device", () => {
  it.each([
    [{ kind: "up", device: "govpn0", mtu: 1280 } as const, { state: "up", device: "govpn0", mtu: 1280 }],
    [{ kind: "off" } as const, { state: "off" }],
    [{ kind: "closed" } as const, { state: "closed" }],
    [
      { kind: "failed", failure: { code: "tun_denied", message: "no rights" } } as const,
      { state: "failed", code: "tun_denied", message: "no rights" },
    ],
  ])("is shown as it is: %o", (state, view) => {
    expect(tunnelView(state)).toEqual(view);
  });
});

describe("a room", () => {
  it("belongs to whoever made it, and has its PIN for who knows it", () => {
    const roomId = "den" as RoomId;
    const room = { roomId, name: "Den", status: { kind: "joined" }, members: [] } as unknown as RoomSnapshot;
    const saved = { roomId, name: "Den", pin: "4821", owner: true, username: "Ann" };
    const seal = {
      seal: "unknown",
      waiting: false,
      role: "member",
      doors: "owner",
      canLetIn: false,
      canInvite: false,
      removed: {},
      inbound: { mode: "none" },
    } as const;
    expect(roomView(room, saved, [], seal)).toEqual({
      roomId,
      name: "Den",
      state: "joined",
      owner: true,
      pin: "4821",
      trust: seal,
      members: [],
    });
    expect(roomView(room, undefined, [], seal)).toMatchObject({ owner: false, pin: undefined });
    // Where the owner's word is known, the server's is not asked.
    expect(roomView(room, saved, [], { ...seal, ownerKey: fakeKey(9) })).toMatchObject({ owner: false });
    expect(roomView(room, undefined, [], { ...seal, ownerKey: fakeKey(1), role: "owner" })).toMatchObject({
      owner: true,
    });
  });
});
