import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ESTABLISHED_MS, UDP_ANSWERED_MS, UDP_UNANSWERED_MS } from "../../../shared/tunnel/connection-state.ts";
import type { InboundRule } from "../../../shared/tunnel/inbound-rule.ts";
import {
  ACK,
  ALL,
  conversation,
  DATA,
  echo,
  echoReply,
  type Family,
  FIN,
  families,
  guarded,
  NONE,
  RST,
  SYN,
  SYN_ACK,
  unreachable,
} from "./firewall-fixture.ts";

/** Few ports, so that conversations meet. */
const OURS = [22, 5000];
const THEIRS = [80, 5000];
const SSH: InboundRule = { mode: "ports", ports: [{ protocol: "tcp", from: 22, to: 22 }] };
const GAME: InboundRule = { mode: "ports", ports: [{ protocol: "udp", from: 5000, to: 5000 }] };

type What = "tcp" | "udp" | "echo" | "echo reply" | "error about tcp" | "error about udp";
interface Said {
  readonly family: Family;
  readonly what: What;
  readonly ours: number;
  readonly theirs: number;
  readonly flags: number;
}
type Step =
  | { readonly we: Said }
  | { readonly they: Said }
  | { readonly wait: number }
  | { readonly rule: InboundRule };

const said = (what: fc.Arbitrary<What>): fc.Arbitrary<Said> =>
  fc.record({
    family: fc.constantFrom(...families),
    what,
    ours: fc.constantFrom(...OURS),
    theirs: fc.constantFrom(...THEIRS),
    flags: fc.constantFrom(SYN, SYN, SYN_ACK, ACK, DATA, FIN, RST, RST | ACK, SYN | FIN, 0, 0xff),
  });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ we: said(fc.constantFrom<What>("tcp", "tcp", "udp", "echo", "echo reply")) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      they: said(
        fc.constantFrom<What>("tcp", "tcp", "tcp", "udp", "echo", "echo reply", "error about tcp", "error about udp"),
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(1, 9_999, 29_999, 30_000, 119_999, 179_999, 200_000) }) },
  { weight: 2, arbitrary: fc.record({ rule: fc.constantFrom(ALL, NONE, NONE, SSH, GAME) }) },
);

function ourPacket({ family, what, ours, theirs, flags }: Said): Buffer {
  const { ourTcp, ourUdp } = conversation(family, ours, theirs);
  if (what === "tcp") return ourTcp(flags);
  if (what === "udp") return ourUdp();
  return (what === "echo" ? echo : echoReply)(family.self, family.ann, ours);
}

function theirPacket({ family, what, ours, theirs, flags }: Said): Buffer {
  const { theirTcp, theirUdp, ourTcp, ourUdp } = conversation(family, ours, theirs);
  switch (what) {
    case "tcp":
      return theirTcp(flags);
    case "udp":
      return theirUdp();
    case "echo":
      return echo(family.ann, family.self, ours);
    case "echo reply":
      return echoReply(family.ann, family.self, ours);
    case "error about tcp":
      return unreachable(family.ann, family.self, ourTcp(ACK));
    case "error about udp":
      return unreachable(family.ann, family.self, ourUdp());
  }
}

/** What this machine began, without a table, states or timers: no more than what must have happened before an answer. */
class Model {
  rule: InboundRule = NONE;
  now = 0;
  /** When each was begun, and when either end was last heard of. */
  readonly #begun = new Map<string, { lastAt: number; isAnswered: boolean; mayCross: boolean }>();

  weSay(said: Said): void {
    const key = keyOf(said);
    const known = this.#begun.get(key);
    const isTcp = said.what === "tcp";
    const begins = isTcp
      ? (said.flags & SYN_ACK) === SYN
      : this.rule.mode !== "all" && (said.what === "udp" || said.what === "echo");
    if (begins) {
      this.#begun.set(key, { lastAt: this.now, isAnswered: known?.isAnswered ?? false, mayCross: isTcp });
    } else if (known && isTcp) {
      known.lastAt = this.now;
    }
  }

