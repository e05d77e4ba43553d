import type { Failure } from "../../shared/base/result.ts";
import type { TrustFailure } from "../../shared/trust/failures.ts";

type InWords = (message: string, command?: string) => string;

/** Of a room's trust: every code there is, so that a new one cannot go without words. */
const ofTrust: Readonly<Record<TrustFailure["code"], InWords>> = {
  not_owner: () => "Only the room's owner can do that.",
  not_allowed: (message) => `${message}. Who may do what: govpn rules`,
  not_at_door: () => "Nobody of that name is at the door. See who is: govpn door",
  unknown_member: () => "No such member. Use a name, an address or a public key from: govpn peers",
  not_connected: (message) =>
    /^GoVPN/.test(message)
      ? "GoVPN is told to stay disconnected. Connect it in the user interface: govpn ui"
      : `${message}. It has to be connected; look at: govpn peers`,
  no_policy: (message) => `${message}. It has to join by the link of: govpn invite`,
  bad_policy: (message) => `${message}. Nothing was changed.`,
  has_owner: (message) => `${message}. Whose the room is: govpn status`,
  too_many_removed: (message) => `${message} with: govpn unban KEY`,
  too_many_handovers: (message) => `${message}. Make a new room: govpn create NAME`,
  handing_over: (message) => `${message}. Try again in a moment.`,
  not_signed: (message) => `${message}. Look at: govpn doctor`,
  other_founder: () =>
    "The link names another founder than the room has that you are in. Somebody made it up, or mixed up two rooms: ask for the link again.",
};

/**
 * Failures in words, with what to do next. One place for the command line; a code without words of its own falls back
 * to the failure's own sentence.
 */
const words: Readonly<Record<string, InWords>> = {
  ...ofTrust,
  wrong_pin: () => "The PIN is wrong. Ask whoever made the room for it; it has four digits.",
  room_missing: () => "There is no room with this id on the server. Check the id; the owner may have closed the room.",
  room_full: () => "The room is full.",
  rate_limited: () => "Too many attempts. The server lets you try again in a minute or so.",
  already_created: (message) => `${message}. A key owns one room: leave that one first, or use another --profile.`,
  timeout: (message) => `${message}. Is the server running, and reachable from here? Try: govpn doctor`,
  connection_lost: () => "The connection to the server broke off before it answered. Look at: govpn status",
  invalid_pin: () => "A PIN is exactly four digits, for example 4821.",
  invalid_room_id: () => "That is not a room id: it has 1 to 64 letters, digits, - and _.",
  invalid_room_name: () => "A room needs a name of 1 to 64 characters.",
  no_room: () => 'You are in no room. Create one with: govpn create "My room"',
  which_room: (message) => `${message}. Say which with --room ID; govpn status lists them.`,
  unknown_room: () => "You are not in that room. govpn status lists the rooms you are in.",
  which_member: (message) => `${message}. Use the address instead; govpn peers lists them.`,
  kick_self: () => "You cannot remove yourself. To close the room: govpn leave",
  other_server: (message) =>
    `${message}. Bring GoVPN up there: govpn up --join LINK --pin PIN; or say --here if it is the same server.`,
  not_removed: () => "Nobody of that name or key was removed from the room. Who was: govpn status",
  which_removed: (message) => `${message}. Say which by its public key; govpn status --json lists them.`,
  invalid_rule: (message) => `${message}; for one member: govpn reach MEMBER RULE`,
  not_running: () => "GoVPN is not running for this profile. Start it with: govpn up --server URL",
  profile_in_use: (message) =>
    `${message}. Look at it with govpn status, stop it with govpn down, or take another --profile DIR.`,
  address_in_use: (message) => `${message}. Stop that program, or take another port with --port.`,
  ui_port_in_use: (message) => `${message}. Take another port: --ui PORT, or --ui alone for a free one.`,
  ui_not_built: (message) => `${message}. In a checkout: npm run build`,
  data_in_use: (message) => `${message}. Stop it, or choose another folder with --data (for start: --profile).`,
  rooms_corrupt: (message) => `${message}. Nothing was changed. Look at: govpn doctor`,
  trust_corrupt: (message) => `${message}. Nothing was changed. Look at: govpn doctor`,
  known_members_damaged: (message) => `${message}. Nothing was changed. Look at: govpn doctor`,
  vault_damaged: (message) =>
    `${message}. GoVPN goes on without it: what was in it, rooms perhaps, has to be entered again.`,
  secrets_in_plain_file: () =>
    "This machine's secret key is kept unencrypted, in a file only you can read. To protect it: govpn identity move --to keychain (or --to sealed)",
  no_server: () => "Which server? Say --server URL, or start one here with: govpn serve",
  passphrase_needed: (message) => `${message}. Put the passphrase into GOVPN_PASSPHRASE.`,
  wrong_passphrase: () => "The passphrase in GOVPN_PASSPHRASE is wrong.",
  keychain_locked: (message) => `${message}. Unlock the keychain and start again.`,
  keychain_unavailable: (message) =>
    `${message}. Start the keychain's service, or move the secrets with: govpn identity move`,
  tun_permission: (message, command) =>
    command === undefined
      ? `${message}. This user may not make a network device: run as root, or give node the capability cap_net_admin. To do without: --tun off`
      : `${message}. This user may not make a network device. Allow it once, for good: ${command} (or run as root; to do without: --tun off)`,
  tun_outdated: (message, command) => `${message}. Bring it up to date once: ${command ?? "run GoVPN as root"}`,
  tun_missing: (message) =>
    `${message}. Load the driver with: modprobe tun; a container must be given /dev/net/tun. To do without: --tun off`,
  tun_busy: (message) => `${message}. Stop a program that has one of them. To do without: --tun off`,
  address_conflict: (message) => `${message}. Stop whoever has it there, or take another --profile DIR.`,
  tun_lost: (message) => `${message}. Another one is made in a few seconds.`,
};

export function inWords({ code, message, command }: Failure & { readonly command?: string }): string {
  const sentence = message === "" ? code : message[0]?.toUpperCase() + message.slice(1);
  const own = Object.hasOwn(words, code) ? words[code] : undefined;
  return own?.(sentence.replace(/\.$/, ""), command) ?? sentence;
}

export function duration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${Math.round(ms)} ms`;
}

export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
