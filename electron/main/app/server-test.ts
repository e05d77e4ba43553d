import type { ServerTest } from "../../../shared/ipc/app.ts";
import type { ServerReport } from "../../adapters/net/server-probe.ts";

/** What a look at a server comes to, in one sentence. A server that members can sign in at accepts WebSockets. */
export function testOf(url: string, { health, upgrade }: ServerReport): ServerTest {
  switch (upgrade.state) {
    case "websocket": {
      const detail = health.state === "govpn" ? "a GoVPN server" : "a server that takes WebSockets";
      return { url, reachable: true, ms: Math.round(upgrade.latencyMs), detail };
    }
    case "refused":
      return { url, reachable: false, detail: `what answers there is no GoVPN server (HTTP ${upgrade.status})` };
    case "unreachable":
      return { url, reachable: false, detail: upgrade.reason };
  }
}
