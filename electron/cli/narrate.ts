import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { RoomView, ServerView, TunnelView } from "../../shared/ipc/contract.ts";
import { systemClock } from "../adapters/clock.ts";
import type { HostEvents } from "../main/host/events.ts";
import type { Host } from "../main/host/host.ts";
import { narrateTrust } from "./narrate-trust.ts";
import type { Output } from "./output.ts";
import { queuedInWords } from "./waiting.ts";
import { duration, inWords } from "./words.ts";

/**
 * Tells what happens, as it happens: events for programs, sentences for people. What is the case already is told first,
 * so nothing that happened before is missed.
 */
export function narrate(host: Host, output: Output, govpn: string): void {
  const { events } = host;
  const now = host.snapshot();
  tellServer(now.server, output);
  events.on("server", ({ kind: state, reason, retryAt }) => tellServer({ state, reason, retryAt }, output));
  if (now.tunnel.state === "failed") tellTunnel(now.tunnel, output);
  events.on("tunnel", () => tellTunnel(host.snapshot().tunnel, output));
  narrateRooms(host, now.rooms, output);
  narratePeers(host, output);
  narrateTrust(host, output, govpn);
  events.on("refused", ({ publicKey, failure }) => {
    output.emit({ event: "refused", publicKey, ...failure });
  });
  events.on("creationQueued", ({ until }) => tellQueued(until, output));
  events.on("address", ({ ipv4, ipv6 }) => {
    output.emit({ event: "address", ipv4, ipv6 });
    output.say(`Another member has this machine's address; it is ${ipv4} now.`);
  });
}

interface ServerNews {
  readonly state: ServerView["state"];
  readonly reason?: string | undefined;
  readonly retryAt?: number | undefined;
}

function tellServer({ state, reason, retryAt }: ServerNews, output: Output): void {
  output.emit({ event: "server", state, reason, retryAt });
  if (state === "online") output.say("Connected to the signaling server.");
  if (state === "waiting") output.say(`The signaling server is away (${reason}); trying again. Open links stay up.`);
}

function tellTunnel(tunnel: TunnelView, output: Output): void {
  output.emit({ event: "tunnel", ...tunnel });
  if (tunnel.state === "up") output.say(`Network device ${tunnel.device} is up, MTU ${tunnel.mtu}.`);
  if (tunnel.state !== "failed") return;
  output.say(`! No network device: ${inWords(tunnel)} Members can be seen, but no traffic flows. Try: govpn doctor`);
}

interface RoomNews {
  readonly roomId: RoomId;
  readonly name: string;
  readonly state: string;
  readonly queuedUntil?: number | undefined;
}

function narrateRooms({ events }: Host, rooms: readonly RoomView[], output: Output): void {
  /** What was told of each room; a room that this machine only tried to enter is not missed when it is refused. */
  const told = new Map<RoomId, RoomNews>();
  const tell = ({ roomId, name, state, queuedUntil }: RoomNews) => {
    const before = told.get(roomId);
    told.set(roomId, { roomId, name, state, queuedUntil });
    if (queuedUntil !== before?.queuedUntil) tellQueued(queuedUntil, output, { roomId, name });
    if (before?.name === name && before.state === state) return;
    output.emit({ event: "room", state, roomId, name });
    if (state !== "joined") return;
    const isRenamed = before?.state === "joined";
    output.say(isRenamed ? `The room ${roomId} is called "${name}" now.` : `In the room "${name}" (${roomId}).`);
  };
  const member = new Set(rooms.map(({ roomId }) => roomId));
  for (const room of rooms) tell(room);
  events.on("room", ({ roomId, name, status }) => {
    tell({ roomId, name, state: status.kind, queuedUntil: "queuedUntil" in status ? status.queuedUntil : undefined });
    if (status.kind === "joined") member.add(roomId);
  });
  events.on("closed", ({ roomId, reason, message }) => {
    const name = told.get(roomId)?.name;
    told.delete(roomId);
    output.emit({ event: "room", state: "left", roomId, reason, message });
    if (member.delete(roomId)) output.say(`Out of the room ${name ? `"${name}" (${roomId})` : roomId}: ${message}.`);
  });
}

/** Of the room that is being created, which has no id yet, or of one that is to be entered. */
function tellQueued(until: number | undefined, output: Output, room?: Pick<RoomNews, "roomId" | "name">): void {
  if (until === undefined) return;
  output.emit({ event: "queued", until, ...(room && { roomId: room.roomId }) });
  output.say(queuedInWords(until - systemClock.wallTime(), room && `"${room.name || room.roomId}"`));
}

/** A peer's news without the figures that change all the time. */
function narratePeers(host: Host, output: Output): void {
  const shown = new Map<PublicKey, string>();
  host.events.on("peer", (peer) => {
    const { rttMs: _, quality: __, ...lasting } = peer;
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
    if (reason !== "room_left")
      output.say(`- ${username || publicKey.slice(0, 8)} ${reason === "left" ? "left" : "is gone"}.`);
  });
}

type PeerNews = HostEvents["peer"];

function peerEvent({ publicKey, username, state, standing, address, lane, path, rttMs, verified }: PeerNews): object {
  return {
    publicKey,
    username,
    state,
    standing,
    ipv4: address.ipv4,
    ipv6: address.ipv6,
    lane,
    path: path?.kind,
    ...(rttMs !== undefined && { rttMs: Number(rttMs.toFixed(3)) }),
    verified,
  };
}

function connectedLine({ username, address, path, rttMs = 0, verified }: PeerNews): string {
  const doubt = verified ? "" : ", NOT VERIFIED: its client does not sign";
  return `+ ${username} is connected: ${address.ipv4} (${path?.kind ?? "direct"}, ${duration(rttMs)}${doubt})`;
}
