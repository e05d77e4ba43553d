import type { CreateEngine } from "./engine-port.ts";
import type { EngineWire, TransportPlan } from "./messages.ts";
import { RemoteEngine } from "./remote-engine.ts";

/** Where a host's engines run, if not in its own process. */
export interface EngineHousing {
  readonly create: CreateEngine;
  /** Connections to members are made like this from now on. */
  setTransports(transports: TransportPlan): void;
}

/** Each engine in a process of its own. There is one at a time: a host that takes another's place makes a new one. */
export function engineProcesses(fork: () => EngineWire): EngineHousing {
  let chosen: TransportPlan | undefined;
  let newest: RemoteEngine | undefined;
  const transports = () => {
    if (!chosen) throw new Error("it has not been said how connections are made");
    return chosen;
  };
  return {
    create: (needs) => {
      newest = new RemoteEngine({ ...needs, fork, transports });
      return newest;
    },
    setTransports: (next) => {
      chosen = next;
      newest?.setTransports(next);
    },
  };
}
