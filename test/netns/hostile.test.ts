import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { deriveAddress } from "../../shared/identity/address.ts";
import { keyPairFrom } from "../../shared/identity/keys.ts";
import { udpPacket } from "../fakes/packets.ts";
import type { EventProgram, ProgramEvent } from "./lab/events.ts";
import { allConnected, bringUp, createRoom, joining, joinRoom, type Member, type RoomKey } from "./lab/member.ts";
import { download, httpServe, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

const MIB = 1024 * 1024;

/**
 * A member that says it is somebody else.
 *
 *   host 1: ann ═══════ tunnel ═══════ cat :host 3
 *             ╚════════ link ═════════ the liar, a program of the lab :host 2
 *          └──────────── switch ───────────┘
 *                           │
 *                 10.66.0.4: govpn serve
 */
describe("a packet from an address that is not the sender's", () => {
  const lab = useLab({ hosts: 4 });
  const secretKey = randomBytes(32);
  const liar = { ...keyPairFrom(secretKey), ...deriveAddress(keyPairFrom(secretKey).publicKey) };
  let ann: Member;
  let cat: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(4).serve();
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    cat = await joinRoom(lab().host(3), key, { username: "cat" });
    await allConnected([ann, cat]);
    // What comes out of ann's tunnel, by its source, before the system's own rules look at it.
    await ann.host.firewall(`
      table inet watch {
        counter from_liar {}
        counter from_cat {}
        counter from_nobody {}
        chain incoming {
          type filter hook prerouting priority -400;
          iifname != "govpn0" accept
          ip saddr ${liar.ipv4} counter name from_liar accept
          ip6 saddr ${liar.ipv6} counter name from_liar accept
          ip saddr ${cat.ipv4} counter name from_cat accept
          ip6 saddr ${cat.ipv6} counter name from_cat accept
          counter name from_nobody
        }
      }`);
  });

  /** The liar, who sends these packets to everyone it is connected to. */
  function startLiar(packets: readonly Buffer[], ...more: string[]): EventProgram {
    const identity = ["--key", secretKey.toString("base64")];
    const toSend = packets.flatMap((packet) => ["--send", packet.toString("base64")]);
    return lab()
      .host(2)
      .testProgram("probe-member", [...joining(key), ...identity, ...toSend, ...more]);
  }
  const connectedToAnn = ({ event, public_key }: ProgramEvent) => event === "connected" && public_key === ann.publicKey;

  const TIMES = 20;
  const ports = { source: 4000, destination: 4001 };
  const from = (source: string, destination: string) => udpPacket(source, destination, Buffer.from("hello"), ports);

  it("is dropped and counted by the receiver, whoever it claims to be; the sender's own get through", async () => {
    const spoofed = [
      from(cat.ipv4, ann.ipv4),
      from(cat.ipv6, ann.ipv6),
      from(ann.ipv4, ann.ipv4),
      from(ann.ipv6, ann.ipv6),
      from("127.0.0.1", ann.ipv4),
      from("::1", ann.ipv6),
      from("8.8.8.8", ann.ipv4),
      from("10.66.0.4", ann.ipv4),
      from("100.127.255.255", ann.ipv4),
      from("fe80::1", ann.ipv6),
    ];
    const misdirected = [from(liar.ipv4, cat.ipv4), from(liar.ipv4, "127.0.0.1"), from(liar.ipv6, "ff02::1")];
    const malformed = [Buffer.from("not a packet"), from(liar.ipv4, ann.ipv4).subarray(0, 19)];
    // The last ones to go: once they are counted, all the others have come. Without payload, for the receiver would merge
    // equal datagrams into one super-packet, and its firewall count that.
    const empty = (source: string, destination: string) => udpPacket(source, destination, Buffer.alloc(0), ports);
    const own = [empty(liar.ipv4, ann.ipv4), empty(liar.ipv6, ann.ipv6)];

    const packets = [...spoofed, ...misdirected, ...malformed, ...own];
    const probe = startLiar(packets, "--times", String(TIMES));
    await probe.waitFor(connectedToAnn);
    await expect.poll(() => ann.host.counted("from_liar"), { timeout: 10_000 }).toBe(TIMES * own.length);

    const traffic = (await ann.peers()).find(({ public_key }) => public_key === liar.publicKey)?.traffic;
    expect(traffic?.packets_in).toBe(TIMES * own.length);
    expect(traffic?.dropped).toEqual({
      spoofed: TIMES * spoofed.length,
      wrong_destination: TIMES * misdirected.length,
      malformed: TIMES * malformed.length,
    });
    expect(await ann.host.counted("from_cat")).toBe(0);
    expect(await ann.host.counted("from_nobody")).toBe(0);
    await probe.stop();
  });

  it("does not come any more from a member that was kicked and goes on sending", async () => {
    const probe = startLiar([from(liar.ipv4, ann.ipv4)], "--every", "20");
    await probe.waitFor(connectedToAnn);
    const before = await ann.host.counted("from_liar");
    await expect.poll(() => ann.host.counted("from_liar")).toBeGreaterThan(before);

    const kickedAt = ann.now;
    await ann.tell("kick", liar.publicKey);
    await ann.sees(liar, "gone", { from: kickedAt });
    await probe.waitFor(({ event, reason }) => event === "closed" && reason === "kicked");
    const after = await ann.host.counted("from_liar");
    // Two seconds in which it would have sent a hundred.
    expect(await ping(cat.host, ann.ipv4, { count: 11, intervalMs: 200 })).toMatchObject({ received: 11 });
    expect(probe.program.running).toBe(true);
    expect(await ann.host.counted("from_liar")).toBe(after);
    await probe.stop();
  });

  it.each([
    ["100.99.99.99/32", "ipv4"],
    ["fd67:6f76:706e::99/128", "ipv6"],
  ] as const)("does not leave a machine that was given one more address, %s", async (address, family) => {
    const [foreign = ""] = address.split("/");
    const refused = async () => (await cat.peer(ann)).traffic?.dropped.foreign_source ?? 0;
    const before = await refused();
    await cat.host.run("ip", ["addr", "add", address, "dev", "govpn0"]);
    const { stdout } = await cat.host.run("ping", [
      "-n",
      "-c",
      "3",
      "-i",
      "0.2",
      "-W",
      "1",
      "-I",
      foreign,
      ann[family],
    ]);
    expect(stdout).toMatch(/3 packets transmitted, 0 received/);
    expect((await refused()) - before).toBe(3);
    expect(await ann.host.counted("from_nobody")).toBe(0);
    await cat.host.run("ip", ["addr", "del", address, "dev", "govpn0"]);
    expect(await ping(cat.host, ann[family])).toMatchObject({ received: 3 });
  });
});

