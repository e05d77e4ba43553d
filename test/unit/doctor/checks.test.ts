import { describe, expect, it } from "vitest";
import { defaultInterface4, defaultInterface6 } from "../../../electron/adapters/net/default-route.ts";
import type { ServerReport } from "../../../electron/adapters/net/server-probe.ts";
import type { StunAnswer, StunReport } from "../../../electron/adapters/net/stun.ts";
import { type Check, type CheckResult, type Finding, runChecks } from "../../../electron/main/doctor/check.ts";
import type { DoctorContext } from "../../../electron/main/doctor/context.ts";
import { examine } from "../../../electron/main/doctor/doctor.ts";
import { formatFindings, hasFailure, plainFinding, summariseFindings } from "../../../electron/main/doctor/format.ts";
import { asItIs } from "../../../electron/main/doctor/words.ts";
import { FailureError, fail, ok } from "../../../shared/base/result.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";

const server = { host: "stun.example", port: 3478 };

describe("a healthy machine", () => {
  it("passes every check", async () => {
    const findings = await examine(healthy(), new FakeClock());
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual([
      ..."runtime profile secrets identity vault tun addresses server clock udp stun mtu".split(" "),
    ]);
    expect(hasFailure(findings)).toBe(false);
    expect(summariseFindings(findings)).toBe("Nothing needs mending.");
  });

  it("names the device that was set up for this user", async () => {
    const rights = () => ok({ prepared: { name: "govpn3", mtu: 1280 } });
    const findings = await examine({ ...healthy(), tun: { rights, clashes: () => [] } }, new FakeClock());
    expect(told(findings, "tun")).toMatchObject({ status: "ok", detail: "govpn3 was set up for this user, MTU 1280" });
  });

  it("shows the identity's addresses, and never the key", async () => {
    const context = healthy();
    const findings = await examine(context, new FakeClock());
    expect(told(findings, "identity").detail).toMatch(/^100\.\d+\.\d+\.\d+, fd67:6f76:706e:/);
    expect(JSON.stringify(findings)).not.toContain(SECRET.slice(0, 16));
  });
});

