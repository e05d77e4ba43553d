import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileEmulator } from "../bench/tunnel/emulator.ts";
import { createSite, type Site } from "../bench/tunnel/site.ts";
import { allConnected, createRoom, joinRoom, type Member } from "./lab/member.ts";
import { download, httpServe, iperf3, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * The lane that packets take between two members, and what a firewall in between does to it.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *          └──────────── switch ───────────┘
 *                           │
 *                 10.66.0.3: govpn serve
 */

const MIB = 1024 * 1024;
/** RFC 7983: the first byte of a UDP datagram tells RTP (128 to 191) from STUN and DTLS. */
const DROP_RTP = `table inet lanes {
  chain in {
    type filter hook input priority 0;
    udp length > 20 @th,64,2 2 drop;
  }
}`;

/** As somebody on the way who records datagrams and sends them again would. */
const SEND_RTP_TWICE = `table ip replay {
  counter copied {}
  chain out {
    type filter hook output priority 0
    udp length > 20 @th,64,2 2 counter name copied dup to 10.66.0.2 device "eth0"
  }
}`;

describe("the lane between two desktop members", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;

  beforeAll(async () => {
    // The way is by IPv4, as the rules below expect.
    for (const host of lab().hosts) await host.run("ip", ["-6", "address", "flush", "dev", "eth0"]);
    const server = await lab().host(3).serve(["--memory"]);
    const made = await createRoom(lab().host(1), server.url, { username: "ann", name: "Lanes" });
    ann = made.owner;
    bob = await joinRoom(lab().host(2), made.key, { username: "bob" });
    await allConnected([ann, bob]);
  });

  const bothOn = (lane: string) => Promise.all([ann.shows(bob, { lane }), bob.shows(ann, { lane })]);

  it("becomes the media lane by itself, at both ends", async () => {
    await bothOn("media");
    expect(await ann.peer(bob)).toMatchObject({ lane: "media", state: "connected" });
  });

  it("carries TCP both ways and UDP", async () => {
    const forth = await iperf3(ann.host, bob.host, bob.ipv4, { seconds: 2 });
    const back = await iperf3(ann.host, bob.host, bob.ipv4, { seconds: 2, reverse: true });
    console.log(
      `TCP on the media lane: ${Math.round(forth.mbitPerSecond)} and ${Math.round(back.mbitPerSecond)} Mbit/s`,
    );
    expect(forth.mbitPerSecond).toBeGreaterThan(1);
    expect(back.mbitPerSecond).toBeGreaterThan(1);
  });

  it("falls back to the packets channel when a firewall drops RTP, and a download goes on to its end", async () => {
    const web = await httpServe(bob.host, 60 * MIB, 8000, bob.ipv4);
    let isFiltered: Promise<void> | undefined;
    const got = await download(ann.host, `http://${bob.ipv4}:8000/`, {
      onProgress: (bytes) => {
        if (bytes > 5 * MIB) isFiltered ??= ann.host.firewall(DROP_RTP);
      },
    });
    await isFiltered;
    expect(got).toMatchObject({ bytes: 60 * MIB, sha256: web.sha256 });
    await bothOn("packets");
    await web.stop();
  });

  it("is the media lane again when the firewall lets RTP through, and a download goes on over that too", async () => {
    const web = await httpServe(bob.host, 50 * MIB, 8000, bob.ipv4);
    // Ten seconds, slow enough to be still there when the lane is back, which is looked for every four.
    let hasEnded = false;
    const got = download(ann.host, `http://${bob.ipv4}:8000/`, { limitBytesPerSecond: 5 * MIB });
    void got.finally(() => {
      hasEnded = true;
    });
    await ann.host.clearFirewall();
    await bothOn("media");
    expect(hasEnded).toBe(false);
    expect(await bob.peer(ann)).toMatchObject({ lane: "media", state: "connected" });
    expect(await got).toMatchObject({ bytes: 50 * MIB, sha256: web.sha256 });
    await web.stop();
  });

  it("takes each datagram once, however often it comes", async () => {
    await ann.host.firewall(SEND_RTP_TWICE);
    const pings = await ping(ann.host, bob.ipv4, { count: 50, intervalMs: 10 });
    expect(pings).toMatchObject({ sent: 50, received: 50 });
    expect(pings.output).not.toContain("DUP!");
    expect(await ann.host.counted("copied")).toBeGreaterThanOrEqual(50);
    expect((await ann.peer(bob)).lane).toBe("media");
    await ann.host.clearFirewall();
  });
});

/**
 * A link that delivers some packets late. The members are the only two hosts, so one of them also runs the server.
 */
describe("the media lane on a path that changes the order", () => {
  const source = fileURLToPath(new URL("../bench/link/link.c", import.meta.url));
  let site: Site;
  let ann: Member;
  let bob: Member;

  beforeAll(async () => {
    const emulated = { delayMs: 2, reorderPercent: 5, lateMs: 30 };
    site = await createSite({ name: "lanes", title: "lanes", emulated }, compileEmulator(source), 7);
    const server = await site.a.serve(["--memory"]);
    const made = await createRoom(site.a, server.url, { username: "ann" });
    ann = made.owner;
    bob = await joinRoom(site.b, made.key, { username: "bob" });
    await Promise.all([ann.shows(bob, { lane: "media" }), bob.shows(ann, { lane: "media" })]);
  });
  afterAll(() => site.remove());

  it("loses nothing and holds nothing up: what was late comes late, and the rest before it", async () => {
    const { output, sent, received } = await ping(ann.host, bob.ipv4, { count: 300, intervalMs: 5 });
    expect(received).toBe(sent);
    expect(output).not.toContain("DUP!");
    const order = [...output.matchAll(/icmp_seq=(\d+)/g)].map(([, sequence]) => Number(sequence));
    expect(order.some((sequence, index) => sequence < (order[index - 1] ?? 0))).toBe(true);
  });

  it("carries a download to its end, and stays the lane", async () => {
    const web = await httpServe(bob.host, 5 * MIB, 8000, bob.ipv4);
    const got = await download(ann.host, `http://${bob.ipv4}:8000/`);
    expect(got).toMatchObject({ bytes: 5 * MIB, sha256: web.sha256 });
    expect(await ann.peer(bob)).toMatchObject({ lane: "media", state: "connected" });
    await web.stop();
  });
});
