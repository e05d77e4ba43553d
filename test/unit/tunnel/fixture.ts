import { secureRandom } from "../../../electron/adapters/random.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import type { MemberAddress } from "../../../shared/identity/address.ts";
import type { KernelOffloads } from "../../../shared/packet/coalesce.ts";
import type { LaneTakes } from "../../../shared/tunnel/ports.ts";
import { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { FakeTun } from "../../fakes/tun.ts";

export const self: MemberAddress = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1", ipv4Salt: 0 };
export const ann = { key: "ann" as PublicKey, ipv4: "100.64.0.2", ipv6: "fd67:6f76:706e::2" };
export const ben = { key: "ben" as PublicKey, ipv4: "100.64.0.3", ipv6: "fd67:6f76:706e::3" };

export const NO_OFFLOADS: KernelOffloads = { checksum: false, tcp: false, udp: false };
export const ALL_OFFLOADS: KernelOffloads = { checksum: true, tcp: true, udp: true };

export interface TunnelOfThreeOptions {
  readonly mtu?: number;
  /** Of Ann's lane. */
  readonly maxPacketBytes?: number;
  readonly room?: number;
  readonly takes?: LaneTakes;
  /** What Ann's hello said. */
  readonly capabilities?: readonly string[];
  readonly offloads?: KernelOffloads;
  /** Left out: what a lane delivers is a batch by itself. */
  readonly defer?: (task: () => void) => void;
}

/** A tunnel with a fake device and two peers, Ann with a lane and Ben with one of his own. */
export function tunnelOfThree(options: TunnelOfThreeOptions = {}) {
  const { mtu = 1280, capabilities = [], offloads = NO_OFFLOADS, defer = (task) => task(), ...laneOptions } = options;
  const clock = new FakeClock();
  const log: LogRecord[] = [];
  const tunnel = new Tunnel({
    self,
    clock,
    logger: createLogger((record) => log.push(record)),
    mtu,
    random: secureRandom,
    defer,
  });
  const tun = new FakeTun(mtu, "fake0", offloads);
  tunnel.attach(tun);
  const lanes = {
    ann: new FakeLane({ maxPacketBytes: mtu, ...laneOptions }),
    ben: new FakeLane({ maxPacketBytes: mtu }),
  };
  tunnel.setPeer(ann.key, { ...ann, capabilities });
  tunnel.setPeer(ben.key, ben);
  tunnel.setLane(ann.key, lanes.ann);
  tunnel.setLane(ben.key, lanes.ben);
  return { clock, log, tunnel, tun, lanes };
}
