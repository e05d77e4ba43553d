import { parseArgs } from "node:util";
import { systemClock } from "../../electron/adapters/clock.ts";
import { secureRandom } from "../../electron/adapters/random.ts";
import { openTun } from "../../electron/adapters/tun/index.ts";
import type { PublicKey } from "../../shared/base/brand.ts";
import { createLogger } from "../../shared/base/logger.ts";
import { formatInboundRule, parseInboundRule } from "../../shared/tunnel/inbound-rule.ts";
import { DEFAULT_TUNNEL_MTU } from "../../shared/tunnel/mtu.ts";
import { OFFLOAD_CAPABILITY } from "../../shared/tunnel/ports.ts";
import { Tunnel } from "../../shared/tunnel/tunnel.ts";
import { udpPacket } from "../fakes/packets.ts";
import { connectUdpLane } from "../fakes/udp-lane.ts";

/**
 * One member with one peer, joined by a UDP lane between two hosts of a lab: `tunnel-host 1 2` is member 1, its peer
 * member 2. Prints its events; ends by itself, without process.exit, when it is asked to close: whatever it leaves
 * open would keep it alive, and its test would see it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mtu: { type: "string", default: String(DEFAULT_TUNNEL_MTU) },
    "lane-bytes": { type: "string", default: String(DEFAULT_TUNNEL_MTU) },
    /** As on a kernel that has none. */
    "no-offloads": { type: "boolean", default: false },
    /** What the peer may begin; the others of several, in turn, when it is told so. */
    inbound: { type: "string", multiple: true, default: [] },
  },
});
const [self = "1", peer = "2"] = positionals;
const member = (number: string) => ({ ipv4: `100.64.0.${number}`, ipv6: `fd67:6f76:706e::${number}` });
const say = (event: object) => console.log(JSON.stringify(event));

const mtu = Number(values.mtu);
const opened = await openTun({ ...member(self), mtu, offloads: !values["no-offloads"] });
if (!opened.ok) throw new Error(opened.error.message);
const device = opened.value;
const logger = createLogger((record) => process.stderr.write(`${JSON.stringify(record)}\n`));
const tunnel = new Tunnel({
  self: { ...member(self), ipv4Salt: 0 },
  clock: systemClock,
  logger,
  mtu,
  random: secureRandom,
  defer: setImmediate,
});
const lane = await connectUdpLane({
  port: 7000,
  local: `10.66.0.${self}`,
  remote: `10.66.0.${peer}`,
  maxPacketBytes: Number(values["lane-bytes"]),
});
const peerKey = `member ${peer}` as PublicKey;
tunnel.setPeer(peerKey, { ...member(peer), capabilities: [OFFLOAD_CAPABILITY] });
tunnel.setLane(peerKey, lane);
const rules = [...values.inbound];
const nextRule = () => {
  const rule = parseInboundRule(rules.shift() ?? "all");
  if (!rule.ok) throw new Error(rule.error.message);
  tunnel.setInbound(peerKey, rule.value);
  say({ event: "inbound", rule: formatInboundRule(rule.value) });
};
if (rules.length > 0) nextRule();
tunnel.attach(device);

// SIGUSR2: say what was counted. SIGALRM: go on to the next rule. SIGHUP: send the peer what it must not let in. SIGTERM: close, and so end.
process.on("SIGUSR2", () => say({ event: "counters", ...tunnel.counters(peerKey) }));
process.on("SIGALRM", nextRule);
process.on("SIGHUP", () => {
  for (const [source, destination] of [
    ["100.64.0.77", member(peer).ipv4],
    [member(peer).ipv4, member(peer).ipv4],
    ["fd67:6f76:706e::77", member(peer).ipv6],
  ] as const) {
    lane.send(udpPacket(source, destination, Buffer.from("spoofed"), { source: 1, destination: 9 }));
  }
  say({ event: "spoofed" });
});
process.once("SIGTERM", async () => {
  tunnel.dispose();
  lane.close();
  await device.close();
});
// Only now: a signal that nobody handles yet would end it.
say({ event: "ready", name: device.name });
