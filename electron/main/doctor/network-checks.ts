import type { ServerReport } from "../../adapters/net/server-probe.ts";
import type { StunAnswer, StunReport, StunServer } from "../../adapters/net/stun.ts";
import { type Check, type CheckResult, NETWORK_CHECK_WITHIN_MS } from "./check.ts";
import type { DoctorContext } from "./context.ts";

type NetContext = Pick<DoctorContext, "net">;

const NO_SERVER: CheckResult = { status: "skip", detail: "no server given; say which with --server URL" };

export const serverCheck: Check<NetContext> = {
  id: "server",
  title: "Server",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net: { server } }) {
    return server ? judgeServer(server.url, await server.report()) : NO_SERVER;
  },
};

function judgeServer(url: string, { health, upgrade }: ServerReport): CheckResult {
  if (upgrade.state === "unreachable") {
    return { status: "fail", detail: `${url}: ${upgrade.reason}`, fix: unreachableFix(upgrade.code, url) };
  }
  if (upgrade.state === "refused") {
    const isGoVpn = health.state === "govpn";
    return {
      status: "fail",
      detail: `${url} answers with HTTP ${upgrade.status}, not as a GoVPN server`,
      fix: isGoVpn
        ? "A GoVPN server is there, but not at this path. Its WebSocket is usually at /ws; a proxy before it must pass upgrades on."
        : "Another program answers at this address. Check host, port and path with whoever runs the server.",
    };
  }
  const detail = `${url} answered in ${Math.round(upgrade.latencyMs)} ms`;
  if (health.state === "govpn") return { status: "ok", detail };
  return {
    status: "warn",
    detail: `${detail}, but has no GoVPN health page: it may be a server of another make, or no GoVPN server`,
    fix: "Nothing needs mending if rooms work with it. Otherwise check the address with whoever runs the server.",
  };
}

function unreachableFix(code: string, url: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "No server listens there. Start one on that machine with govpn serve, or check the port.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The name cannot be looked up. Check its spelling and this machine's internet connection.";
    case "ETIMEDOUT":
      return "Nothing answers there. Check the address, and that the server's firewall lets this port in.";
    case "ECONNRESET":
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return url.startsWith("wss:")
        ? "The server does not speak TLS on this port. Try ws:// instead of wss://, or check the port."
        : "The server breaks off. It may want TLS: try wss:// instead of ws://.";
    default:
      if (/CERT|SIGNATURE|SELF_SIGNED/.test(code)) {
        return "The server's certificate is not trusted here. Check this machine's clock, and that the certificate is for this name and not expired.";
      }
      return "Check this machine's network connection, then the server's address.";
  }
}

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
      const detail =
        upgrade.state === "unreachable" ? "the server was not reached" : "the server does not tell the time";
      return { status: "skip", detail };
    }
    const difference = Math.abs(offset);
    if (difference <= CLOCK_WARN_MS) return { status: "ok", detail: "agrees with the server's" };
    const detail = `${roughTime(difference)} ${offset > 0 ? "behind" : "ahead of"} the server's`;
    const fix =
      "Turn on automatic time on this machine. If its time is right, the server's clock is wrong: tell whoever runs it.";
    return { status: difference > CLOCK_FAIL_MS ? "fail" : "warn", detail, fix };
  },
};

function roughTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

export const udpCheck: Check<NetContext> = {
  id: "udp",
  title: "UDP",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net }) {
    const { works, reason } = await net.udpWorksHere();
    if (works) return { status: "ok", detail: "works on this machine" };
    return {
      status: "fail",
      detail: reason,
      fix: "A firewall or sandbox on this machine blocks UDP even to itself. Allow it for GoVPN: members are reached over UDP.",
    };
  },
};

export const stunCheck: Check<Pick<DoctorContext, "net" | "stunServers">> = {
  id: "stun",
  title: "Public address",
  withinMs: NETWORK_CHECK_WITHIN_MS,
  async run({ net, stunServers }) {
    if (stunServers.length === 0) return { status: "skip", detail: "no STUN server given" };
    const [v4, v6] = await Promise.all([net.askStun(stunServers, 4), net.askStun(stunServers, 6)]);
    return judgeStun([v4, v6]);
  },
};

function judgeStun(reports: readonly StunReport[]): CheckResult {
  const findings = reports.map(summarise);
  const seen = findings.filter((finding) => finding !== undefined);
  if (seen.length === 0) return noStunAnswer(reports);
  const detail = seen.map(({ text }) => text).join("; ");
  if (!seen.some(({ dependsOnServer }) => dependsOnServer)) return { status: "ok", detail };
  return {
    status: "warn",
    detail,
    fix: 'This network\'s NAT gives every peer another port ("symmetric"), so direct links fail unless the other side is easier to reach. Turn on UPnP or a port forward in the router, or use IPv6.',
  };
}

interface StunSummary {
  readonly text: string;
  readonly dependsOnServer: boolean;
}

function summarise({ family, answers, localPort }: StunReport): StunSummary | undefined {
  const mapped = answers.flatMap((answer) => (answer.state === "answered" ? [answer.mapped] : []));
  const [first] = mapped;
  if (!first) return undefined;
  const host = family === 6 ? `[${first.address}]` : first.address;
  const dependsOnServer = mapped.some(({ address, port }) => address !== first.address || port !== first.port);
  const kept = first.port === localPort ? ", port kept" : "";
  const sameness =
    mapped.length < 2 ? "one server asked" : dependsOnServer ? "another for each server" : "the same for every server";
  return { text: `IPv${family} ${host}:${first.port} (${sameness}${kept})`, dependsOnServer };
}

function noStunAnswer(reports: readonly StunReport[]): CheckResult {
  const answers = reports.flatMap((report) => report.answers).filter((answer) => answer.state !== "no_address");
  const reasons = new Map<string, string>();
  for (const answer of answers) if (answer.state !== "answered") reasons.set(nameOf(answer.server), describe(answer));
  const detail = reasons.size === 0 ? "the STUN servers' names cannot be looked up" : [...reasons.values()].join("; ");
  return {
    status: "warn",
    detail,
    fix: "Members on the same network can still be reached. For others: check the internet connection, allow outgoing UDP in the firewall, or name another server with --stun HOST:PORT.",
  };
}

function describe(answer: Exclude<StunAnswer, { state: "answered" }>): string {
  return `${nameOf(answer.server)}: ${answer.reason}`;
}

function nameOf({ host, port }: StunServer): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
