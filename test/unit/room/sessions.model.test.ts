import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { FakeSignalingServer } from "../../fakes/signaling-server.ts";
import { Machine } from "./harness.ts";

/** What may happen to three machines and their server, in any order. */
type Action = "create" | "joinAll" | "leaveAll" | "rename" | "kick" | "restart" | "drop";
type Happening =
  | { readonly what: Action; readonly who: number }
  | { readonly what: "outage"; readonly ms: number }
  | { readonly what: "pause"; readonly ms: number };

const who = fc.nat(2);
const often: Action[] = ["create", "create", "joinAll", "joinAll", "joinAll"];
const actions = fc.constantFrom<Action[]>(...often, "leaveAll", "rename", "kick", "restart", "drop");
const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ what: actions, who }) },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constant("outage" as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
    },
  ),
  { minLength: 4, maxLength: 25, size: "max" },
);

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeSignalingServer();
  readonly machines = [1, 2, 3].map((seed) => new Machine(seed, this.server, this.clock));
  /** When each key's creates and joins arrived. */
  readonly entries = new Map<PublicKey, number[]>();

  constructor() {
    this.server.intercept = ({ type, public_key }) => {
      if (type !== "CreateRoom" && type !== "JoinRoom") return false;
      this.entries.set(public_key, [...(this.entries.get(public_key) ?? []), this.clock.now()]);
      return false;
    };
  }

  async happen(happening: Happening): Promise<void> {
    if (happening.what === "pause") return this.clock.advance(happening.ms);
    if (happening.what === "outage") return this.#outage(happening.ms);
    const machine = this.machines[happening.who] as Machine;
    this.#act(happening.what, happening.who, machine);
    await settle(2);
  }

  async #outage(ms: number): Promise<void> {
    this.server.reachable = false;
    this.server.dropAll();
    await this.clock.advance(ms);
    this.server.reachable = true;
  }

  #act(what: Action, index: number, machine: Machine): void {
    const [first] = machine.rooms.snapshots;
    if (what === "create") void machine.rooms.create({ name: `of ${index}`, pin: "1234", username: "U" });
    if (what === "joinAll") {
      for (const roomId of this.server.rooms.keys()) void machine.rooms.join({ roomId, pin: "1234", username: "U" });
    }
    if (what === "leaveAll") for (const { roomId } of machine.rooms.snapshots) void machine.rooms.leave(roomId);
    if (what === "rename" && first) void machine.rooms.rename(first.roomId, "new name");
    if (what === "kick" && first) {
      const other = first.members.find(({ isSelf }) => !isSelf);
      if (other) void machine.rooms.kick(first.roomId, other.publicKey);
    }
    if (what === "drop") this.server.drop(machine.publicKey);
    if (what === "restart") {
      machine.stop();
      // As a store would hold it: what the last "saved" event said.
      const saved = JSON.parse(JSON.stringify(machine.payloads("saved").at(-1) ?? []));
      this.machines[index] = new Machine(index + 1, this.server, this.clock, saved);
    }
  }
}

describe("whatever happens to the machines, the network and the server", () => {
  it("in the end everyone is exactly where the server has them, and the rate limit was never met", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (script) => {
        const world = new World();
        for (const happening of script) await world.happen(happening);
        await world.clock.advance(15 * 60_000);

        for (const { publicKey, rooms, replayed } of world.machines) {
          const atServer = [...world.server.rooms.values()].filter(({ members }) => members.has(publicKey));
          const here = rooms.snapshots.map(({ roomId }) => roomId);
          expect([...here].sort()).toEqual(atServer.map(({ id }) => id as RoomId).sort());
          for (const snapshot of rooms.snapshots) {
            expect(snapshot.status.kind).toBe("joined");
            expect(snapshot.name).toBe(world.server.rooms.get(snapshot.roomId)?.name);
            expect(replayed.get(snapshot.roomId)).toEqual(snapshot);
          }
          expect(rooms.saved.map(({ roomId }) => roomId).sort()).toEqual([...here].sort());
          expect(rooms.saved.some(({ leaving }) => leaving)).toBe(false);
        }
        for (const machine of world.machines) machine.stop();
        await settle();
        expect(world.clock.pending).toBe(0);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("no machine that stays up enters more than three times in any minute", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (script) => {
        const world = new World();
        // A restarted machine has forgotten what it did; the server may then refuse, and it waits.
        for (const happening of script) if (happening.what !== "restart") await world.happen(happening);
        await world.clock.advance(5 * 60_000);
        for (const times of world.entries.values()) {
          times.forEach((time, i) => {
            const third = times[i - 3];
            if (third !== undefined) expect(time - third).toBeGreaterThan(60_000);
          });
        }
        for (const machine of world.machines) machine.stop();
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
