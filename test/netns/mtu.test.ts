import { beforeAll, describe, expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { allConnected, createRoom, joining, joinRoom, Member, type RoomKey } from "./lab/member.ts";
import { download, httpServe, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * What a path carries, found out without its help: the switch swallows what is larger, and says nothing.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *          └─ 1500, 1300, 1280 … ─ switch ─┘
 *                                     │
 *                           10.66.0.3: govpn serve
 */

const MIB = 1024 * 1024;
/** UDP and IPv4, RTP, SRTP's tag and our frame around a packet. */
const AROUND = 8 + 20 + 12 + 16 + 2;
/** The switch lets through frames that are a VLAN tag longer, tag or not (the kernel's is_skb_forwardable). */
const VLAN_TAG = 4;
const ICMP_BYTES = { 4: 28, 6: 48 };

/** One whole packet of so many bytes, not to be cut: what ping says to it. */
async function probe(host: Host, address: string, bytes: number) {
  const size = bytes - ICMP_BYTES[address.includes(":") ? 6 : 4];
  const { received, output } = await ping(host, address, { count: 1, size, dontFragment: true, waitMs: 300 });
  return received === 1 ? "carried" : Number(/mtu ?= ?(\d+)/.exec(output)?.[1] ?? Number.NaN);
}

/** Probes until the answer is this one. What the kernel was told before is forgotten in between. */
async function untilProbe(host: Host, address: string, bytes: number, answer: number | "carried") {
  const deadline = performance.now() + 15_000;
  for (;;) {
    await host.run("ip", ["route", "flush", "cache"]);
    await host.run("ip", ["-6", "route", "flush", "cache"]);
    const got = await probe(host, address, bytes);
    if (got === answer) return;
    if (performance.now() > deadline) throw new Error(`${bytes} bytes to ${address}: ${got}, never ${answer}`);
  }
}

/** So that the way is by IPv4, and what it carries is known to the byte. */
const withoutIpv6 = (host: Host) => host.run("ip", ["-6", "address", "flush", "dev", "eth0"]);

describe("a path between two members that carries less than it did", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;

  beforeAll(async () => {
    await Promise.all(lab().hosts.map(withoutIpv6));
    const server = await lab().host(3).serve(["--memory"]);
    const made = await createRoom(lab().host(1), server.url, { username: "ann" });
    ann = made.owner;
    bob = await joinRoom(lab().host(2), made.key, { username: "bob" });
    await allConnected([ann, bob]);
    await Promise.all([ann, bob].map((each) => each.up.waitFor((e) => e.event === "peer" && e.lane === "media")));
  });

  const fetch = async (address: string, mib: number, onProgress?: (bytes: number) => void) => {
    const web = await httpServe(bob.host, mib * MIB, 8000, address);
    const host = address.includes(":") ? `[${address}]` : address;
    const got = await download(ann.host, `http://${host}:8000/`, onProgress ? { onProgress } : {});
    expect(got).toMatchObject({ bytes: mib * MIB, sha256: web.sha256 });
    await web.stop();
  };

  it("takes the interface's whole packets at first", async () => {
    expect((await ann.status()).tunnel.mtu).toBe(1420);
    await untilProbe(ann.host, bob.ipv4, 1420, "carried");
    await untilProbe(ann.host, bob.ipv6, 1420, "carried");
  });

  it("carries a download to its end that begins at 1500 bytes, goes on at 1300, and ends at 1500", async () => {
    const steps = [
      { after: 5 * MIB, mtu: 1300 },
      { after: 15 * MIB, mtu: 1500 },
    ];
    await fetch(bob.ipv4, 30, (bytes) => {
      const [next] = steps;
      if (!next || bytes < next.after) return;
      steps.shift();
      lab().setPathMtu(1, next.mtu - VLAN_TAG);
    });
    expect(steps).toEqual([]);
  });

  it("tells senders what it carries to the byte, and IPv6 never less than 1280 bytes, which go all the same", async () => {
    lab().setPathMtu(1, 1280 - VLAN_TAG);
    await untilProbe(ann.host, bob.ipv4, 1420, 1280 - AROUND);
    expect(await probe(ann.host, bob.ipv4, 1280 - AROUND)).toBe("carried");
    await untilProbe(ann.host, bob.ipv6, 1420, 1280);
    expect(await probe(ann.host, bob.ipv6, 1280)).toBe("carried");
    await ann.shows(bob, { lane: "media", state: "connected" });
  });

  it("carries downloads by IPv4 and IPv6", async () => {
    await fetch(bob.ipv4, 5);
    await fetch(bob.ipv6, 5);
  });

  it("carries whole packets again when it is as wide as before", async () => {
    lab().setPathMtu(1, 1500);
    await untilProbe(ann.host, bob.ipv4, 1420, "carried");
    await untilProbe(bob.host, ann.ipv6, 1420, "carried");
  });
});

describe("members that can do less than others", () => {
  const lab = useLab({ hosts: 3 });
  let key: RoomKey;
  let ann: Member;

  beforeAll(async () => {
    const server = await lab().host(3).serve(["--memory"]);
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
  });

  /** A download each way, the one by IPv4, the other by IPv6. */
  async function bothWays(a: Member, b: Member) {
    for (const [from, to, address, url] of [
      [a, b, b.ipv4, `http://${b.ipv4}:8000/`],
      [b, a, a.ipv6, `http://[${a.ipv6}]:8000/`],
    ] as const) {
      const web = await httpServe(to.host, 3 * MIB, 8000, address);
      expect(await download(from.host, url)).toMatchObject({ bytes: 3 * MIB, sha256: web.sha256 });
      await web.stop();
    }
  }

  it("are sent whole packets by the data channel alone, where they want no other lane, on a path of 1200 bytes too", async () => {
    const bob = await joinRoom(lab().host(2), key, { username: "bob", args: ["--lane", "packets"] });
    await allConnected([ann, bob]);
    expect(await ann.peer(bob)).toMatchObject({ lane: "packets" });
    await untilProbe(ann.host, bob.ipv4, 1420, "carried");
    await bothWays(ann, bob);
    lab().setPathMtu(1, 1200 - VLAN_TAG);
    await bothWays(ann, bob);
    lab().setPathMtu(1, 1500);
    await bob.up.stop();
  });

  it("are sent finished packets of their own size, where they know no offloads and their interface is narrower", async () => {
    const args = [...joining(key), "--mtu", "1280"];
    const from = ann.now;
    const program = lab().host(2).testProgram("plain-member", args);
    const ready = await program.waitFor(({ event }) => event === "ready");
    const plain = new Member(lab().host(2), lab().host(2).profile, program, ready);
    await ann.sees(plain, "connected", { from });
    await untilProbe(ann.host, plain.ipv4, 1420, 1280);
    await untilProbe(ann.host, plain.ipv6, 1420, 1280);
    await bothWays(ann, plain);
    await program.stop();
  });
});