/**
 * A path that swallows large packets and says nothing.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *          └──── switch, MTU 1500, then less ────┘
 */
describe("a path whose MTU becomes smaller in the middle of a transfer, in silence", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;

  beforeAll(async () => {
    const server = await lab().host(3).serve();
    const { owner, key } = await createRoom(lab().host(1), server.url, { username: "ann" });
    ann = owner;
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
    await allConnected([ann, bob]);
  });

  it.each([1400, 1300, 1280])("carries a download to its end: %i bytes", async (mtu) => {
    const web = await httpServe(bob.host, 20 * MIB, 8000, bob.ipv4);
    let lowered = false;
    const got = await download(ann.host, `http://${bob.ipv4}:8000/`, {
      onProgress: (bytes) => {
        if (lowered || bytes < 5 * MIB) return;
        lowered = true;
        lab().setPathMtu(1, mtu);
      },
    });
    expect(lowered).toBe(true);
    expect(got).toMatchObject({ bytes: 20 * MIB, sha256: web.sha256 });
    console.log(`MTU ${mtu}: 20 MiB in ${got.seconds.toFixed(1)} s`);
    // It was a black hole: what is larger vanishes, and nobody says so.
    const tooLarge = await ping(ann.host, bob.host.ipv4, {
      count: 1,
      size: mtu - 28 + 8,
      dontFragment: true,
      waitMs: 500,
    });
    expect(tooLarge).toMatchObject({ received: 0 });
    expect(tooLarge.output).not.toMatch(/too long|frag needed/i);
    await web.stop();
  });

  it("and a new link is made over it", async () => {
    const from = ann.now;
    await bob.up.stop();
    await ann.sees(bob, "gone", { from });
    bob = await bringUp(lab().host(2), [], { username: "bob" });
    await allConnected([ann, bob]);
    expect(await ping(ann.host, bob.ipv4)).toMatchObject({ received: 3 });
  });
});
