import type { Failure } from "../../../shared/base/result.ts";
import type { Saying } from "../../../shared/ipc/app.ts";

/**
 * Everything the checks say, in English: for the command line, and for a window that has no words of its own for a
 * code. `{{name}}` is a value. The window's other languages are in renderer/i18n, under "doctor", by the same codes.
 */
export const WORDS = {
  too_late: "no answer within {{seconds}} s",
  too_late_fix: "Look again. If it is the same, this part of the system hangs: a restart of the machine often helps.",
  check_broken: "the check itself failed: {{why}}",
  check_broken_fix: "This is a defect of GoVPN. Please report it with this line.",

  node_too_old: "{{version}} is too old",
  node_too_old_fix: "Install Node.js {{least}} or later from {{url}}.",

  profile_none: "{{folder}} will be made at the first start",
  profile_space: "{{folder}}, {{mebibytes}} MiB free",
  profile_little_space: "{{folder}}, only {{mebibytes}} MiB free",
  profile_little_space_fix: "Make room on that disk: settings and rooms cannot be saved otherwise.",
  profile_no_folder: "{{folder}} is not a folder",
  profile_no_folder_fix: "Choose another place with {{option}}.",
  profile_not_ours: "{{folder}} belongs to another user",
  profile_not_ours_fix: "Run GoVPN as the user it belongs to, or give it to yourself: {{command}}",
  profile_open: "{{folder}} is open to other users",
  profile_open_fix: "Close it to others: {{command}}",
  profile_open_elsewhere: "If other things lie there too, choose another place with {{option}}.",
  profile_read_only: "{{folder}} cannot be written to",
  profile_read_only_fix: "Allow writing there: {{command}}",
  profile_read_only_disk: "If that does not help, its disk is mounted read-only.",
  profile_read_only_windows: "Allow your user to write there: the folder's Properties, Security.",

  secrets_in_keychain: "the system's keychain",
  secrets_in_sealed_file: "a file sealed under a passphrase",
  secrets_will_be_sealed: "the first start will seal a file under {{variable}}",
  secrets_will_be_in_keychain: "the system's keychain works, and will be used",
  secrets_will_be_plain: "the first start will keep the secret key in a plain file",
  set_passphrase: "Or set {{variable}} for an encrypted file.",
  move_to_keychain: "Run: {{command}}",
  move_to_keychain_linux: "If this machine has a desktop, install gnome-keyring or KWallet and run: {{command}}",
  move_to_sealed: "Otherwise seal the file under a passphrase: {{command}}",
  keychain_unlock: "Unlock the keychain by logging in to the desktop, and try again.",
  keychain_unlock_linux: "Unlock the keyring by logging in to the desktop, or with seahorse, and try again.",
  keychain_log_in: "Log in to the desktop as this user, so that its keychain is there.",
  keychain_log_in_linux: "Run GoVPN inside a desktop session with gnome-keyring or KWallet (over ssh there is none).",
  passphrase_give: "Put the passphrase into {{variable}} and look again.",
  passphrase_right:
    "Put the right passphrase into {{variable}}. If it is lost, import an exported identity into a new profile: {{option}}",
  file_close:
    "Run the chmod named above. If others have used this machine meanwhile, they may have the key: make a new profile with {{option}}.",
  file_own: "Run GoVPN as the user who owns the file, or give the file to yourself with sudo chown.",
  identity_import: "Import an exported identity, or start anew with another {{option}}: {{command}}",
  record_restore:
    "Restore secret-store.json in the profile's folder from a backup. If the keychain was never used here, delete it.",
  file_restore: "Restore the file from a backup, or import an exported identity into another {{option}}.",

  identity_later: "will be made at the first start",
  identity_lost: "missing from the store",
  store_unknown: "the secret store is not known",
  store_closed: "the secret store cannot be opened",

  vault_empty: "nothing is kept yet",
  vault_opens: "{{names}}: all open",
  vault_unopenable: "cannot be opened: {{names}}",
  vault_unopenable_fix:
    "The next start sets it aside and goes on without it. If there is a backup of the profile's folder and of its secret store, restore both first.",
  vault_set_aside: "damaged, and set aside: {{names}}",
  vault_set_aside_fix:
    "Enter your rooms again, with their ids and PINs or an invitation; then delete what was set aside from {{folder}}.",

  tun_prepared: "{{device}} was set up for this user, MTU {{mtu}}",
  tun_possible: "may be made",
  tun_set_up: "Allow it once, for good: {{command}}",
  tun_as_root:
    "Start GoVPN with sudo. A systemd service may do with AmbientCapabilities=CAP_NET_ADMIN instead of root.",
  tun_open_node: "Let this user open the device: {{command}}",
  tun_load: "Load the driver: {{command}}",
  tun_load_in_container: "In a container, start it with: {{options}}",
  tun_make_node: "Create the device's node: {{command}}",
  tun_free_name: "Stop another GoVPN on this machine: all the usual device names are taken.",
  tun_without:
    "GoVPN goes on without it ({{option}}): rooms and members work, but this machine has no address in them.",

  addresses_free: "nobody else uses {{range}} here",
  addresses_taken: "{{device}} has {{address}}",
  addresses_taken_by_vpn:
    "Another VPN (Tailscale, for example) uses the same addresses. Members whose address it also uses cannot be reached over IPv4 until it is stopped; IPv6 is not affected.",
  addresses_taken_by_profile:
    "Another GoVPN profile runs on this machine. That works, but traffic to a member of both goes by only one of them; stop the other with: {{command}}",
  addresses_taken_by_provider:
    "This network's provider uses the same addresses (carrier-grade NAT) or another VPN does. If a member cannot be reached over IPv4, use its IPv6 address.",

  server_none: "no server given; say which with {{option}}",
  server_answers: "{{url}} answered in {{ms}} ms",
  server_of_other_make:
    "{{url}} answered in {{ms}} ms, but has no GoVPN health page: it may be a server of another make, or no GoVPN server",
  server_of_other_make_fix:
    "Nothing needs mending if rooms work with it. Otherwise check the address with whoever runs the server.",
  server_is_another: "{{url}} answers with HTTP {{status}}, not as a GoVPN server",
  server_other_path:
    "A GoVPN server is there, but not at this path. Its WebSocket is usually at /ws; a proxy before it must pass upgrades on.",
  server_is_another_fix:
    "Another program answers at this address. Check host, port and path with whoever runs the server.",
  server_refuses: "{{url}} refuses the connection",
  server_refuses_fix: "No server listens there. Start one on that machine with govpn serve, or check the port.",
  server_name_unknown: "the name in {{url}} cannot be looked up",
  server_name_unknown_fix: "Check its spelling, and this machine's internet connection.",
  server_silent: "{{url}} does not answer",
  server_silent_fix: "Check the address, and that the server's firewall lets this port in.",
  server_breaks_off: "{{url}} breaks the connection off",
  server_without_tls: "The server does not speak TLS on this port. Try ws:// instead of wss://, or check the port.",
  server_with_tls: "It may want TLS: try wss:// instead of ws://.",
  server_certificate: "the certificate of {{url}} is not trusted here: {{why}}",
  server_certificate_fix: "Check this machine's clock, and that the certificate is for this name and not expired.",
  server_out_of_reach: "{{url}} cannot be reached: {{why}}",
  server_out_of_reach_fix: "Check this machine's network connection, then the server's address.",

  clock_agrees: "agrees with the server's",
  clock_not_asked: "the server was not reached",
  clock_not_told: "the server does not tell the time",
  clock_behind_minutes: "{{minutes}} min behind the server's",
  clock_behind_hours: "{{hours}} h behind the server's",
  clock_ahead_minutes: "{{minutes}} min ahead of the server's",
  clock_ahead_hours: "{{hours}} h ahead of the server's",
  clock_fix:
    "Turn on automatic time on this machine. If its time is right, the server's clock is wrong: tell whoever runs it.",

  udp_works: "works on this machine",
  udp_blocked: "does not work on this machine: {{why}}",
  udp_blocked_fix:
    "A firewall or sandbox on this machine blocks UDP even to itself. Allow it for GoVPN: members are reached over UDP.",

  stun_none: "no STUN server given",
  stun_seen: "IPv{{family}} {{address}} (one server asked)",
  stun_seen_port_kept: "IPv{{family}} {{address}} (one server asked, port kept)",
  stun_same: "IPv{{family}} {{address}} (the same for every server)",
  stun_same_port_kept: "IPv{{family}} {{address}} (the same for every server, port kept)",
  stun_differs: "IPv{{family}} {{address}} (another for each server)",
  stun_differs_fix:
    'This network\'s NAT gives every peer another port ("symmetric"), so direct links fail unless the other side is easier to reach. Turn on UPnP or a port forward in the router, or use IPv6.',
  stun_no_names: "the STUN servers' names cannot be looked up",
  stun_silent: "{{server}}: no answer",
  stun_failed: "{{server}}: {{why}}",
  stun_fix:
    "Members on the same network can still be reached. For others: check the internet connection, allow outgoing UDP in the firewall, or name another STUN server.",

  mtu_unknown: "the default route is not known here",
  mtu_carries: "{{device}} carries {{bytes}} bytes",
  mtu_needed: "IPv6 in the tunnel takes {{bytes}}",
  mtu_fix:
    "Some traffic will be slow: large IPv6 packets take the way of the data channel. If {{device}} is another VPN, stop it, or raise its MTU.",
} as const;

