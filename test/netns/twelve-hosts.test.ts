import { beforeAll, describe, expect, it } from "vitest";
import { allConnected, createRoom, joinRoom, type Member } from "./lab/member.ts";
import { ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * Twelve machines in one room: 66 links.
 *
 *   host 1   host 2   …   host 12      each with a tunnel to each of the others
 *      └────────┴──── switch ──┴────── 10.66.0.13: govpn serve
 */

const MEMBERS = 12;
/** Twelve programs that start and 66 links that are made at once, on two cores. */
const CONNECT_MS = 60_000;

describe("twelve machines in one room", () => {
  const lab = useLab({ hosts: MEMBERS + 1 });
  let members: Member[];

  beforeAll(async () => {
    const server = await lab()
      .host(MEMBERS + 1)
      .serve(["--memory", "--rate-limit", "0"]);
    const { owner, key } = await createRoom(lab().host(1), server.url);
    const joiners = lab().hosts.slice(1, MEMBERS);
    members = [owner, ...(await Promise.all(joiners.map((host) => joinRoom(host, key))))];
  });

  /** Every ordered pair of members. */
  const pairs = () => members.flatMap((from) => members.filter((to) => to !== from).map((to) => ({ from, to })));

  it("are all connected to each other, directly and verified", async () => {
    const begun = performance.now();
    await allConnected(members, CONNECT_MS);
    console.log(`connected ${((performance.now() - begun) / 1000).toFixed(1)} s after the last one was in the room`);
    const status = await members.at(-1)?.status();
    const others = status?.rooms[0]?.members.filter(({ state }) => state !== "self") ?? [];
    expect(others).toHaveLength(MEMBERS - 1);
    for (const other of others) expect(other).toMatchObject({ state: "connected", path: "direct", verified: true });
  });

  it("have addresses that differ", () => {
    expect(new Set(members.map(({ ipv4 }) => ipv4)).size).toBe(MEMBERS);
    expect(new Set(members.map(({ ipv6 }) => ipv6)).size).toBe(MEMBERS);
  });

  it.each(["ipv4", "ipv6"] as const)("reach each other by %s, every pair both ways", async (family) => {
    const results = await Promise.all(
      pairs().map(async ({ from, to }) => {
        const { received } = await ping(from.host, to[family], { count: 1, waitMs: 3000 });
        return received === 1 ? [] : [`${from.username} to ${to.username}`];
      }),
    );
    expect(results.flat()).toEqual([]);
    expect(results).toHaveLength(MEMBERS * (MEMBERS - 1));
  });

  it("lose nobody else when one goes", async () => {
    const [gone, ...rest] = [...members].reverse();
    if (!gone) throw new Error("there are twelve");
    const marks = rest.map((member) => member.now);
    expect(await gone.up.stop()).toBe(0);
    await Promise.all(rest.map((member, i) => member.sees(gone, "gone", { from: marks[i] ?? 0 })));
    const news = rest.flatMap((member, i) => member.up.events.slice(marks[i] ?? 0));
    const lost = news.filter(({ event, state, public_key: key }) => {
      return event === "peer" && state === "gone" && key !== gone.publicKey;
    });
    expect(lost).toEqual([]);
    await allConnected(rest, CONNECT_MS);
  });
});
