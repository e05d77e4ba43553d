import type { Saying } from "../../../shared/ipc/app.ts";
import { IPV6_MIN_MTU } from "../../../shared/packet/ipv6.ts";
import { MEDIA_OVERHEAD_BYTES } from "../../../shared/tunnel/mtu.ts";
import type { ProfileState } from "../../adapters/profile/inspect.ts";
import { type Check, type CheckResult, LOCAL_CHECK_WITHIN_MS } from "./check.ts";
import type { DoctorContext, TunMendingHint } from "./context.ts";
import { asItIs, failed, say } from "./words.ts";

/** The option that takes another profile; DIR is for the person to fill in. */
export const OTHER_PROFILE = "--profile DIR";

/** package.json's "engines". */
const LEAST_NODE = [20, 19] as const;

export const runtimeCheck: Check<Pick<DoctorContext, "nodeVersion">> = {
  id: "runtime",
  title: "Node.js",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ nodeVersion }) {
    const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
    const isNewEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
    if (isNewEnough) return { status: "ok", detail: [asItIs(nodeVersion)] };
    return {
      status: "fail",
      detail: [say("node_too_old", { version: nodeVersion })],
      fix: [say("node_too_old_fix", { least: LEAST_NODE.join("."), url: "https://nodejs.org" })],
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
      const found = prepared
        ? say("tun_prepared", { device: prepared.name, mtu: String(prepared.mtu) })
        : say("tun_possible");
      return { status: "ok", detail: [found] };
    }
    const { mending, command } = rights.error;
    // Where there is no TUN yet, GoVPN still runs: that is not this machine's fault.
    const status = rights.error.code === "unsupported_platform" ? "warn" : "fail";
    return { status, detail: [failed(rights.error)], fix: tunFix(mending, command) };
  },
};

/** The first hint that can be acted upon, and what to do without any. */
function tunFix(mending: readonly TunMendingHint[], command: string | undefined): readonly Saying[] {
  for (const { kind, path = "/dev/net/tun" } of mending) {
    switch (kind) {
      case "run_netconf":
        if (command !== undefined) return [say("tun_set_up", { command })];
        break;
      case "grant_capability":
        return [say("tun_as_root")];
      case "open_node":
        return [say("tun_open_node", { command: `sudo chmod 666 ${path}` })];
      case "load_module":
        return [
          say("tun_load", { command: "sudo modprobe tun" }),
          say("tun_load_in_container", { options: `--device ${path} --cap-add NET_ADMIN` }),
        ];
      case "create_node":
        return [say("tun_make_node", { command: `sudo mkdir -p /dev/net && sudo mknod ${path} c 10 200` })];
      case "free_name":
        return [say("tun_free_name")];
    }
  }
  return [say("tun_without", { option: "--tun off" })];
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
    if (clashes.length === 0) return { status: "ok", detail: [say("addresses_free", { range: "100.64.0.0/10" })] };
    const detail = clashes.map(({ interface: device, cidr }) => say("addresses_taken", { device, address: cidr }));
    return { status: "warn", detail, fix: [clashFix(clashes.map((clash) => clash.interface))] };
  },
};

export interface OwnAddresses {
  /** This identity's own, which a running GoVPN has put on its device. Empty when there is no identity yet. */
  ownAddresses(): Promise<readonly string[]>;
}

function clashFix(names: readonly string[]): Saying {
  if (names.some((name) => /^(tailscale|utun|ts)/.test(name))) return say("addresses_taken_by_vpn");
  if (names.every((name) => name.startsWith("govpn"))) {
    return say("addresses_taken_by_profile", { command: `govpn down ${OTHER_PROFILE}` });
  }
  return say("addresses_taken_by_provider");
}

export const mtuCheck: Check<Pick<DoctorContext, "net">> = {
  id: "mtu",
  title: "Packet size",
  withinMs: LOCAL_CHECK_WITHIN_MS,
  async run({ net }) {
    const route = await net.findDefaultRoute();
    if (!route) return { status: "skip", detail: [say("mtu_unknown")] };
    // Packets are made to fit each path (shared/mesh/path-mtu.ts), but those of IPv6 may not be told of less than this.
    const needed = IPV6_MIN_MTU + MEDIA_OVERHEAD_BYTES;
    const { interface: device, mtu } = route;
    const carries = say("mtu_carries", { device, bytes: mtu });
    if (mtu >= needed) return { status: "ok", detail: [carries] };
    return {
      status: "warn",
      detail: [carries, say("mtu_needed", { bytes: needed })],
      fix: [say("mtu_fix", { device })],
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
    if (!state) return { status: "skip", detail: [say("profile_none", { folder: profile.dir })] };
    return judgeProfile(profile.dir, state, platform);
  },
};

function judgeProfile(folder: string, state: ProfileState, platform: NodeJS.Platform): CheckResult {
  const bad = (detail: Saying, ...fix: Saying[]): CheckResult => ({ status: "fail", detail: [detail], fix });
  if (!state.isFolder) {
    return bad(say("profile_no_folder", { folder }), say("profile_no_folder_fix", { option: OTHER_PROFILE }));
  }
  if (!state.isOurs) {
    const command = `sudo chown -R "$(id -un)" "${folder}"`;
    return bad(say("profile_not_ours", { folder }), say("profile_not_ours_fix", { command }));
  }
  const close = `chmod 700 "${folder}"`;
  if (!state.isPrivate) {
    const elsewhere = say("profile_open_elsewhere", { option: OTHER_PROFILE });
    return bad(say("profile_open", { folder }), say("profile_open_fix", { command: close }), elsewhere);
  }
  if (!state.isWritable) {
    const found = say("profile_read_only", { folder });
    if (platform === "win32") return bad(found, say("profile_read_only_windows"));
    return bad(found, say("profile_read_only_fix", { command: close }), say("profile_read_only_disk"));
  }
  const mebibytes = Math.floor(state.freeBytes / 1024 ** 2);
  const space = { folder, mebibytes };
  if (state.freeBytes >= LITTLE_SPACE_BYTES) return { status: "ok", detail: [say("profile_space", space)] };
  return {
    status: state.freeBytes < NO_SPACE_BYTES ? "fail" : "warn",
    detail: [say("profile_little_space", space)],
    fix: [say("profile_little_space_fix")],
  };
}