export type Word = keyof typeof WORDS;

/** The names of the values that a sentence has in it. */
type ValueOf<Text extends string> = Text extends `${string}{{${infer Name}}}${infer Rest}`
  ? Name | ValueOf<Rest>
  : never;
type Values<Code extends Word> = Readonly<Record<ValueOf<(typeof WORDS)[Code]>, string | number>>;

/** A sentence of `WORDS` with its values. */
export function say<Code extends Word>(
  code: Code,
  ...[values]: ValueOf<(typeof WORDS)[Code]> extends never ? [] : [values: Values<Code>]
): Saying {
  const given: Readonly<Record<string, string | number>> = values ?? {};
  const text = WORDS[code].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(given[name]));
  return { code, ...(values && { values: given }), text };
}

/** What is the same in every language: a version, addresses. */
export function asItIs(text: string): Saying {
  return { text };
}

/** What another part said of its failure. A window knows failures by their codes. */
export function failed({ code, message }: Failure): Saying {
  return { code, text: message };
}

/** What was found, in English, as the command line and a report show it. */
export function detailText(detail: readonly Saying[]): string {
  return detail.map(({ text }, i) => (i < detail.length - 1 ? text.replace(/\.$/, "") : text)).join("; ");
}

/** How to mend it, in English. */
export function fixText(fix: readonly Saying[]): string {
  return fix.map(({ text }) => text).join(" ");
}
