import { describe, expect, it } from "vitest";
import { ESTABLISHED_MS, RESET_MS, SYN_SENT_MS, TIME_WAIT_MS } from "../../../shared/tunnel/connection-state.ts";
import { udpPacket } from "../../fakes/packets.ts";
import {
  ACK,
  ALL,
  conversation,
  DATA,
  FIN,
  families,
  fragments,
  GAME,
  guarded,
  NONE,
  RST,
  SYN,
  SYN_ACK,
  WEB,
} from "./firewall-fixture.ts";
import { ann, self } from "./fixture.ts";

describe.each(families)("a TCP connection that this machine makes by $name", (family) => {
  const { ourTcp, theirTcp } = conversation(family, 40_000, 443);

  /** Made under `rule`, up to its first data. */
  function connected(rule = NONE) {
    const guard = guarded(rule);
    guard.weSend(ourTcp(SYN));
    expect(guard.comesIn(theirTcp(SYN_ACK))).toBe(true);
    guard.weSend(ourTcp(ACK));
    guard.weSend(ourTcp(DATA));
    return guard;
  }

  it("gets its answers while nothing may be begun, to the last acknowledgement", () => {
    const guard = connected();
    const { comesIn, weSend } = guard;
    for (const flags of [ACK, DATA, DATA]) expect(comesIn(theirTcp(flags))).toBe(true);
    weSend(ourTcp(FIN));
    expect(comesIn(theirTcp(ACK))).toBe(true);
    expect(comesIn(theirTcp(DATA))).toBe(true);
    expect(comesIn(theirTcp(FIN))).toBe(true);
    weSend(ourTcp(ACK));
    // The peer did not get that one, and sends again.
    expect(comesIn(theirTcp(FIN))).toBe(true);
    expect(guard.refused).toBe(0);
  });

  it("opens those two ports alone", () => {
    const { comesIn } = connected();
    expect(comesIn(conversation(family, 40_000, 444).theirTcp(ACK))).toBe(false);
    expect(comesIn(conversation(family, 40_001, 443).theirTcp(ACK))).toBe(false);
    expect(comesIn(conversation(family, 443, 40_000).theirTcp(ACK))).toBe(false);
    expect(comesIn(conversation(family, 40_000, 443).theirUdp())).toBe(false);
    const other = families.find(({ name }) => name !== family.name)!;
    expect(comesIn(conversation(other, 40_000, 443).theirTcp(ACK))).toBe(false);
  });

  it("is not begun by anything but a SYN, so that the system's own answers do not bring in what was refused", () => {
    const { comesIn, weSend } = guarded(NONE);
    const another = conversation(family, 40_001, 443);
    for (const before of [() => {}, () => weSend(another.ourTcp(SYN))]) {
      before();
      for (const flags of [SYN_ACK, ACK, DATA, FIN, RST]) {
        weSend(ourTcp(flags));
        expect(comesIn(theirTcp(ACK))).toBe(false);
      }
    }
    expect(comesIn(another.theirTcp(SYN_ACK))).toBe(true);
  });

  it("is given up when nobody answers, but not while the system goes on asking", async () => {
    const { clock, comesIn, weSend } = guarded(NONE);
    weSend(ourTcp(SYN));
    await clock.advance(SYN_SENT_MS - 1);
    weSend(ourTcp(SYN));
    await clock.advance(SYN_SENT_MS - 1);
    // An acknowledgement of something else, to which the system says RST, does not keep it.
    expect(comesIn(theirTcp(ACK))).toBe(true);
    await clock.advance(1);
    expect(comesIn(theirTcp(SYN_ACK))).toBe(false);
  });

  it("may be idle for days, from either end's last word", async () => {
    const { clock, comesIn, weSend } = connected();
    await clock.advance(ESTABLISHED_MS - 1);
    expect(comesIn(theirTcp(DATA))).toBe(true);
    await clock.advance(ESTABLISHED_MS - 1);
    weSend(ourTcp(DATA));
    await clock.advance(ESTABLISHED_MS - 1);
    expect(comesIn(theirTcp(DATA))).toBe(true);
    await clock.advance(ESTABLISHED_MS);
    expect(comesIn(theirTcp(DATA))).toBe(false);
  });

  it.each([
    ["this machine", ourTcp(FIN)],
    ["the peer", theirTcp(FIN)],
  ])("may wait half closed by %s for as long as an open one", async (who, packet) => {
    const { clock, comesIn, weSend } = connected();
    if (who === "the peer") comesIn(packet);
    else weSend(packet);
    await clock.advance(ESTABLISHED_MS - 1);
    expect(comesIn(theirTcp(DATA))).toBe(true);
    // Sent again it is no second end.
    if (who === "the peer") comesIn(packet);
    else weSend(packet);
    await clock.advance(TIME_WAIT_MS);
    expect(comesIn(theirTcp(DATA))).toBe(true);
  });

  it("is over soon after both ends have closed it, however much the peer still sends", async () => {
    const { clock, comesIn, weSend } = connected();
    weSend(ourTcp(FIN));
    comesIn(theirTcp(FIN));
    await clock.advance(TIME_WAIT_MS - 1);
    expect(comesIn(theirTcp(FIN))).toBe(true);
    await clock.advance(1);
    expect(comesIn(theirTcp(FIN))).toBe(false);
  });

  it.each(["this machine", "the peer"])("is over sooner when %s resets it", async (who) => {
    const { clock, comesIn, weSend } = connected();
    if (who === "the peer") expect(comesIn(theirTcp(RST))).toBe(true);
    else weSend(ourTcp(RST));
    await clock.advance(RESET_MS - 1);
    expect(comesIn(theirTcp(RST))).toBe(true);
    await clock.advance(1);
    expect(comesIn(theirTcp(ACK))).toBe(false);
  });

  it("goes on when its system did not believe a reset", async () => {
    const { clock, comesIn, weSend } = connected();
    comesIn(theirTcp(RST));
    weSend(ourTcp(ACK));
    await clock.advance(RESET_MS);
    expect(comesIn(theirTcp(DATA))).toBe(true);
  });

  it("hears that nobody listens", () => {
    const { comesIn, weSend } = guarded(NONE);
    weSend(ourTcp(SYN));
    expect(comesIn(theirTcp(RST | ACK))).toBe(true);
  });

  it("may be begun by both at once", () => {
    const { comesIn, weSend } = guarded(NONE);
    weSend(ourTcp(SYN));
    expect(comesIn(theirTcp(SYN))).toBe(true);
    weSend(ourTcp(SYN_ACK));
    expect(comesIn(theirTcp(SYN_ACK))).toBe(true);
    expect(comesIn(theirTcp(DATA))).toBe(true);
  });

  it("does not let the peer begin another on the same ports, neither while it lasts nor when it is over", () => {
    const guard = connected();
    const { comesIn, weSend } = guard;
    expect(comesIn(theirTcp(SYN))).toBe(false);
    weSend(ourTcp(FIN));
    comesIn(theirTcp(FIN));
    expect(comesIn(theirTcp(SYN))).toBe(false);
    comesIn(theirTcp(RST));
    expect(comesIn(theirTcp(SYN))).toBe(false);
    expect(guard.refused).toBe(3);
  });

  it("may be made anew on the same ports", async () => {
    const { clock, comesIn, weSend } = connected();
    comesIn(theirTcp(RST));
    weSend(ourTcp(SYN));
    expect(comesIn(theirTcp(SYN_ACK))).toBe(true);
    await clock.advance(RESET_MS);
    expect(comesIn(theirTcp(DATA))).toBe(true);
  });

  describe("while anything may come in", () => {
    it("goes on when the rule tightens, however long ago it was made and whatever else it has sent since", async () => {
      const { clock, comesIn, setRule } = connected(ALL);
      await clock.advance(3 * ESTABLISHED_MS);
      setRule(NONE);
      expect(comesIn(theirTcp(DATA))).toBe(true);
      await clock.advance(ESTABLISHED_MS);
      expect(comesIn(theirTcp(DATA))).toBe(false);
    });

    it("goes on half closed, or in the middle of its handshake", () => {
      const half = connected(ALL);
      half.weSend(ourTcp(FIN));
      half.setRule(NONE);
      expect(half.comesIn(theirTcp(DATA))).toBe(true);

      const handshake = guarded(ALL);
      handshake.weSend(ourTcp(SYN));
      handshake.setRule(WEB);
      expect(handshake.comesIn(theirTcp(SYN_ACK))).toBe(true);
      handshake.weSend(ourTcp(ACK));
      handshake.setRule(NONE);
      expect(handshake.comesIn(theirTcp(DATA))).toBe(true);
    });

    it("does not go on when it was over before", async () => {
      const closed = connected(ALL);
      closed.weSend(ourTcp(FIN));
      closed.comesIn(theirTcp(FIN));
      await closed.clock.advance(TIME_WAIT_MS);
      closed.setRule(NONE);
      expect(closed.comesIn(theirTcp(DATA))).toBe(false);

      const reset = connected(ALL);
      reset.comesIn(theirTcp(RST));
      await reset.clock.advance(RESET_MS);
      reset.setRule(NONE);
      expect(reset.comesIn(theirTcp(DATA))).toBe(false);
    });

    it("is the peer's when the peer began on the same ports after it was over", () => {
      const { comesIn, weSend, setRule } = connected(ALL);
      comesIn(theirTcp(RST));
      expect(comesIn(theirTcp(SYN))).toBe(true);
      weSend(ourTcp(SYN_ACK));
      setRule(NONE);
      expect(comesIn(theirTcp(DATA))).toBe(false);
    });
  });

  it("outlasts every change of the rule, and the same rule told again", () => {
    const { comesIn, setRule } = connected();
    for (const rule of [NONE, WEB, NONE, ALL, WEB, NONE, NONE]) {
      setRule(rule);
      expect(comesIn(theirTcp(DATA))).toBe(true);
    }
  });

  it("is not forgotten while a lane is remade", () => {
    const { tunnel, lanes, comesIn } = connected();
    tunnel.setLane(ann.key, undefined);
    tunnel.setLane(ann.key, lanes.ann);
    expect(comesIn(theirTcp(DATA))).toBe(true);
  });
});

