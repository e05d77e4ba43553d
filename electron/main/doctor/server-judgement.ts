import type { Saying } from "../../../shared/ipc/app.ts";
import type { ServerReport, UpgradeAnswer } from "../../adapters/net/server-probe.ts";
import type { CheckResult } from "./check.ts";
import { say } from "./words.ts";

/** What a look at a server comes to. A server that members can sign in at accepts WebSockets. */
export function judgeServer(url: string, { health, upgrade }: ServerReport): CheckResult {
  switch (upgrade.state) {
    case "unreachable": {
      const [found, fix] = unreachable(url, upgrade);
      return { status: "fail", detail: [found], fix: [fix] };
    }
    case "refused": {
      const fix = health.state === "govpn" ? say("server_other_path") : say("server_is_another_fix");
      return {
        status: "fail",
        detail: [say("server_is_another", { url, status: String(upgrade.status) })],
        fix: [fix],
      };
    }
    case "websocket": {
      const ms = Math.round(upgrade.latencyMs);
      if (health.state === "govpn") return { status: "ok", detail: [say("server_answers", { url, ms })] };
      const found = say("server_of_other_make", { url, ms });
      return { status: "warn", detail: [found], fix: [say("server_of_other_make_fix")] };
    }
  }
}

function unreachable(
  url: string,
  { code, reason }: Extract<UpgradeAnswer, { state: "unreachable" }>,
): [Saying, Saying] {
  switch (code) {
    case "ECONNREFUSED":
      return [say("server_refuses", { url }), say("server_refuses_fix")];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [say("server_name_unknown", { url }), say("server_name_unknown_fix")];
    case "ETIMEDOUT":
      return [say("server_silent", { url }), say("server_silent_fix")];
    case "ECONNRESET":
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER": {
      const fix = url.startsWith("wss:") ? say("server_without_tls") : say("server_with_tls");
      return [say("server_breaks_off", { url }), fix];
    }
    default:
      if (/CERT|SIGNATURE|SELF_SIGNED/.test(code)) {
        return [say("server_certificate", { url, why: reason }), say("server_certificate_fix")];
      }
      return [say("server_out_of_reach", { url, why: reason }), say("server_out_of_reach_fix")];
  }
}
