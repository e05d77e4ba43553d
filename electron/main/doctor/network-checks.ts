import type { Saying } from "../../../shared/ipc/app.ts";
import type { StunReport, StunServer } from "../../adapters/net/stun.ts";
import { type Check, type CheckResult, NETWORK_CHECK_WITHIN_MS } from "./check.ts";
import type { DoctorContext } from "./context.ts";
import { judgeServer } from "./server-judgement.ts";
import { say } from "./words.ts";

type NetContext = Pick<DoctorContext, "net">;

const NO_SERVER: CheckResult = { status: "skip", detail: [say("server_none", { option: "--server URL" })] };

export const serverCheck: Check<NetContext> = {
  id: "server",
  title: "Server",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net: { server } }) {
    return server ? judgeServer(server.url, await server.report()) : NO_SERVER;
  },
};

const CLOCK_WARN_MS = 60_000;
/** Certificates and signed offers carry times; half an hour off, they stop being believed. */
const CLOCK_FAIL_MS = 30 * 60_000;

export const clockCheck: Check<NetContext> = {
  id: "clock",
  title: "Clock",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net: { server } }) {
    if (!server) return NO_SERVER;
    const { clockOffsetMs: offset, upgrade } = await server.report();
    if (offset === undefined) {
      const why = upgrade.state === "unreachable" ? say("clock_not_asked") : say("clock_not_told");
      return { status: "skip", detail: [why] };
    }
    const difference = Math.abs(offset);
    if (difference <= CLOCK_WARN_MS) return { status: "ok", detail: [say("clock_agrees")] };
    const status = difference > CLOCK_FAIL_MS ? "fail" : "warn";
    return { status, detail: [offText(difference, offset > 0)], fix: [say("clock_fix")] };
  },
};

/** In hours from two on. */
function offText(ms: number, isBehind: boolean): Saying {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return say(isBehind ? "clock_behind_minutes" : "clock_ahead_minutes", { minutes });
  return say(isBehind ? "clock_behind_hours" : "clock_ahead_hours", { hours: Math.round(minutes / 60) });
}

export const udpCheck: Check<NetContext> = {
  id: "udp",
  title: "UDP",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net }) {
    const { works, reason } = await net.udpWorksHere();
    if (works) return { status: "ok", detail: [say("udp_works")] };
    return { status: "fail", detail: [say("udp_blocked", { why: reason })], fix: [say("udp_blocked_fix")] };
  },
};

export const stunCheck: Check<Pick<DoctorContext, "net" | "stunServers">> = {
  id: "stun",
  title: "Public address",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net, stunServers }) {
    if (stunServers.length === 0) return { status: "skip", detail: [say("stun_none")] };
    const [v4, v6] = await Promise.all([net.askStun(stunServers, 4), net.askStun(stunServers, 6)]);
    return judgeStun([v4, v6]);
  },
};

function judgeStun(reports: readonly StunReport[]): CheckResult {
  const found = reports.map(summarise).filter((saying) => saying !== undefined);
  if (found.length === 0) return noStunAnswer(reports);
  const isSymmetric = found.some(({ code }) => code === "stun_differs");
  return isSymmetric
    ? { status: "warn", detail: found, fix: [say("stun_differs_fix")] }
    : { status: "ok", detail: found };
}

/** As whom the servers see this machine over one family; undefined when none answered. */
function summarise({ family, answers, localPort }: StunReport): Saying | undefined {
  const mapped = answers.flatMap((answer) => (answer.state === "answered" ? [answer.mapped] : []));
  const [first] = mapped;
  if (!first) return undefined;
  const values = { family: String(family), address: endpoint({ host: first.address, port: first.port }) };
  const isKept = first.port === localPort;
  if (mapped.length < 2) return say(isKept ? "stun_seen_port_kept" : "stun_seen", values);
  const isSame = mapped.every(({ address, port }) => address === first.address && port === first.port);
  if (!isSame) return say("stun_differs", values);
  return say(isKept ? "stun_same_port_kept" : "stun_same", values);
}

function noStunAnswer(reports: readonly StunReport[]): CheckResult {
  const reasons = new Map<string, Saying>();
  for (const answer of reports.flatMap((report) => report.answers)) {
    if (answer.state === "answered" || answer.state === "no_address") continue;
    const server = endpoint(answer.server);
    const isSilent = answer.state === "silent";
    reasons.set(server, isSilent ? say("stun_silent", { server }) : say("stun_failed", { server, why: answer.reason }));
  }
  const detail = reasons.size === 0 ? [say("stun_no_names")] : [...reasons.values()];
  return { status: "warn", detail, fix: [say("stun_fix")] };
}

/** As it is written: an IPv6 address in brackets. */
function endpoint({ host, port }: StunServer): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
