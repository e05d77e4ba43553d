import { parseArgs } from "node:util";
import { systemClock } from "../../../electron/adapters/clock.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { dialSignaling } from "../../../electron/adapters/sockets/ws-client.ts";
import { webrtcTransports } from "../../../electron/adapters/webrtc/transport.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { createLogger } from "../../../shared/base/logger.ts";
import { keyPairFrom, signerOf, verifySignature } from "../../../shared/identity/keys.ts";
import { Mesh } from "../../../shared/mesh/mesh.ts";
import { RoomSessions } from "../../../shared/room/session.ts";
import { SignalingClient } from "../../../shared/signaling/client.ts";
import type { Lane } from "../../../shared/tunnel/ports.ts";
import { readLink, trusting } from "./trusting.ts";

/**
 * `probe-member --server URL --join LINK --pin PIN --key BASE64 [--send PACKET …] [--times N] [--every MS]`: a member
 * made of the product's own parts, without its tunnel. It shows every signal it is sent, and once connected to a member
 * sends it the given packets, whatever they claim to be, N times and then again every MS milliseconds. It keeps its
 * links when it is told that it is out of the room. BASE64 is the secret key; a PACKET is in base64 too.
 */

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "" },
    join: { type: "string", default: "" },
    pin: { type: "string", default: "" },
    key: { type: "string", default: "" },
    send: { type: "string", multiple: true, default: [] },
    times: { type: "string", default: "1" },
    every: { type: "string", default: "0" },
  },
});

const ROUND_TRIP_WITHIN_MS = 10_000;
const link = readLink(values.join);
const emit = (event: object) => console.log(JSON.stringify(event));
const signer = signerOf(keyPairFrom(Buffer.from(values.key, "base64")));
const logger = createLogger((record) => process.stderr.write(`${JSON.stringify(record)}\n`), "debug");
const common = { signer, clock: systemClock, random: secureRandom, logger };

const client = new SignalingClient({ ...common, url: values.server, dial: dialSignaling });
const rooms = new RoomSessions({ ...common, client, self: signer.publicKey });
const mesh = new Mesh(
  { username: "probe", ipv4Salt: 0, mtu: 1280 },
  {
    ...common,
    verify: verifySignature,
    createTransport: webrtcTransports({ iceServers: [], media: false, logger }),
    isTunnelAddress: () => false,
    sendSignal: (room, to, kind, content) => rooms.sendSignal(room, to, kind, content),
  },
);

rooms.events.on("peerSeen", ({ roomId, publicKey, arrivedAfterUs }) =>
  mesh.peerSeen(roomId, publicKey, arrivedAfterUs),
);
rooms.events.on("signal", ({ roomId, from, kind, content }) => {
  emit({ event: "signal", from, kind, content });
  mesh.deliver(roomId, from, kind, content);
});

const lanes = new Map<PublicKey, Lane>();
mesh.events.on("lane", ({ publicKey, lane }) => {
  if (lane) lanes.set(publicKey, lane);
  else lanes.delete(publicKey);
});
const packets = values.send.map((packet) => Buffer.from(packet, "base64"));
const sendTo = (lane: Lane | undefined) => {
  for (const packet of packets) lane?.send(packet);
};
const served = new Set<PublicKey>();
trusting(link, mesh, {
  signer,
  logger,
  admit: (member, isAdmitted) => {
    if (isAdmitted && !served.has(member)) void serve(member);
  },
});
async function serve(publicKey: PublicKey): Promise<void> {
  served.add(publicKey);
  // What was said before the probe is heard before it: once it comes back, the member has seen this one's proof too.
  await mesh.roundTrip(publicKey, ROUND_TRIP_WITHIN_MS);
  const path = mesh.peer(publicKey)?.path;
  emit({ event: "connected", public_key: publicKey, local: path?.local, remote: path?.remote });
  for (let i = 0; i < Number(values.times); i++) sendTo(lanes.get(publicKey));
  emit({ event: "sent", public_key: publicKey });
  if (Number(values.every) > 0) setInterval(() => sendTo(lanes.get(publicKey)), Number(values.every));
}
rooms.events.on("closed", ({ reason }) => emit({ event: "closed", reason }));

client.start();
const joined = await rooms.join({ roomId: link.roomId, pin: values.pin, username: "probe" });
emit(joined.ok ? { event: "joined" } : { event: "error", ...joined.error });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    mesh.dispose();
    client.stop();
    process.exit(0);
  });
}
