import type { PublicKey } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import type { MemberAddress } from "../../../shared/identity/address.ts";
import { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { FakeTun } from "../../fakes/tun.ts";

export const self: MemberAddress = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1", ipv4Salt: 0 };
export const ann = { key: "ann" as PublicKey, ipv4: "100.64.0.2", ipv6: "fd67:6f76:706e::2" };
export const ben = { key: "ben" as PublicKey, ipv4: "100.64.0.3", ipv6: "fd67:6f76:706e::3" };

/** A tunnel with a fake device and two peers, Ann with a lane and Ben with one of his own. */
export function tunnelOfThree(options: { mtu?: number; maxPacketBytes?: number; room?: number } = {}) {
  const { mtu = 1280, ...laneOptions } = options;
  const clock = new FakeClock();
  const log: LogRecord[] = [];
  const tunnel = new Tunnel({
    self,
    clock,
    logger: createLogger((record) => log.push(record)),
    mtu,
    defer: (task) => task(),
  });
  const tun = new FakeTun(mtu);
  tunnel.attach(tun);
  const lanes = {
    ann: new FakeLane({ maxPacketBytes: mtu, ...laneOptions }),
    ben: new FakeLane({ maxPacketBytes: mtu }),
  };
  for (const peer of [ann, ben]) tunnel.setPeer(peer.key, peer);
  tunnel.setLane(ann.key, lanes.ann);
  tunnel.setLane(ben.key, lanes.ben);
  return { clock, log, tunnel, tun, lanes };
}
