import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { candidateAddress, splitCandidates } from "../../shared/mesh/candidates.ts";
import type { EventProgram, ProgramEvent } from "./lab/events.ts";
import { allConnected, createRoom, joining, joinRoom, type Member } from "./lab/member.ts";
import { ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * ICE finds every address of a machine, also those of tunnel devices. Were they offered, a tunnel would run inside
 * itself. Here are two devices on one machine, and a member that watches what it is offered.
 *
 *   host 1: ann (govpn0) and abe (govpn1)      host 2: bob (govpn0)      host 3: a probe of the lab
 *          └──────────────────── switch ─────────────┴───────────────────────┘
 *                                   │
 *                         10.66.0.4: govpn serve
 */
describe("machines with tunnel devices", () => {
  const lab = useLab({ hosts: 4 });
  let ann: Member;
  let abe: Member;
  let bob: Member;
  let probe: EventProgram;

  beforeAll(async () => {
    const server = await lab().host(4).serve(["--memory", "--rate-limit", "0"]);
    const { owner, key } = await createRoom(lab().host(1), server.url, { username: "ann" });
    ann = owner;
    // No packet of ICE, DTLS or SCTP, all of them UDP, may ever enter a tunnel device.
    for (const host of [lab().host(1), lab().host(2)]) {
      await host.firewall(`
        table inet watch {
          counter inside {}
          chain leaving {
            type filter hook output priority 0
            oifname "govpn*" meta l4proto udp counter name inside
          }
        }`);
    }
    abe = await joinRoom(lab().host(1), key, { username: "abe", profile: lab().host(1).newProfile() });
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
    const probeKey = ["--key", randomBytes(32).toString("base64")];
    probe = lab()
      .host(3)
      .testProgram("probe-member", [...joining(key), ...probeKey]);
    await allConnected([ann, abe, bob]);
    for (const { publicKey } of [ann, abe, bob]) {
      await probe.waitFor(({ event, public_key }) => event === "connected" && public_key === publicKey);
    }
  });

  it("have one each", async () => {
    expect((await ann.status()).tunnel).toMatchObject({ state: "up", device: "govpn0" });
    expect((await abe.status()).tunnel).toMatchObject({ state: "up", device: "govpn1" });
    expect((await bob.status()).tunnel).toMatchObject({ state: "up", device: "govpn0" });
  });

  it("offer the addresses of their network cards, and of no tunnel device", async () => {
    const offered = (member: Member) =>
      probe.events.filter(({ event, from }) => event === "signal" && from === member.publicKey).flatMap(addressesIn);
    for (const member of [ann, abe, bob]) {
      // A link is up with the first pair of addresses that works: the other may still be on its way.
      const all = expect.poll(() => [...new Set(offered(member))].sort(), { timeout: 10_000 });
      await all.toEqual([member.host.ipv4, member.host.ipv6].sort());
    }
  });

  it("have their links on the network cards", () => {
    const paths = probe.events.filter(({ event }) => event === "connected");
    expect(paths).toHaveLength(3);
    for (const { remote } of paths) expect(remote).toMatch(/^(10\.66\.0\.|fd66::)/);
  });

  it("keep their round trips short, and send nothing of a tunnel into a tunnel", async () => {
    for (const address of [ann.ipv4, ann.ipv6]) {
      const { received, rtt } = await ping(bob.host, address, { count: 50, intervalMs: 20 });
      expect(received).toBe(50);
      // A tunnel in a tunnel multiplies its own packets until nothing comes through: seconds, not milliseconds.
      expect(rtt?.avg).toBeLessThan(200);
    }
    for (const host of [lab().host(1), lab().host(2)]) expect(await host.counted("inside")).toBe(0);
  });

  it("on one machine, are both connected to the third", async () => {
    // By the control channel: the system routes the members' network into one of the two devices only.
    for (const member of [ann, abe]) expect(await bob.tell("ping", member.username)).toMatchObject({ received: 4 });
  });
});

/** Every address that a signal offers, in its candidate or inside its SDP. */
function addressesIn({ content }: ProgramEvent): string[] {
  const { sdp = "", candidate } = JSON.parse(String(content)) as { sdp?: string; candidate?: string };
  const lines = [...(candidate ? [candidate] : []), ...splitCandidates(sdp).candidates.map((each) => each.candidate)];
  return lines.map((line) => candidateAddress(line)).filter((address) => address !== undefined);
}
