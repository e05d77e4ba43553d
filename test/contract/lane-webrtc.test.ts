import { afterAll, afterEach, describe } from "vitest";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { PeerTransport } from "../../shared/mesh/ports.ts";
import { type LanePair, laneContract } from "./lane.ts";

describe("the packets lane of a WebRTC connection", () => {
  const create = webrtcTransports({ iceServers: [], logger: silentLogger });
  const made: PeerTransport[] = [];
  afterEach(() => {
    for (const transport of made.splice(0)) transport.close();
  });
  afterAll(releaseWebrtc);

  laneContract(async (): Promise<LanePair> => {
    const [a, b] = [create({ initiator: true }), create({ initiator: false })];
    made.push(a, b);
    a.onSignal = (signal) => void setImmediate(() => b.signal(signal));
    b.onSignal = (signal) => void setImmediate(() => a.signal(signal));
    await Promise.all([a, b].map((each) => new Promise<void>((resolve) => (each.onOpen = resolve))));
    if (!a.lane || !b.lane) throw new Error("an open transport has a lane");
    return { a: a.lane, b: b.lane, closeA: () => a.close() };
  });
});