  /** Whether the peer's packet may come in; a test of "may not otherwise", so it is lenient about when things end. */
  mayComeIn(said: Said): boolean {
    if (this.rule.mode === "all" || this.#isListed(said)) return true;
    const known = this.#begun.get(keyOf(said));
    if (!known || said.what === "echo") return false;
    const lasts = { tcp: ESTABLISHED_MS, udp: known.isAnswered ? UDP_ANSWERED_MS : UDP_UNANSWERED_MS, icmp: 30_000 };
    const [, protocol] = keyOf(said).split(" ") as [string, keyof typeof lasts];
    if (this.now - known.lastAt >= lasts[protocol]) return false;
    if (said.what !== "tcp") return true;
    const isNonsense = (said.flags & SYN) !== 0 && (said.flags & (FIN | RST) & ~ACK) !== 0;
    const begins = (said.flags & SYN_ACK) === SYN;
    return !isNonsense && (!begins || known.mayCross);
  }

  cameIn(said: Said): void {
    const known = this.#begun.get(keyOf(said));
    if (!known || said.what.startsWith("error") || said.what.startsWith("echo")) return;
    known.lastAt = this.now;
    known.isAnswered = true;
    if (said.what === "tcp" && (said.flags & SYN_ACK) === SYN_ACK) known.mayCross = false;
  }

  setRule(rule: InboundRule): void {
    const isWider = rule.mode === "all" || this.rule.mode === "none" || rule === this.rule;
    this.rule = rule;
    for (const [key, known] of this.#begun) {
      if (key.includes("tcp")) known.lastAt = this.now;
      else if (!isWider) this.#begun.delete(key);
    }
  }

  #isListed({ what, ours }: Said): boolean {
    if (this.rule.mode !== "ports") return false;
    const [protocol, port] = this.rule === SSH ? ["tcp", 22] : ["udp", 5000];
    return what === "echo" || (what.endsWith(protocol as string) && ours === port);
  }
}

function keyOf({ family, what, ours, theirs }: Said): string {
  if (what.startsWith("echo")) return `${family.name} icmp ${ours}`;
  return `${family.name} ${what.endsWith("tcp") ? "tcp" : "udp"} ${ours} ${theirs}`;
}

/** What answers it. */
function answerTo(said: Said): Said | undefined {
  if (said.what === "tcp") return (said.flags & 0xff) === SYN ? { ...said, flags: SYN_ACK } : undefined;
  if (said.what === "udp") return said;
  return said.what === "echo" ? { ...said, what: "echo reply" } : undefined;
}

describe("whatever two machines say to each other, under whatever rules", () => {
  it("nothing comes in but what the rule lists and what this machine began; and that does, when it is answered", async () => {
    let [passed, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const guard = guarded(NONE);
        const model = new Model();
        for (const each of steps) {
          if ("wait" in each) {
            model.now += each.wait;
            await guard.clock.advance(each.wait);
          } else if ("rule" in each) {
            model.setRule(each.rule);
            guard.setRule(each.rule);
          } else if ("we" in each) {
            guard.weSend(ourPacket(each.we));
            model.weSay(each.we);
            const answer = answerTo(each.we);
            // Half of the beginnings are answered at once, the others perhaps by a later step.
            if (!answer || each.we.theirs !== 80) continue;
            expect(guard.comesIn(theirPacket(answer))).toBe(true);
            model.cameIn(answer);
          } else {
            const isIn = guard.comesIn(theirPacket(each.they));
            if (isIn) expect(model.mayComeIn(each.they), `${JSON.stringify(each.they)} came in`).toBe(true);
            if (isIn) model.cameIn(each.they);
            if (isIn && model.rule === NONE) passed += 1;
            if (!isIn) refused += 1;
          }
        }
        expect(guard.clock.pending).toBe(0);
      }),
      { numRuns: 1000 },
    );
    // Both happened, or the property would be empty.
    expect(passed).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  });
});
