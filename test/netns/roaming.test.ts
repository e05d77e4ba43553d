import { beforeAll, describe, expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { allConnected, createRoom, joinRoom, type Member } from "./lab/member.ts";
import { firstReply, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * A machine whose address changes under it, as when a laptop goes from one network to the next.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *   10.66.0.1, then .101, then .201        10.66.0.2
 *          └──────────── switch ───────────┘
 *                           │
 *                 10.66.0.3: govpn serve
 */

/** The look for new addresses every 3 s, a probe, and a new link. */
const BACK_MS = 15_000;

describe("a machine that moves to another network", () => {
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

  /** Takes the host's addresses away and gives it others. */
  async function move(host: Host, number: number): Promise<void> {
    const steps = [
      ["addr", "flush", "dev", "eth0", "scope", "global"],
      ["addr", "add", `10.66.0.${number}/24`, "dev", "eth0"],
      ["addr", "add", `fd66::${number.toString(16)}/64`, "dev", "eth0", "nodad"],
    ];
    for (const step of steps) expect(await host.run("ip", step)).toMatchObject({ code: 0 });
  }

  it.each([101, 201])("is reached again by itself within 15 seconds, on .%i", async (number) => {
    const from = ann.now;
    await move(ann.host, number);
    const [there, back] = await Promise.all([firstReply(bob.host, ann.ipv4), firstReply(ann.host, bob.ipv6)]);
    console.log(`reached again after ${there.toFixed(0)} ms, and back after ${back.toFixed(0)} ms`);
    expect(Math.max(there, back)).toBeLessThan(BACK_MS);
    // The program was not started again, and its room never closed.
    expect(ann.up.program.running).toBe(true);
    expect(ann.up.events.slice(from).filter(({ event, state }) => event === "room" && state === "left")).toEqual([]);
    expect(await ping(bob.host, ann.ipv4, { count: 20, intervalMs: 50 })).toMatchObject({ received: 20 });
  });

  it("is with its signaling server again too", async () => {
    await expect
      .poll(async () => (await ann.status()).server.state, { timeout: BACK_MS, interval: 500 })
      .toBe("online");
    await expect
      .poll(async () => (await ann.status()).rooms[0]?.state, { timeout: BACK_MS, interval: 500 })
      .toBe("joined");
    await ann.tell("rename", "Elsewhere");
    await bob.up.waitFor(({ event, name }) => event === "room" && name === "Elsewhere");
  });
});
