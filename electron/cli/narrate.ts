import type { PublicKey } from "../../shared/base/brand.ts";
import type { PeerView } from "../../shared/mesh/mesh.ts";
import type { Host } from "../main/host.ts";
import type { Output } from "./output.ts";
import { duration, inWords } from "./words.ts";

/** Tells what happens, as it happens: events for programs, sentences for people. */
export function narrate(host: Host, output: Output): void {
  const { events } = host;
  events.on("server", ({ kind, reason, retryAt }) => {
    output.emit({
      event: "server",
      state: kind,
      ...(reason !== undefined && { reason }),
      ...(retryAt !== undefined && { retryAt }),
    });
    if (kind === "online") output.say("Connected to the signaling server.");
    if (kind === "waiting") output.say(`The signaling server is away (${reason}); trying again. Open links stay up.`);
  });
  events.on("tunnel", (state) => {
    output.emit({ event: "tunnel", ...host.snapshot().tunnel });
    if (state.kind === "failed") {
      output.say(
        `! No network device: ${inWords(state.failure)} Members can be seen, but no traffic flows. Try: govpn doctor`,
      );
    }
  });
  let shownRooms = "";
  events.on("room", ({ roomId, name, status }) => {
    const shown = JSON.stringify([roomId, name, status.kind]);
    if (shown === shownRooms) return;
    shownRooms = shown;
    output.emit({ event: "room", state: status.kind, roomId, name });
    if (status.kind === "joined") output.say(`In the room "${name}" (${roomId}).`);
  });
  events.on("closed", ({ roomId, reason, message }) => {
    output.emit({ event: "room", state: "left", roomId, reason, message });
    output.say(`Out of the room ${roomId}: ${message}.`);
  });
  narratePeers(host, output);
  events.on("refused", ({ publicKey, failure }) => {
    output.emit({ event: "refused", publicKey, ...failure });
  });
  events.on("address", ({ ipv4, ipv6 }) => {
    output.emit({ event: "address", ipv4, ipv6 });
    output.say(`Another member has this machine's address; it is ${ipv4} now.`);
  });
}

/** A peer's news without its round-trip time, which changes all the time. */
function narratePeers(host: Host, output: Output): void {
  const shown = new Map<PublicKey, string>();
  host.events.on("peer", (peer) => {
    const { rttMs: _, ...lasting } = peer;
    const news = JSON.stringify(lasting);
    if (shown.get(peer.publicKey) === news) return;
    const wasConnected = shown.get(peer.publicKey)?.includes('"state":"connected"');
    shown.set(peer.publicKey, news);
    output.emit({ event: "peer", ...peerEvent(peer) });
    if (peer.state === "connected" && !wasConnected) output.say(connectedLine(peer));
    if (peer.state === "reconnecting" && wasConnected)
      output.say(`- ${peer.username ?? "A member"}: link lost, making it again.`);
  });
  host.events.on("gone", ({ publicKey, username, reason }) => {
    shown.delete(publicKey);
    output.emit({ event: "peer", publicKey, username, state: "gone", reason });
    output.say(`- ${username || publicKey.slice(0, 8)} ${reason === "left" ? "left" : "is gone"}.`);
  });
}

function peerEvent({ publicKey, username, state, address, lane, path, rttMs, verified }: PeerView): object {
  return {
    publicKey,
    username,
    state,
    ipv4: address.ipv4,
    ipv6: address.ipv6,
    lane,
    path: path?.kind,
    ...(rttMs !== undefined && { rttMs: Number(rttMs.toFixed(3)) }),
    verified,
  };
}

function connectedLine({ username, address, path, rttMs = 0, verified }: PeerView): string {
  const doubt = verified ? "" : ", NOT VERIFIED: its client does not sign";
  return `+ ${username} is connected: ${address.ipv4} (${path?.kind ?? "direct"}, ${duration(rttMs)}${doubt})`;
}
