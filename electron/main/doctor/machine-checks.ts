import { IPV6_MIN_MTU } from "../../../shared/packet/ipv6.ts";
import { MEDIA_OVERHEAD_BYTES } from "../../../shared/tunnel/mtu.ts";
import type { ProfileState } from "../../adapters/profile/inspect.ts";
import { type Check, type CheckResult, LOCAL_CHECK_WITHIN_MS } from "./check.ts";
import type { DoctorContext, TunMendingHint } from "./context.ts";

/** package.json's "engines". */
const LEAST_NODE = [20, 19] as const;

export const runtimeCheck: Check<Pick<DoctorContext, "nodeVersion">> = {
  id: "runtime",
  title: "Node.js",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ nodeVersion }) {
    const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
    const isNewEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
    if (isNewEnough) return { status: "ok", detail: nodeVersion };
    return {
      status: "fail",
      detail: `${nodeVersion} is too old`,
      fix: `Install Node.js ${LEAST_NODE.join(".")} or later from https://nodejs.org.`,
    };
  },
};

export const tunCheck: Check<Pick<DoctorContext, "tun"> & OwnAddresses> = {
  id: "tun",
  title: "Network device",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ tun, ownAddresses }) {
    const rights = tun.rights(await ownAddresses());
    if (rights.ok) {
      const { prepared } = rights.value;
      const detail = prepared ? `${prepared.name} was set up for this user, MTU ${prepared.mtu}` : "may be made";
      return { status: "ok", detail };
    }
    const { code, message, mending, command } = rights.error;
    // Where there is no TUN yet, GoVPN still runs: that is not this machine's fault.
    const status = code === "unsupported_platform" ? "warn" : "fail";
    return { status, detail: message, fix: tunFix(mending, command) };
  },
};

/** The first hint that can be acted upon, and what to do without any. */
function tunFix(mending: readonly TunMendingHint[], command: string | undefined): string {
  for (const { kind, path = "/dev/net/tun" } of mending) {
    switch (kind) {
      case "run_netconf":
        if (command !== undefined) return `Allow it once, for good: ${command}`;
        break;
      case "grant_capability":
        return "Start GoVPN with sudo. A systemd service may do with AmbientCapabilities=CAP_NET_ADMIN instead of root.";
      case "open_node":
        return `Let this user open the device: sudo chmod 666 ${path}.`;
      case "load_module":
        return `Load the driver: sudo modprobe tun. In a container, start it with --device ${path} --cap-add NET_ADMIN.`;
      case "create_node":
        return `Create the device's node: sudo mkdir -p /dev/net && sudo mknod ${path} c 10 200.`;
      case "free_name":
        return "Stop another GoVPN on this machine: all the usual device names are taken.";
    }
  }
  return "Run with --tun off: rooms and members work, but this machine has no address in them.";
}

export const addressCheck: Check<Pick<DoctorContext, "tun"> & OwnAddresses> = {
  id: "addresses",
  title: "Address clashes",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ tun, ownAddresses }) {
    const own = await ownAddresses();
    const found = tun.clashes();
    // The device that carries one of our own addresses is ours, whatever else it carries.
    const devices = found.filter(({ address }) => own.includes(address)).map((each) => each.interface);
    const clashes = found.filter((each) => !devices.includes(each.interface));
    if (clashes.length === 0) return { status: "ok", detail: "nobody else uses 100.64.0.0/10 here" };
    const detail = clashes.map(({ interface: name, cidr }) => `${name} has ${cidr}`).join(", ");
    return { status: "warn", detail, fix: clashFix(clashes.map((clash) => clash.interface)) };
  },
};

export interface OwnAddresses {
  /** This identity's own, which a running GoVPN has put on its device. Empty when there is no identity yet. */
  ownAddresses(): Promise<readonly string[]>;
}

function clashFix(names: readonly string[]): string {
  if (names.some((name) => /^(tailscale|utun|ts)/.test(name))) {
    return "Another VPN (Tailscale, for example) uses the same addresses. Members whose address it also uses cannot be reached over IPv4 until it is stopped; IPv6 is not affected.";
  }
  if (names.every((name) => name.startsWith("govpn"))) {
    return "Another GoVPN profile runs on this machine. That works, but traffic to a member of both goes by only one of them; stop the other with govpn down --profile DIR.";
  }
  return "This network's provider uses the same addresses (carrier-grade NAT) or another VPN does. If a member cannot be reached over IPv4, use its IPv6 address, which govpn peers shows.";
}

export const mtuCheck: Check<Pick<DoctorContext, "net">> = {
  id: "mtu",
  title: "Packet size",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ net }) {
    const route = await net.findDefaultRoute();
    if (!route) return { status: "skip", detail: "the default route is not known here" };
    // Packets are made to fit each path (shared/mesh/path-mtu.ts), but those of IPv6 may not be told of less than this.
    const needed = IPV6_MIN_MTU + MEDIA_OVERHEAD_BYTES;
    const detail = `${route.interface} carries ${route.mtu} bytes`;
    if (route.mtu >= needed) return { status: "ok", detail };
    return {
      status: "warn",
      detail: `${detail}; IPv6 in the tunnel takes ${needed}`,
      fix: `Some traffic will be slow: large IPv6 packets take the way of the data channel. If ${route.interface} is another VPN, stop it, or raise its MTU.`,
    };
  },
};

const LITTLE_SPACE_BYTES = 50 * 1024 ** 2;
/** Less than this and settings can no longer be replaced safely, which takes a second copy. */
const NO_SPACE_BYTES = 1024 ** 2;

export const profileCheck: Check<Pick<DoctorContext, "profile" | "platform">> = {
  id: "profile",
  title: "Profile folder",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ profile, platform }) {
    const state = await profile.inspect();
    if (!state) return { status: "skip", detail: `${profile.dir} will be made at the first start` };
    return judgeProfile(profile.dir, state, platform);
  },
};

function judgeProfile(dir: string, state: ProfileState, platform: NodeJS.Platform): CheckResult {
  if (!state.isFolder) {
    return { status: "fail", detail: `${dir} is not a folder`, fix: "Choose another place with --profile DIR." };
  }
  if (!state.isOurs) {
    const fix = `Run GoVPN as the user it belongs to, or give it to yourself: sudo chown -R "$(id -un)" "${dir}".`;
    return { status: "fail", detail: `${dir} belongs to another user`, fix };
  }
  if (!state.isPrivate) {
    const fix = `Close it to others: chmod 700 "${dir}". If other things lie there too, choose another place with --profile DIR.`;
    return { status: "fail", detail: `${dir} is open to other users`, fix };
  }
  if (!state.isWritable) {
    const fix =
      platform === "win32"
        ? "Allow your user to write there: the folder's Properties, Security."
        : `Allow writing there: chmod 700 "${dir}". If that does not help, its disk is mounted read-only.`;
    return { status: "fail", detail: `${dir} cannot be written to`, fix };
  }
  const free = `${Math.floor(state.freeBytes / 1024 ** 2)} MiB free`;
  if (state.freeBytes >= LITTLE_SPACE_BYTES) return { status: "ok", detail: `${dir}, ${free}` };
  const status = state.freeBytes < NO_SPACE_BYTES ? "fail" : "warn";
  return {
    status,
    detail: `${dir}, only ${free}`,
    fix: "Make room on that disk: settings and rooms cannot be saved otherwise.",
  };
}
