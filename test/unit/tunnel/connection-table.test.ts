import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONNECTION, type ConnectionState, IDLE_MS, isAssured } from "../../../shared/tunnel/connection-state.ts";
import { ConnectionTable, MAX_CONNECTIONS } from "../../../shared/tunnel/connection-table.ts";
import { conversation, families, guarded, NONE, SYN, SYN_ACK } from "./firewall-fixture.ts";

const TCP4 = 0x406;
const UDP4 = 0x411;

describe("a table of connections", () => {
  it("finds what was opened by its kind and its ports, whatever their bits", () => {
    const table = new ConnectionTable();
    const ports = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
    for (const each of ports) table.open(TCP4, each, CONNECTION.synSent, 0);
    for (const each of ports) {
      const at = table.find(TCP4, each, 0);
      expect(table.stateOf(at)).toBe(CONNECTION.synSent);
      // Ports are the same 32 bits, signed or not.
      expect(table.find(TCP4, each | 0, 0)).toBe(at);
      expect(table.find(UDP4, each, 0)).toBe(-1);
    }
    expect(new Set(ports.map((each) => table.find(TCP4, each, 0))).size).toBe(ports.length);
    expect(table.size).toBe(ports.length);
  });

  it("forgets each state after its own time", () => {
    for (const state of Object.values(CONNECTION)) {
      const table = new ConnectionTable();
      const idle = IDLE_MS[state]!;
      table.open(TCP4, 1, state, 1000);
      expect(table.find(TCP4, 1, 1000 + idle - 1)).not.toBe(-1);
      expect(table.find(TCP4, 1, 1000 + idle)).toBe(-1);
      expect(table.size).toBe(0);
    }
  });

  it("when it is full, gives up the one idle longest, and none that was answered while others were not", () => {
    const table = new ConnectionTable();
    const { established, unanswered } = CONNECTION;
    table.open(TCP4, 0, established, 0);
    for (let ports = 1; ports < MAX_CONNECTIONS; ports++) table.open(UDP4, ports, unanswered, 0);
    expect(table.size).toBe(MAX_CONNECTIONS);
    table.use(table.find(UDP4, 1, 1), unanswered, 1);
    table.open(UDP4, 100_000, unanswered, 2);
    expect(table.size).toBe(MAX_CONNECTIONS);
    expect(table.find(UDP4, 1, 2)).not.toBe(-1);
    expect(table.find(UDP4, 2, 2)).toBe(-1);
    for (let i = 0; i < MAX_CONNECTIONS; i++) table.open(UDP4, 200_000 + i, unanswered, 3);
    expect(table.find(TCP4, 0, 3)).not.toBe(-1);
    expect(table.find(UDP4, 1, 3)).toBe(-1);

    const answered = new ConnectionTable();
    for (let ports = 0; ports <= MAX_CONNECTIONS; ports++) answered.open(TCP4, ports, established, ports);
    expect(answered.find(TCP4, 0, MAX_CONNECTIONS)).toBe(-1);
    expect(answered.find(TCP4, 1, MAX_CONNECTIONS)).not.toBe(-1);
  });

  it("does as a list would, whatever is asked of it in whatever order", () => {
    const step = fc.record({
      what: fc.constantFrom("open", "open", "open", "use", "use", "remove", "forget", "refresh", "wait"),
      kind: fc.constantFrom(TCP4, UDP4, 0x606),
      ports: fc.nat({ max: 12 }),
      state: fc.constantFrom(...Object.values(CONNECTION)),
      ms: fc.constantFrom(1, 5000, 40_000, 150_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new ConnectionTable();
        const model = new ModelTable();
        let now = 0;
        for (const { what, kind, ports, state, ms } of steps) {
          const at = table.find(kind, ports, now);
          const known = model.find(kind, ports, now);
          expect(at === -1 ? undefined : table.stateOf(at)).toBe(known?.state);
          if (what === "wait") now += ms;
          else if (what === "forget") {
            table.removeWhere((each) => each === kind);
            model.removeWhere(kind);
          } else if (what === "refresh") {
            table.refresh(now);
            model.refresh(now);
          } else if (!known) {
            table.open(kind, ports, state, now);
            model.open(kind, ports, state, now);
          } else if (what === "remove") {
            table.remove(at);
            model.remove(known);
          } else {
            table.use(at, state, now);
            model.use(known, state, now);
          }
          expect(table.size).toBe(model.list.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("does so when it is full, too", () => {
    const table = new ConnectionTable();
    const model = new ModelTable();
    const states = Object.values(CONNECTION);
    let random = 1;
    const roll = (sides: number) => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random >>> 8) % sides;
    };
    for (let i = 0; i < 4 * MAX_CONNECTIONS; i++) {
      const [kind, ports, state] = [roll(2) === 0 ? TCP4 : UDP4, roll(20_000), states[roll(states.length)]!];
      const known = model.find(kind, ports, i);
      const at = table.find(kind, ports, i);
      expect(at === -1 ? undefined : table.stateOf(at)).toBe(known?.state);
      if (known) {
        table.use(at, state, i);
        model.use(known, state, i);
      } else {
        table.open(kind, ports, state, i);
        model.open(kind, ports, state, i);
      }
    }
    expect(table.size).toBe(model.list.length);
    for (const { kind, ports, state } of [...model.list]) {
      expect(table.stateOf(table.find(kind, ports, 4 * MAX_CONNECTIONS))).toBe(state);
    }
  });
});

interface Known {
  readonly kind: number;
  readonly ports: number;
  state: ConnectionState;
  usedAt: number;
}

/** The same by one list, the one used last at its end. */
class ModelTable {
  list: Known[] = [];

  find(kind: number, ports: number, now: number): Known | undefined {
    const known = this.list.find((each) => each.kind === kind && each.ports === ports);
    if (known && now - known.usedAt >= IDLE_MS[known.state]!) {
      this.remove(known);
      return undefined;
    }
    return known;
  }

  open(kind: number, ports: number, state: ConnectionState, now: number): void {
    if (this.list.length === MAX_CONNECTIONS) {
      const first = this.list.find((each) => !isAssured(each.state)) ?? this.list[0]!;
      this.remove(first);
    }
    this.list.push({ kind, ports, state, usedAt: now });
  }

  use(known: Known, state: ConnectionState, now: number): void {
    this.remove(known);
    this.list.push({ ...known, state, usedAt: now });
  }

  remove(known: Known): void {
    this.list = this.list.filter((each) => each !== known);
  }

  removeWhere(kind: number): void {
    this.list = this.list.filter((each) => each.kind !== kind);
  }

  refresh(now: number): void {
    for (const each of this.list) if (isAssured(each.state)) each.usedAt = now;
  }
}

describe("more connections than one peer's table holds", () => {
  const family = families[0]!;

  it("cost the one idle longest, and leave those that were answered to those that were not", () => {
    const { comesIn, weSend } = guarded(NONE);
    const shell = conversation(family, 40_000, 22);
    weSend(shell.ourTcp(SYN));
    comesIn(shell.theirTcp(SYN_ACK));
    const scanned = (port: number) => conversation(family, 40_001, port);
    for (let port = 1; port <= MAX_CONNECTIONS; port++) weSend(scanned(port).ourTcp(SYN));
    expect(comesIn(scanned(1).theirTcp(SYN_ACK))).toBe(false);
    expect(comesIn(scanned(2).theirTcp(SYN_ACK))).toBe(true);
    expect(comesIn(scanned(MAX_CONNECTIONS).theirTcp(SYN_ACK))).toBe(true);
    expect(comesIn(shell.theirTcp(SYN_ACK))).toBe(true);
  });
});
