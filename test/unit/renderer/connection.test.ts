import { describe, expect, it } from "vitest";
import { createConnection, type LinkStatus } from "../../../renderer/bridge/connection.ts";
import type { WireEnd } from "../../../renderer/bridge/wire.ts";
import { encodePush, encodeReply } from "../../../shared/ipc/wire.ts";
import { seeded } from "../../fakes/app-people.ts";
import { emptyState } from "../../fakes/app-states.ts";
import { FakeClock } from "../../fakes/clock.ts";

/** A connection whose wires the test holds. */
function connect() {
  const clock = new FakeClock();
  const random = seeded(1);
  const wires: { end: WireEnd; isGivenUp: boolean; sent: string[] }[] = [];
  const connection = createConnection({
    clock,
    random: (length) => Uint8Array.from({ length }, () => random() * 256),
    dial: (end) => {
      const wire = { end, isGivenUp: false, sent: [] as string[] };
      wires.push(wire);
      return {
        dispose: () => {
          wire.isGivenUp = true;
        },
      };
    },
  });
  const links: LinkStatus["kind"][] = [];
  connection.onLink(({ kind }) => links.push(kind));
  const wire = () => wires[wires.length - 1]!;
  /** The wire is there, and the host answers the watch with its state. */
  const open = () => {
    const { end, sent } = wire();
    end.opened((text) => sent.push(text));
    const { id } = JSON.parse(sent[0]!) as { id: number };
    end.receive(encodeReply(id, { ok: true, value: emptyState(0) }));
  };
  return { clock, connection, links, wires, wire, open };
}

describe("the connection to the program", () => {
  it("is open once the state has come, and not when only the wire is there", () => {
    const { connection, wire, open } = connect();
    expect(connection.link).toEqual({ kind: "connecting" });
    wire().end.opened(() => {});
    expect(connection.link).toEqual({ kind: "connecting" });
    wire().end.closed("lost");
    const again = connect();
    again.open();
    expect(again.connection.link).toEqual({ kind: "open" });
    expect(again.connection.state).toEqual(emptyState(0));
    expect(open).toBeTypeOf("function");
  });

  it("applies what changes", () => {
    const { connection, wire, open } = connect();
    open();
    wire().end.receive(encodePush({ wanted: false }));
    expect(connection.state?.wanted).toBe(false);
  });

  it("dials again after a loss, sooner at first, and never later than five seconds", async () => {
    const { clock, connection, wires, wire, open } = connect();
    open();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      wire().end.closed("lost");
      const { link } = connection;
      if (link.kind !== "waiting") throw new Error(`it is ${link.kind}`);
      const wait = link.retryAt - clock.wallTime();
      waits.push(wait);
      await clock.advance(wait - 1);
      expect(wires).toHaveLength(i + 1);
      await clock.advance(1);
      expect(wires).toHaveLength(i + 2);
    }
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    expect(waits[7]).toBeGreaterThanOrEqual(2_500);
  });

  it("starts over with short waits once it was open again", async () => {
    const { clock, connection, wire, open } = connect();
    for (let i = 0; i < 6; i++) {
      wire().end.closed("lost");
      await clock.advance(5_000);
    }
    open();
    wire().end.closed("lost");
    const { link } = connection;
    expect(link.kind === "waiting" && link.retryAt - clock.wallTime()).toBeLessThanOrEqual(500);
  });

  it("keeps the last state, and fails what is asked while there is no wire", async () => {
    const { connection, wire, open } = connect();
    open();
    wire().end.closed("lost");
    expect(connection.state).toEqual(emptyState(0));
    expect(await connection.call("retryNow", {})).toMatchObject({ ok: false, error: { code: "disconnected" } });
  });

  it("does not dial again where it is signed out, until the person asks", async () => {
    const { clock, connection, wires, wire } = connect();
    wire().end.closed("signed_out");
    await clock.advance(60_000);
    expect(connection.link).toEqual({ kind: "signed_out" });
    expect(wires).toHaveLength(1);
    connection.retry();
    expect(wires).toHaveLength(2);
  });

  it("dials at once when the person does not want to wait, and only once", async () => {
    const { clock, connection, wires, wire } = connect();
    wire().end.closed("lost");
    connection.retry();
    connection.retry();
    expect(wires).toHaveLength(2);
    await clock.advance(60_000);
    expect(wires).toHaveLength(2);
  });

  it("hears nothing more from a wire that it gave up", () => {
    const { connection, wires, wire, open } = connect();
    open();
    const old = wire();
    old.end.closed("lost");
    connection.retry();
    old.end.receive(encodePush({ wanted: false }));
    old.end.closed("signed_out");
    expect(connection.state?.wanted).toBe(true);
    expect(connection.link.kind).toBe("connecting");
    expect(wires).toHaveLength(2);
  });

  it("lets go of everything when it is disposed of", () => {
    const { clock, connection, wire, open } = connect();
    open();
    connection.dispose();
    expect(wire().isGivenUp).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
