import { describe, expect, it } from "vitest";
import { type GrantPorts, TunGrant } from "../../../electron/adapters/tun/grant.ts";
import { findNetconf, INSTALLED_NETCONF, netconfCommand } from "../../../electron/adapters/tun/netconf.ts";

const wish = { ipv4: "100.64.3.4", ipv6: "fd67:6f76:706e::1", mtu: 1280 };
const args = ["setup", "--ipv4", wish.ipv4, "--ipv6", wish.ipv6, "--mtu", "1280"];
const installed = { path: INSTALLED_NETCONF, place: "installed" } as const;
const line = `sudo ${INSTALLED_NETCONF} ${args.join(" ")}`;

describe("granting rights", () => {
  interface Machine extends GrantPorts {
    readonly ran: (readonly string[])[];
  }
  /** A desktop with polkit and the deb installed, where the person agrees. */
  function machine(change: Partial<GrantPorts> = {}): Machine {
    const ran: (readonly string[])[] = [];
    return {
      platform: "linux",
      env: { WAYLAND_DISPLAY: "wayland-0" },
      findNetconf: () => installed,
      findPkexec: () => "/usr/bin/pkexec",
      run: async (command, words) => {
        ran.push([command, ...words]);
        return { status: 0, stderr: "" };
      },
      ...change,
      ran,
    };
  }
  const ending = (status: number | null, stderr = "") => machine({ run: async () => ({ status, stderr }) });

  it("is offered as one question on a desktop where the program is root's own", () => {
    for (const env of [{ DISPLAY: ":0" }, { WAYLAND_DISPLAY: "wayland-0" }]) {
      expect(new TunGrant(machine({ env })).view("tun_permission", wish)).toEqual({ kind: "helper", command: line });
    }
    expect(new TunGrant(machine()).view("tun_outdated", wish)).toEqual({ kind: "helper", command: line });
  });

  const shipped = { path: "/home/ann/GoVPN 1/build/linux/govpn-netconf", place: "shipped" } as const;
  it.each<[string, Partial<GrantPorts>, string]>([
    ["there is no desktop", { env: {} }, line],
    ["polkit is not installed", { findPkexec: () => undefined }, line],
    [
      "others than root may have changed the program",
      { findNetconf: () => shipped },
      `sudo sh '${shipped.path}' ${args.join(" ")}`,
    ],
  ])("is a line for a terminal where %s", async (_, change, command) => {
    const ports = machine(change);
    const grant = new TunGrant(ports);
    expect(grant.view("tun_permission", wish)).toEqual({ kind: "command", command });
    expect(await grant.grant(wish)).toEqual({ ok: false, error: { code: "rights_by_command", message: command } });
    expect(ports.ran).toEqual([]);
  });

  it("is a line without words where the program did not come along", () => {
    expect(new TunGrant(machine({ findNetconf: () => undefined })).view("tun_permission", wish)).toEqual({
      kind: "command",
    });
  });

  it("is not offered for what rights do not mend", () => {
    for (const code of ["tun_missing", "tun_busy", "address_conflict", "tun_lost", "tun_setup"]) {
      expect(new TunGrant(machine()).view(code, wish)).toBeUndefined();
    }
  });

  it("is said to be impossible where the system has no device yet", () => {
    const grant = new TunGrant(machine({ platform: "darwin" }));
    expect(grant.view("unsupported_platform", wish)).toEqual({ kind: "unsupported" });
  });

  it("asks by pkexec for exactly what is shown", async () => {
    const ports = machine();
    expect(await new TunGrant(ports).grant(wish)).toEqual({ ok: true, value: undefined });
    expect(ports.ran).toEqual([["/usr/bin/pkexec", INSTALLED_NETCONF, ...args]]);
  });

  it.each<[string, GrantPorts, string, string]>([
    ["the person closes it", ending(126, "Error executing command: dismissed\n"), "rights_dismissed", "dismissed"],
    ["the person may not", ending(127, "Error executing command: Not authorized\n"), "rights_denied", "Not authorized"],
    ["the program fails", ending(1, "warning\ngovpn-netconf: cannot make govpn0\n"), "rights_failed", "cannot make"],
    ["it is ended", ending(null), "rights_failed", "could not be made"],
    [
      "pkexec cannot be started",
      machine({ run: () => Promise.reject(new Error("spawn EACCES")) }),
      "rights_denied",
      "EACCES",
    ],
  ])("says why not when %s", async (_, ports, code, words) => {
    const granted = await new TunGrant(ports).grant(wish);
    expect(granted).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(words) } });
  });
});

describe("govpn-netconf", () => {
  const places = (there: readonly string[], folders: readonly string[] = [], appDir?: string) => ({
    folders,
    appDir,
    exists: (path: string) => there.includes(path),
    isRoots: (path: string) => path === INSTALLED_NETCONF && there.includes(path),
  });

  it("is the installed one, else the nearest that came with the program, else none", () => {
    const near = "/app/dist/build/linux/govpn-netconf";
    const far = "/app/build/linux/govpn-netconf";
    const folders = ["/app/dist", "/app"];
    expect(findNetconf(places([INSTALLED_NETCONF, near], folders))).toEqual(installed);
    expect(findNetconf(places([near, far], folders))).toEqual({ path: near, place: "shipped" });
    expect(findNetconf(places([far], folders))).toEqual({ path: far, place: "shipped" });
    expect(findNetconf(places([far], folders, "/app"))).toEqual({ path: far, place: "mounted" });
    expect(findNetconf(places([], folders))).toBeUndefined();
  });

  it("comes with this checkout", () => {
    expect(findNetconf()?.path).toMatch(/\/govpn-netconf$/);
  });

  it("is named so that a shell reads each word as it is", () => {
    const path = "/home/o'neil/$(id) x/govpn-netconf";
    const word = "'/home/o'\\''neil/$(id) x/govpn-netconf'";
    expect(netconfCommand(wish, { path, place: "shipped" })).toBe(`sudo sh ${word} ${args.join(" ")}`);
    expect(netconfCommand(wish, { path, place: "mounted" })).toBe(
      `sudo sh -c "$(cat ${word})" govpn-netconf ${args.join(" ")}`,
    );
  });
});
