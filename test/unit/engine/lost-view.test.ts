import { describe, expect, it } from "vitest";
import { lostView, regainedView } from "../../../electron/engine/lost-view.ts";
import type { EngineView } from "../../../electron/engine/messages.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import { fakeKey } from "../../fakes/peer.ts";

const ben: PeerView = {
  publicKey: fakeKey(2),
  rooms: [],
  state: "connected",
  username: "Ben",
  address: deriveAddress(fakeKey(2)),
  mtu: 1420,
  capabilities: [],
  lane: "media",
  quality: { rttMs: 9, lossPercent: 1, reorderedPercent: 0 },
  path: { kind: "direct", local: "192.0.2.1:1", remote: "192.0.2.2:2" },
  rttMs: 12,
  verified: true,
};
const cat: PeerView = { ...ben, publicKey: fakeKey(3), state: "connecting", username: undefined };
const view = (...peers: PeerView[]): EngineView => ({
  address: deriveAddress(fakeKey(1)),
  tunnel: { kind: "up", device: "govpn0", mtu: 1420 },
  peers,
});
const failed = { kind: "failed", failure: { code: "engine_died", message: "it ended" } } as const;

describe("what is shown of an engine whose process is gone", () => {
  it("has no way to anybody, nor figures of one, and every member as it was otherwise", () => {
    const shown = lostView(view(ben, cat), failed);
    expect(shown.tunnel).toEqual(failed);
    expect(shown.peers).toEqual([
      { ...ben, state: "reconnecting", lane: undefined, quality: undefined, path: undefined, rttMs: undefined },
      { ...cat, state: "connecting", lane: undefined, quality: undefined, path: undefined, rttMs: undefined },
    ]);
  });

  it("has members as reconnecting, by their names, until the next process has reached them", () => {
    const shown = lostView(view(ben, cat), failed);
    const anew = { ...ben, state: "connecting", username: undefined } as const;
    expect(regainedView(shown, view(anew, cat)).peers).toMatchObject([
      { state: "reconnecting", username: "Ben" },
      { state: "connecting", username: undefined },
    ]);
    expect(regainedView(shown, view(ben)).peers).toEqual([ben]);
  });
});