describe("what is wrong is said, with how to mend it:", () => {
  const cases: readonly [string, string, CheckResult["status"], RegExp, RegExp, (context: DoctorContext) => object][] =
    [
      ["an old Node", "runtime", "fail", /20\.18\.3/, /20\.19/, () => ({ nodeVersion: "20.18.3" })],
      ["no right to make a device", "tun", "fail", /not permitted/, /sudo/, () => tunRefused("grant_capability")],
      [
        "no device set up for this user",
        "tun",
        "fail",
        /not permitted/,
        /once.*sudo netconf 100\./,
        () => tunRefused("run_netconf"),
      ],
      ["no TUN driver", "tun", "fail", /not permitted/, /modprobe tun/, () => tunRefused("load_module")],
      [
        "another VPN in our addresses",
        "addresses",
        "warn",
        /tailscale0 has 100\.64\.0\.9\/32/,
        /Tailscale/,
        () => clash(),
      ],
      [
        "no keychain yet",
        "secrets",
        "warn",
        /plain file/,
        /GOVPN_PASSPHRASE/,
        (c) => noSecrets(c, "keychain_unavailable"),
      ],
      ["a plain file", "secrets", "warn", /unencrypted/, /identity move --to/, (c) => plainFile(c)],
      ["a locked keychain", "secrets", "fail", /is locked/, /[Uu]nlock/, (c) => unopened(c, "keychain_locked")],
      [
        "a missing passphrase",
        "secrets",
        "warn",
        /is locked/,
        /GOVPN_PASSPHRASE/,
        (c) => unopened(c, "passphrase_needed"),
      ],
      ["a lost identity", "identity", "fail", /missing/, /identity import/, (c) => emptyStore(c)],
      [
        "a damaged vault",
        "vault",
        "fail",
        /cannot be opened: trust/,
        /backup/,
        (c) => vault(c, { unopenable: ["trust"] }),
      ],
      [
        "a document that was set aside",
        "vault",
        "warn",
        /set aside: rooms\.damaged/,
        /delete .* from \/p\/vault/,
        (c) => vault(c, { setAside: ["rooms.damaged"] }),
      ],
      [
        "a refused connection",
        "server",
        "fail",
        /refuses/,
        /govpn serve/,
        (c) => serverIs(c, unreachable("ECONNREFUSED")),
      ],
      ["a misspelt name", "server", "fail", /looked up/, /spelling/, (c) => serverIs(c, unreachable("ENOTFOUND"))],
      [
        "a bad certificate",
        "server",
        "fail",
        /not trusted here: certificate has expired/,
        /certificate/,
        (c) => serverIs(c, unreachable("CERT_HAS_EXPIRED", "certificate has expired")),
      ],
      [
        "a web server",
        "server",
        "fail",
        /HTTP 404/,
        /Another program/,
        (c) => serverIs(c, { upgrade: refused, health: other }),
      ],
      ["a wrong path", "server", "fail", /HTTP 404/, /\/ws/, (c) => serverIs(c, { upgrade: refused, health: govpn })],
      [
        "an unknown make",
        "server",
        "warn",
        /no GoVPN health page/,
        /rooms work/,
        (c) => serverIs(c, { health: other }),
      ],
      [
        "a clock 2 min slow",
        "clock",
        "warn",
        /2 min behind/,
        /automatic time/,
        (c) => serverIs(c, { clockOffsetMs: 120e3 }),
      ],
      [
        "a clock 1 h fast",
        "clock",
        "fail",
        /60 min ahead/,
        /automatic time/,
        (c) => serverIs(c, { clockOffsetMs: -36e5 }),
      ],
      ["blocked UDP", "udp", "fail", /did not arrive/, /firewall/, (c) => net(c, { udpWorksHere: async () => noUdp })],
      [
        "silent STUN servers",
        "stun",
        "warn",
        /no answer/,
        /another STUN server/,
        (c) => net(c, { askStun: async (_, f) => silent(f) }),
      ],
      [
        "a symmetric NAT",
        "stun",
        "warn",
        /another for each/,
        /UPnP/,
        (c) => net(c, { askStun: async (_, f) => mapped(f, 2) }),
      ],
      ["a small MTU", "mtu", "warn", /wg0 carries 1280/, /slow/, (c) => net(c, { findDefaultRoute: async () => wg })],
      ["a foreign folder", "profile", "fail", /another user/, /chown/, (c) => folder(c, { isOurs: false })],
      ["an open folder", "profile", "fail", /open to other users/, /chmod 700/, (c) => folder(c, { isPrivate: false })],
      [
        "a read-only disk",
        "profile",
        "fail",
        /cannot be written/,
        /read-only/,
        (c) => folder(c, { isWritable: false }),
      ],
      ["a file in its place", "profile", "fail", /not a folder/, /--profile/, (c) => folder(c, { isFolder: false })],
      ["little space", "profile", "warn", /only 9 MiB/, /Make room/, (c) => folder(c, { freeBytes: 9 * 1024 ** 2 })],
      ["no space", "profile", "fail", /only 0 MiB/, /Make room/, (c) => folder(c, { freeBytes: 0 })],
    ];

  it.each(cases)("%s", async (_name, id, status, detail, fix, change) => {
    const context = healthy();
    const finding = told(await examine({ ...context, ...change(context) }, new FakeClock()), id);
    expect(finding).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      fix: expect.stringMatching(fix),
    });
  });
});

describe("what cannot be known is skipped, without a fix:", () => {
  const cases: readonly [string, string, (context: DoctorContext) => object][] = [
    ["the server and its clock when none is given", "server clock", (c) => net(c, { server: undefined })],
    ["the clock when the server has none", "clock", (c) => serverIs(c, { clockOffsetMs: undefined })],
    ["the public address without STUN servers", "stun", () => ({ stunServers: [] })],
    ["the packet size without a default route", "mtu", (c) => net(c, { findDefaultRoute: async () => undefined })],
    [
      "a folder that is not there yet",
      "profile",
      (c) => ({ profile: { ...c.profile, inspect: async () => undefined } }),
    ],
    ["an identity that is not there yet", "identity vault", (c) => noSecrets(c, "keychain_unavailable")],
    ["a vault whose key cannot be had", "vault", (c) => unopened(c, "keychain_locked")],
  ];
  it.each(cases)("%s", async (_name, ids, change) => {
    const context = healthy();
    const findings = await examine({ ...context, ...change(context) }, new FakeClock());
    for (const id of ids.split(" ")) expect(find(findings, id)).toEqual(expect.objectContaining({ status: "skip" }));
    for (const id of ids.split(" ")) expect(find(findings, id)).not.toHaveProperty("fix");
  });
});

