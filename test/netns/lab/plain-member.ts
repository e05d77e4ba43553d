import { parseArgs } from "node:util";
import { systemClock } from "../../../electron/adapters/clock.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { dialSignaling } from "../../../electron/adapters/sockets/ws-client.ts";
import { openTun } from "../../../electron/adapters/tun/index.ts";
import { webrtcTransports } from "../../../electron/adapters/webrtc/transport.ts";
import { Engine } from "../../../electron/engine/engine.ts";
import { createLogger } from "../../../shared/base/logger.ts";
import { keyPairFrom, signerOf, verifySignature } from "../../../shared/identity/keys.ts";
import type { CreateTransport } from "../../../shared/mesh/ports.ts";
import { RoomSessions } from "../../../shared/room/session.ts";
import { SignalingClient } from "../../../shared/signaling/client.ts";
import { readLink, trusting } from "./trusting.ts";

/**
 * `plain-member --server URL --join LINK --pin PIN --mtu BYTES`: a member made of the product's own parts that can do
 * less than the product: its device has no offloads, its hello has no words, and its interface is of that MTU. Prints
 * the same events as `govpn up --json`, as far as tests wait for them.
 */

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "" },
    join: { type: "string", default: "" },
    pin: { type: "string", default: "" },
    mtu: { type: "string", default: "1280" },
  },
});

const link = readLink(values.join);
const emit = (event: object) => console.log(JSON.stringify(event));
const signer = signerOf(keyPairFrom(secureRandom(32)));
const logger = createLogger((record) => process.stderr.write(`${JSON.stringify(record)}\n`), "debug");
const common = { signer, clock: systemClock, random: secureRandom, logger };
const client = new SignalingClient({ ...common, url: values.server, dial: dialSignaling });
const rooms = new RoomSessions({ ...common, client, self: signer.publicKey });

const webrtc = webrtcTransports({ iceServers: [], media: false, logger });
const withoutWords: CreateTransport = (options) => {
  const transport = webrtc(options);
  const send = transport.sendControl.bind(transport);
  transport.sendControl = (text) => {
    const message = JSON.parse(text) as { t: string };
    return send(message.t === "hello" ? JSON.stringify({ ...message, capabilities: [] }) : text);
  };
  return transport;
};
const engine = new Engine({
  ...common,
  verify: verifySignature,
  username: "plain",
  mtu: Number(values.mtu),
  tun: "required",
  openTun: (options) => openTun({ ...options, offloads: false }),
  createTransport: withoutWords,
  localTunnelAddresses: () => new Set(),
  sendSignal: (room, to, kind, content) => rooms.sendSignal(room, to, kind, content),
});

rooms.events.on("peerSeen", ({ roomId, publicKey, arrivedAfterUs }) =>
  engine.peerSeen(roomId, publicKey, arrivedAfterUs),
);
rooms.events.on("signal", ({ roomId, from, kind, content }) => engine.deliver(roomId, from, kind, content));
trusting(link, engine, { signer, logger, admit: (member, isAdmitted) => engine.setAdmitted(member, isAdmitted) });
engine.events.on("peer", ({ publicKey, state, lane }) => emit({ event: "peer", public_key: publicKey, state, lane }));

const started = await engine.start();
if (!started.ok) throw new Error(started.error.message);
client.start();
const { ipv4, ipv6 } = engine.address;
emit({ event: "ready", username: "plain", public_key: signer.publicKey, ipv4, ipv6 });
const joined = await rooms.join({ roomId: link.roomId, pin: values.pin, username: "plain" });
emit(joined.ok ? { event: "room", state: "joined" } : { event: "error", ...joined.error });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await engine.stop();
    client.stop();
    process.exit(0);
  });
}
