import { describe, expect, it, onTestFinished } from "vitest";
import type { Host } from "./lab/host.ts";
import { download, httpServe, iperf3, ping } from "./lab/traffic.ts";
import { MEMBER_1, MEMBER_2, useTunnelMembers } from "./tunnel-members.ts";

// What a member's machine lets another begin with it, with the programs that everybody uses: host 2 has the rule.

const MIB = 1024 * 1024;
const families = ["ipv4", "ipv6"] as const;
const url = (address: string, port: number) => `http://${address.includes(":") ? `[${address}]` : address}:${port}/`;

/** curl's own words for how it went: 0 it did, 7 refused, 28 nothing came in time. */
async function curl(host: Host, address: string, port: number): Promise<number | null> {
  const args = ["--silent", "--globoff", "--noproxy", "*", "--max-time", "2", "-o", "/dev/null", url(address, port)];
  return (await host.run("curl", args)).code;
}
const DONE = 0;
const REFUSED = 7;
const TIMED_OUT = 28;

/** What a program hears that sends UDP where nobody listens. */
async function sendToNobody(host: Host, address: string): Promise<string> {
  const script = `
    const socket = require("node:dgram").createSocket(process.argv[1].includes(":") ? "udp6" : "udp4");
    const timer = setTimeout(() => { console.log("silence"); socket.close(); }, 2000);
    socket.on("error", (error) => { console.log(error.code); clearTimeout(timer); socket.close(); });
    socket.connect(9, process.argv[1], () => socket.send("anybody?"));`;
  return (await host.run(process.execPath, ["-e", script, address])).stdout.trim();
}

describe("a member that may begin nothing but TCP to port 8000 and UDP to port 5300", () => {
  const { host, refused } = useTunnelMembers([], ["--inbound", "tcp:8000, udp:5300"]);

  it.each(families)(
    "reaches that port by %s, and waits in vain at any other, whether somebody listens or not",
    async (family) => {
      const servers = await Promise.all([8000, 8001].map((port) => httpServe(host(2), MIB, port)));
      onTestFinished(async () => void (await Promise.all(servers.map((server) => server.kill()))));
      const before = await refused(2);
      expect(await curl(host(1), MEMBER_2[family], 8000)).toBe(DONE);
      expect(await curl(host(1), MEMBER_2[family], 8001)).toBe(TIMED_OUT);
      expect(await curl(host(1), MEMBER_2[family], 8002)).toBe(TIMED_OUT);
      expect((await refused(2)) - before).toBeGreaterThanOrEqual(2);
    },
  );

  it.each(families)("may ping by %s, also with what has to be cut", async (family) => {
    expect(await ping(host(1), MEMBER_2[family])).toMatchObject({ received: 3 });
    expect(await ping(host(1), MEMBER_2[family], { size: 8000 })).toMatchObject({ received: 3 });
  });

  it.each(families)("hears by %s that nobody listens there, and nothing of other ports", async (family) => {
    expect(await curl(host(1), MEMBER_2[family], 8000)).toBe(REFUSED);
    expect(await sendToNobody(host(1), MEMBER_2[family])).toBe("silence");
  });
});

describe("a member that may begin nothing", () => {
  const { host, counters, refused } = useTunnelMembers([], ["--inbound", "none"]);

  it.each(families)(
    "gets no answer by %s: not from a server, not from ping, not from a closed port",
    async (family) => {
      const before = await refused(2);
      const server = await httpServe(host(2), MIB, 8000);
      onTestFinished(() => server.kill());
      expect(await curl(host(1), MEMBER_2[family], 8000)).toBe(TIMED_OUT);
      expect(await curl(host(1), MEMBER_2[family], 8001)).toBe(TIMED_OUT);
      expect(await ping(host(1), MEMBER_2[family], { waitMs: 500 })).toMatchObject({ received: 0 });
      expect(await sendToNobody(host(1), MEMBER_2[family])).toBe("silence");
      expect((await counters(2)).packetsIn).toBe(0);
      expect((await refused(2)) - before).toBeGreaterThan(5);
    },
  );

  it.each(families)(
    "answers whatever the other begins by %s: a download, ping, UDP, and an ICMP error",
    async (family) => {
      const address = MEMBER_1[family];
      const web = await httpServe(host(1), 20 * MIB, 8000);
      onTestFinished(() => web.kill());
      expect(await download(host(2), url(address, 8000))).toMatchObject({ bytes: 20 * MIB, sha256: web.sha256 });
      expect(await ping(host(2), address, { count: 20, intervalMs: 20 })).toMatchObject({ received: 20 });
      expect(await ping(host(2), address, { size: 8000 })).toMatchObject({ received: 3 });
      expect(await curl(host(2), address, 8001)).toBe(REFUSED);
      expect(await sendToNobody(host(2), address)).toBe("ECONNREFUSED");

      for (const reverse of [false, true]) {
        // That they arrive at all: how fast is for other tests.
        expect((await iperf3(host(2), host(1), address, { seconds: 1, reverse })).mbitPerSecond).toBeGreaterThan(5);
        const udp = await iperf3(host(2), host(1), address, { seconds: 1, udp: true, rateMbit: 5, reverse });
        expect(udp.mbitPerSecond).toBeGreaterThan(1);
      }
    },
  );
});

describe("a member that might begin anything, and then nothing", () => {
  const { host, nextRule } = useTunnelMembers([], ["--inbound", "all", "--inbound", "none"]);

  it("goes on answering what was begun before, and cannot go on with what it began itself", async () => {
    // The second is more than can pass in its time, so that only what came says whether it was stopped.
    const [theirs, ours] = [await httpServe(host(1), 20 * MIB, 8000), await httpServe(host(2), 100 * MIB, 8000)];
    onTestFinished(async () => void (await Promise.all([theirs.kill(), ours.kill()])));
    const slow = { limitBytesPerSecond: 5 * MIB };
    let stalled: Promise<unknown> | undefined;
    let passed = 0;
    let hasTightened = false;
    const got = await download(host(2), url(MEMBER_1.ipv4, 8000), {
      ...slow,
      onProgress: (bytes) => {
        // One in each direction, both under way.
        if (!stalled && bytes > MIB) {
          const onTheirs = (came: number) => {
            passed = came;
          };
          const options = { ...slow, timeoutMs: 12_000, onProgress: onTheirs };
          stalled = expect(download(host(1), url(MEMBER_2.ipv4, 8000), options)).rejects.toThrow("still running");
        }
        if (hasTightened || bytes < 8 * MIB) return;
        hasTightened = true;
        void nextRule(2);
      },
    });
    expect(hasTightened).toBe(true);
    expect(got).toMatchObject({ bytes: 20 * MIB, sha256: theirs.sha256 });
    await stalled;
    // 60 MiB would have passed. What came before the rule did, and what the system held of it, is far less.
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(40 * MIB);
  });
});