describe("our own device", () => {
  it("is no clash with itself while GoVPN runs, and another profile's still is", async () => {
    const context = healthy();
    const [ipv4 = ""] = told(await examine(context, new FakeClock()), "identity").detail.split(", ");
    const on = (name: string, address: string) => ({ interface: name, address, cidr: `${address}/10` });
    const clashes = () => [on("govpn0", ipv4), on("govpn0", "fd67:6f76:706e::1"), on("govpn1", "100.64.9.9")];
    const finding = told(await examine({ ...context, tun: { ...context.tun, clashes } }, new FakeClock()), "addresses");
    expect(finding).toMatchObject({ status: "warn", detail: "govpn1 has 100.64.9.9/10" });
    expect(finding.fix).toContain("govpn down");
  });
});

describe("running checks", () => {
  const check = (id: string, run: () => Promise<CheckResult>): Check<object> => ({
    id,
    title: id,
    withinMs: 1_000,
    run,
  });

  it("gives up one that hangs after its time, with the others' findings intact and no timer left", async () => {
    const clock = new FakeClock();
    const hangs = check("hangs", () => new Promise(() => {}));
    const fine = check("fine", async () => ({ status: "ok", detail: [asItIs("fine")] }));
    const findings = runChecks([hangs, fine], {}, clock);
    await clock.advance(1_000);
    expect((await findings).map(plainFinding)).toMatchObject([
      { id: "hangs", status: "fail", detail: "no answer within 1 s", fix: expect.any(String) },
      { id: "fine", status: "ok" },
    ]);
    expect(clock.pending).toBe(0);
  });

  it("makes a finding of one that throws, at once or later", async () => {
    const throws = check("throws", () => {
      throw new Error("at once");
    });
    const rejects = check("rejects", async () => Promise.reject(new Error("later")));
    const clock = new FakeClock();
    expect((await runChecks([throws, rejects], {}, clock)).map(plainFinding)).toMatchObject([
      { status: "fail", detail: "the check itself failed: at once" },
      { status: "fail", detail: "the check itself failed: later" },
    ]);
    expect(clock.pending).toBe(0);
  });
});

describe("findings for people", () => {
  it("are a line each, with a mark, and the fix below", () => {
    const lines = formatFindings([
      { id: "a", title: "Node.js", status: "ok", detail: [asItIs("20.20.2")] },
      {
        id: "b",
        title: "Network device",
        status: "fail",
        detail: [asItIs("not permitted")],
        fix: [asItIs("Do this and this and this and"), asItIs(`${"this and ".repeat(6)}that.`)],
      },
      { id: "c", title: "UDP", status: "skip", detail: [asItIs("not asked")] },
      {
        id: "d",
        title: "Clock",
        status: "warn",
        detail: [asItIs("late"), asItIs("by much")],
        fix: [asItIs("Set it.")],
      },
    ]);
    expect(lines).toEqual([
      "✓ Node.js         20.20.2",
      "✗ Network device  not permitted",
      "                  → Do this and this and this and this and this and this and",
      "                    this and this and this and that.",
      "– UDP             not asked",
      "! Clock           late; by much",
      "                  → Set it.",
    ]);
  });

  it("are counted in the end", () => {
    const finding = (status: CheckResult["status"]) => ({ id: "x", title: "x", status, detail: [] });
    expect(summariseFindings([finding("ok"), finding("skip")])).toBe("Nothing needs mending.");
    expect(summariseFindings([finding("fail"), finding("warn"), finding("warn")])).toBe("1 failure, 2 warnings.");
  });
});

