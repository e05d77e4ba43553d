import { silentLogger } from "../../shared/base/logger.ts";
import { systemClock } from "../adapters/clock.ts";
import { nativeVerify } from "../adapters/ed25519.ts";
import { secureRandom } from "../adapters/random.ts";
import { openTun, widenReceiveBuffers } from "../adapters/tun/index.ts";
import { localTunnelAddresses } from "../adapters/tun/interfaces.ts";
import { releaseWebrtc } from "../adapters/webrtc/closing.ts";
import { webrtcTransports } from "../adapters/webrtc/transport.ts";
import { Engine } from "./engine.ts";
import type { EngineWire, TransportPlan } from "./messages.ts";
import { serveEngine } from "./serve-engine.ts";

/** The entry of an engine in a utility process of Electron's. Everything it knows of rooms and keys, main tells it. */

/** What Electron puts on `process` there. */
interface ParentPort {
  on(event: "message", listener: (event: { readonly data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
}

function parentWire(port: ParentPort): EngineWire {
  const wire: EngineWire = {
    send: (message) => port.postMessage(message),
    close: () => {},
    onMessage: () => {},
    // Electron ends the process itself when main is gone, and the system takes the device with it.
    onClose: () => {},
  };
  port.on("message", ({ data }) => wire.onMessage(data));
  return wire;
}

let create: ReturnType<typeof webrtcTransports> | undefined;
const setTransports = (transports: TransportPlan) => {
  create = webrtcTransports({ ...transports, onLocalPorts: widenReceiveBuffers, logger: silentLogger });
};

serveEngine(parentWire((process as unknown as { readonly parentPort: ParentPort }).parentPort), {
  clock: systemClock,
  setTransports,
  create: (options) =>
    new Engine({
      ...options,
      verify: nativeVerify,
      clock: systemClock,
      random: secureRandom,
      openTun,
      createTransport: (end) => {
        if (!create) throw new Error("it has not been said how connections are made");
        return create(end);
      },
      localTunnelAddresses,
    }),
  onStopped: () => void releaseWebrtc().finally(() => process.exit(0)),
});