describe("when an IPv4 address changes", () => {
  const [ipv4, ipv6] = families.map((family) => conversation(family, 40_000, 443));

  it.each(["the peer's", "this machine's"])("%s, connections by IPv4 are over and those by IPv6 go on", (whose) => {
    const { tunnel, weSend, comesIn } = guarded(NONE);
    for (const each of [ipv4!, ipv6!]) weSend(each.ourTcp(SYN));
    const move = (to: { ipv4: string }) => {
      if (whose === "the peer's") tunnel.setPeer(ann.key, { ...ann, ...to });
      else tunnel.setSelf({ ...self, ...to });
    };
    // The same ones again change nothing.
    move(whose === "the peer's" ? ann : self);
    expect(comesIn(ipv4!.theirTcp(SYN_ACK))).toBe(true);
    move({ ipv4: "100.64.0.77" });
    move(whose === "the peer's" ? ann : self);
    expect(comesIn(ipv4!.theirTcp(SYN_ACK))).toBe(false);
    expect(comesIn(ipv6!.theirTcp(SYN_ACK))).toBe(true);
  });

  it("what was let in of a datagram is not gone on with", () => {
    const { tunnel, comesIn } = guarded(GAME);
    const game = udpPacket(ann.ipv4, self.ipv4, Buffer.alloc(200), { source: 50_000, destination: 27_015 });
    const [first, second] = fragments(game, ann.ipv4, self.ipv4, 1);
    expect(comesIn(first!)).toBe(true);
    tunnel.setPeer(ann.key, { ...ann, ipv4: "100.64.0.77" });
    tunnel.setPeer(ann.key, ann);
    expect(comesIn(second!)).toBe(false);
  });
});