describe("the default route", () => {
  const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
  it("is the one of the lowest metric that is up", () => {
    const table = `${header}eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
ppp0\t00000000\t0102A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0\n`;
    expect(defaultInterface4(table)).toBe("eth0");
    expect(defaultInterface4(header)).toBeUndefined();
  });

  it("of IPv6 is not the kernel's own on lo", () => {
    const zero = "0".repeat(32);
    const lo = `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;
    const eth = `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n`;
    expect(defaultInterface6(lo)).toBeUndefined();
    expect(defaultInterface6(lo + eth)).toBe("eth0");
  });
});

const SECRET = Buffer.alloc(32, 7).toString("base64");
const govpn: ServerReport["health"] = { state: "govpn", latencyMs: 3 };
const other: ServerReport["health"] = { state: "other", status: 404, latencyMs: 3 };
const refused: ServerReport["upgrade"] = { state: "refused", status: 404 };
const wg = { interface: "wg0", mtu: 1280 };
const noUdp = { works: false, reason: "a datagram to this machine itself did not arrive" };

function healthy(): DoctorContext {
  const store = new FakeSecretStore("keychain");
  void store.set("identity", SECRET);
  const report: ServerReport = { health: govpn, upgrade: { state: "websocket", latencyMs: 4 }, clockOffsetMs: 800 };
  return {
    platform: "linux",
    nodeVersion: "20.19.0",
    stunServers: [server, { host: "stun2.example", port: 3478 }],
    tun: { rights: () => ok({}), clashes: () => [] },
    secrets: {
      hasPassphrase: false,
      kind: async () => ok("keychain"),
      open: async () => ok({ store }),
      probeKeychain: async () => {},
      vault: async () => ({ dir: "/p/vault", documents: ["rooms", "trust"], unopenable: [], setAside: [] }),
    },
    net: {
      udpWorksHere: async () => ({ works: true, reason: "" }),
      askStun: async (_, family) => mapped(family, 1),
      server: { url: "ws://server/ws", report: async () => report },
      findDefaultRoute: async () => ({ interface: "eth0", mtu: 1500 }),
    },
    profile: {
      dir: "/p",
      inspect: async () => ({ isFolder: true, isOurs: true, isPrivate: true, isWritable: true, freeBytes: 1024 ** 3 }),
    },
  };
}

function find<T extends { readonly id: string }>(findings: readonly T[], id: string): T {
  const found = findings.find((finding) => finding.id === id);
  if (!found) throw new Error(`no finding ${id}`);
  return found;
}

/** The same in English, as the command line shows it. */
function told(findings: readonly Finding[], id: string) {
  return plainFinding(find(findings, id));
}

/** Two answers from `ports` different ports. */
function mapped(family: 4 | 6, ports: number): StunReport {
  const answer = (port: number): StunAnswer => ({
    state: "answered",
    server,
    mapped: { address: family === 4 ? "203.0.113.5" : "2001:db8::5", port },
    rttMs: 20,
  });
  return { family, answers: [answer(5000), answer(5000 + ports - 1)], localPort: 5000 };
}

function silent(family: 4 | 6): StunReport {
  return { family, answers: [{ state: "silent", server, reason: "no answer to 4 requests" }], localPort: 5000 };
}

function unreachable(code: string, reason = "connection refused"): Partial<ServerReport> {
  return { upgrade: { state: "unreachable", code, reason } };
}

function serverIs(context: DoctorContext, change: object): object {
  const report = async () => ({ ...(await context.net.server!.report()), ...change });
  return net(context, { server: { url: "ws://server/ws", report } });
}

function net(context: DoctorContext, change: Partial<DoctorContext["net"]>): object {
  return { net: { ...context.net, ...change } };
}

function folder(context: DoctorContext, change: object): object {
  return { profile: { dir: "/p", inspect: async () => ({ ...(await context.profile.inspect())!, ...change }) } };
}

function tunRefused(kind: string): object {
  const mending = [{ kind }, { kind: "run_without_tun" }];
  const rights = ([ipv4]: readonly string[]) => ({
    ok: false as const,
    error: { code: "tun_permission", message: "not permitted", mending, command: `sudo netconf ${ipv4}` },
  });
  return { tun: { rights, clashes: () => [] } };
}

function clash(): object {
  const found = { interface: "tailscale0", address: "100.64.0.9", cidr: "100.64.0.9/32" };
  return { tun: { rights: () => ok(undefined), clashes: () => [found] } };
}

function noSecrets({ secrets }: DoctorContext, code: string): object {
  const probeKeychain = () => Promise.reject(new FailureError({ code, message: "The keychain cannot be used." }));
  return { secrets: { ...secrets, kind: async () => ok(undefined), probeKeychain } };
}

function unopened({ secrets }: DoctorContext, code: string): object {
  return { secrets: { ...secrets, open: async () => fail(code, "The store is locked.") } };
}

function plainFile({ secrets }: DoctorContext): object {
  const warning = { code: "secrets_in_plain_file", message: "The key lies unencrypted." } as const;
  return { secrets: { ...secrets, open: async () => ok({ store: new FakeSecretStore("file"), warning }) } };
}

function vault({ secrets }: DoctorContext, state: object): object {
  return {
    secrets: { ...secrets, vault: async () => ({ ...(await secrets.vault(new FakeSecretStore())), ...state }) },
  };
}

function emptyStore({ secrets }: DoctorContext): object {
  return { secrets: { ...secrets, open: async () => ok({ store: new FakeSecretStore("keychain") }) } };
}
