import type { ServerTest } from "../../../shared/ipc/app.ts";
import type { ServerReport } from "../../adapters/net/server-probe.ts";
import { judgeServer } from "../doctor/server-judgement.ts";

/** What a look at a server comes to for somebody who types its address: that it answers, else why not and what to do. */
export function testOf(url: string, report: ServerReport): ServerTest {
  if (report.upgrade.state === "websocket") {
    return { url, reachable: true, ms: Math.round(report.upgrade.latencyMs) };
  }
  const { detail, fix = [] } = judgeServer(url, report);
  return { url, reachable: false, why: [...detail, ...fix] };
}
