import type { PeerView } from "../../shared/mesh/mesh.ts";
import type { EngineView } from "./messages.ts";
import type { TunnelState } from "./network-device.ts";

/** What an engine's process said of itself last, as it is once that process is gone: nobody is reached, by no way. */
export function lostView(last: EngineView, tunnel: TunnelState): EngineView {
  const peers = last.peers.map((peer): PeerView => {
    const state = peer.state === "connecting" ? "connecting" : "reconnecting";
    return { ...peer, state, lane: undefined, quality: undefined, path: undefined, rttMs: undefined };
  });
  return { ...last, peers, tunnel };
}

/** A member whom the next process knows but has not reached yet had a link before: it is reconnecting. */
export function regainedView(shown: EngineView, next: EngineView): EngineView {
  const before = new Map(shown.peers.map((peer) => [peer.publicKey, peer]));
  const peers = next.peers.map((peer): PeerView => {
    const old = before.get(peer.publicKey);
    if (peer.state !== "connecting" || old?.state !== "reconnecting") return peer;
    return { ...peer, state: "reconnecting", username: peer.username ?? old.username };
  });
  return { ...next, peers };
}
