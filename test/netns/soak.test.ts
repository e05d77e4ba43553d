import { beforeAll, describe, expect, it } from "vitest";
import { judge, settled } from "../bench/soak/verdict.ts";
import { watchHost } from "../bench/soak/watch.ts";
import { bidirFigures } from "../bench/tunnel/measure/iperf.ts";
import { allConnected, createRoom, joinRoom, type Member } from "./lab/member.ts";
import { iperf3 } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * The short form of `npm run bench -- soak`: a tunnel saturated both ways, and what each host says of itself meanwhile.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2
 *          └──────────── switch ───────────┘
 *                           │
 *                 10.66.0.3: govpn serve
 */

const SECONDS = 30;
/** Other work on the machine may hold the loop up for a while; nothing of ours may for so long. */
const LONGEST_STALL_MS = 1_000;

describe("a tunnel saturated both ways", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;

  beforeAll(async () => {
    const server = await lab().host(3).serve(["--memory"]);
    const made = await createRoom(lab().host(1), server.url, { username: "ann", name: "Soak" });
    ann = made.owner;
    bob = await joinRoom(lab().host(2), made.key, { username: "bob" });
    await allConnected([ann, bob]);
    const isMedia = ({ event, lane }: { event: string; lane?: unknown }) => event === "peer" && lane === "media";
    await Promise.all([ann, bob].map(({ up }) => up.waitFor(isMedia)));
  });

  it(`keeps memory flat, every TCP connection and the lane for ${SECONDS} seconds, and never stands still`, async () => {
    let isOver = false;
    // It fails with iperf3's words when a connection breaks.
    const transfer = iperf3(ann.host, bob.host, bob.ipv4, { seconds: SECONDS, extra: ["--bidir"] }).finally(() => {
      isOver = true;
    });
    const [{ report }, ...watched] = await Promise.all([
      transfer,
      ...[ann, bob].map(({ profile }) => watchHost(profile, () => isOver)),
    ]);
    for (const mbit of bidirFigures(report)) expect(mbit).toBeGreaterThan(1);

    for (const [i, samples] of watched.entries()) {
      const name = [ann, bob][i]?.username ?? "";
      expect(samples.length).toBeGreaterThan(SECONDS / 2);
      expect(settled(samples).length).toBeLessThan(samples.length);
      const [delay, others] = partition(judge(name, samples), ({ about }) => about.includes("event-loop delay"));
      // How late the loop is depends on what else this machine does: told here, judged by the benchmark.
      for (const { about, measured } of [...delay, ...others]) console.log(`${about}: ${measured}`);
      expect(others.filter(({ met }) => !met)).toEqual([]);
      expect(samples.at(-1)?.delaySinceStartMs?.max).toBeLessThan(LONGEST_STALL_MS);
    }
  });
});

function partition<T>(all: readonly T[], isFirst: (each: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((each) => !isFirst(each))];
}
