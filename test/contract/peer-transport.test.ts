import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { LAST_WORDS_MS, LINGER_MS, releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import type { CreateTransport, PeerTransport, TransportSignal } from "../../shared/mesh/ports.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeNetwork } from "../fakes/transport.ts";

// One suite for what shared/mesh/ports.ts promises, run on the fake and on real WebRTC over this machine's loopback.

/** What the suite needs of an implementation. */
interface Subject {
  readonly create: CreateTransport;
  /** Resolves when `condition` holds; `changed` tells that something was heard. */
  until(condition: () => boolean, changed: () => Promise<void>): Promise<void>;
  /** Resolves when nothing of what was closed can make itself heard any more. */
  rest(): Promise<void>;
}

function fakeSubject(): Subject {
  const clock = new FakeClock();
  const network = new FakeNetwork(clock);
  const host = network.host();
  return {
    create: host.createTransport,
    async until(condition) {
      for (let i = 0; i < 2_000 && !condition(); i++) await clock.advance(5);
      expect(condition()).toBe(true);
    },
    rest: () => clock.advance(60_000),
  };
}

function realSubject(): Subject {
  return {
    create: webrtcTransports({ iceServers: [], logger: silentLogger }),
    async until(condition, changed) {
      while (!condition()) await changed();
    },
    rest: releaseWebrtc,
  };
}

/** One end, and all that it was heard to do. */
class End {
  readonly transport: PeerTransport;
  readonly signals: TransportSignal[] = [];
  readonly texts: string[] = [];
  readonly packets: Uint8Array[] = [];
  readonly closes: string[] = [];
  opens = 0;
  #waiting: (() => void)[] = [];

  constructor(create: CreateTransport, initiator: boolean) {
    this.transport = create({ initiator });
    this.transport.onSignal = (signal) => this.#heard(() => this.signals.push(signal));
    this.transport.onControl = (text) => this.#heard(() => this.texts.push(text));
    this.transport.onClose = (reason) => this.#heard(() => this.closes.push(reason));
    this.transport.onOpen = () =>
      this.#heard(() => {
        this.opens++;
        const { lane } = this.transport;
        if (lane) lane.onPacket = (packet) => this.#heard(() => this.packets.push(packet.slice()));
      });
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Everything that was heard so far, as a number that only grows. */
  get count(): number {
    return this.signals.length + this.texts.length + this.packets.length + this.closes.length + this.opens;
  }

  #heard(note: () => void): void {
    note();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

describe.each([
  ["the fake", fakeSubject],
  ["WebRTC", realSubject],
] as const)("a peer transport: %s", (_name, makeSubject) => {
  const made: PeerTransport[] = [];
  afterEach(() => {
    for (const transport of made.splice(0)) transport.close();
  });

  function pair(change: (signal: TransportSignal) => TransportSignal = (signal) => signal) {
    const subject = makeSubject();
    const a = new End(subject.create, true);
    const b = new End(subject.create, false);
    made.push(a.transport, b.transport);
    const carry = (from: End, to: End) => {
      const note = from.transport.onSignal;
      from.transport.onSignal = (signal) => {
        note(signal);
        setImmediate(() => to.transport.signal(change(signal)));
      };
    };
    carry(a, b);
    carry(b, a);
    const until = (condition: () => boolean) =>
      subject.until(condition, () => Promise.race([a.changed(), b.changed()]));
    return { a, b, until, rest: subject.rest };
  }

  async function opened() {
    const ends = pair();
    await ends.until(() => ends.a.opens + ends.b.opens === 2);
    return ends;
  }

  it("offers, answers, and trickles candidates that no description holds", async () => {
    const { a, b } = await opened();
    expect(a.signals[0]?.kind).toBe("offer");
    expect(b.signals[0]?.kind).toBe("answer");
    for (const { signals } of [a, b]) {
      expect(signals.filter(({ kind }) => kind !== "candidate")).toHaveLength(1);
      expect(signals.filter(({ kind }) => kind === "candidate").length).toBeGreaterThan(0);
      for (const signal of signals) {
        if (signal.kind === "candidate") expect(signal.candidate).toMatch(/^candidate:/);
        else expect(signal.sdp).not.toContain("a=candidate:");
      }
    }
  });

  it("opens once on both ends, with a lane, a path and both certificates' fingerprints", async () => {
    const { a, b } = await opened();
    const prints = a.transport.fingerprints;
    expect(prints?.local).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(b.transport.fingerprints).toEqual({ local: prints?.remote, remote: prints?.local });
    expect(prints?.local).not.toBe(prints?.remote);
    for (const { transport } of [a, b]) {
      expect(transport.lane?.maxPacketBytes).toBeGreaterThanOrEqual(1500);
      expect(transport.path).toMatchObject({ kind: "direct", local: expect.stringMatching(/.+:\d+$/) });
    }
  });

  it("delivers control texts in order, whatever they hold", async () => {
    const { a, b, until } = await opened();
    const texts = ["{}", "ü €\u0000", "x".repeat(16 * 1024), ...Array.from({ length: 100 }, (_, i) => `text ${i}`)];
    for (const text of texts) expect(a.transport.sendControl(text)).toBe(true);
    for (const text of texts.slice(0, 3)) expect(b.transport.sendControl(text)).toBe(true);
    await until(() => b.texts.length === texts.length && a.texts.length === 3);
    expect(b.texts).toEqual(texts);
    expect(a.texts).toEqual(texts.slice(0, 3));
  });

  it("carries packets by the lane, both ways, small and large", async () => {
    const { a, b, until } = await opened();
    const packets = [Uint8Array.of(1), new Uint8Array(1400).fill(2), new Uint8Array(60_000).fill(3)];
    for (const packet of packets) a.transport.lane?.send(packet);
    b.transport.lane?.send(Uint8Array.of(9));
    await until(() => b.packets.length === 3 && a.packets.length === 1);
    expect(b.packets.map((packet) => [packet.length, packet[0]])).toEqual([
      [1, 1],
      [1400, 2],
      [60_000, 3],
    ]);
    expect(a.packets.map((packet) => [...packet])).toEqual([[9]]);
  });

  it("refuses control texts while it is not open", async () => {
    const { a, until, b } = pair();
    expect(a.transport.sendControl("early")).toBe(false);
    expect(a.transport.lane).toBeUndefined();
    expect(a.transport.path).toBeUndefined();
    await until(() => a.opens + b.opens === 2);
    a.transport.close();
    expect(a.transport.sendControl("late")).toBe(false);
    expect(a.transport.fingerprints).toBeUndefined();
    expect(a.transport.path).toBeUndefined();
  });

  it("closes without a sound here, and once there", async () => {
    const { a, b, until, rest } = await opened();
    a.transport.close();
    a.transport.close();
    const before = a.count;
    b.transport.sendControl("to nobody");
    b.transport.lane?.send(Uint8Array.of(1));
    await until(() => b.closes.length > 0);
    await rest();
    expect(b.closes).toHaveLength(1);
    expect(a.count).toBe(before);
  });

  it("gets its last words across before it closes", async () => {
    const { a, b, until } = await opened();
    for (let i = 0; i < 10; i++) a.transport.sendControl(`word ${i}`);
    a.transport.close();
    await until(() => b.closes.length > 0);
    expect(b.texts).toEqual(Array.from({ length: 10 }, (_, i) => `word ${i}`));
  });

  it("hears the last words even if it was busy while they came with the end", async () => {
    const { a, b, until } = await opened();
    b.transport.sendControl("x");
    await until(() => a.texts.length === 1);
    a.transport.sendControl("bye");
    a.transport.close();
    const busyUntil = performance.now() + 150;
    setImmediate(() => {
      while (performance.now() < busyUntil);
    });
    await until(() => b.closes.length > 0);
    expect(b.texts).toEqual(["bye"]);
  });

  it("closes before it ever opened, and nobody hears of it", async () => {
    const { a, b, rest } = pair();
    a.transport.close();
    b.transport.close();
    await rest();
    expect(a.count + b.count).toBe(0);
  });

  it("takes no harm from candidates that make no sense", async () => {
    const { a, b, until } = pair();
    const nonsense = [
      "candidate:",
      "candidate:1 1 UDP x y z",
      "\u0000",
      "x".repeat(1000),
      "candidate:1 1 TCP 1 ::1 9 typ host",
    ];
    for (const candidate of nonsense) {
      for (const mid of ["0", "", "99", "x".repeat(32)]) {
        a.transport.signal({ kind: "candidate", candidate, mid });
        b.transport.signal({ kind: "candidate", candidate, mid });
      }
    }
    await until(() => a.opens + b.opens === 2);
    for (const candidate of nonsense) a.transport.signal({ kind: "candidate", candidate, mid: "0" });
    a.transport.sendControl("still here");
    await until(() => b.texts.length === 1);
    expect([a.closes, b.closes]).toEqual([[], []]);
  });

  it.each(["", "nonsense", "v=0\r\n", "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"])(
    "ends over a description that makes no sense: %j",
    async (sdp) => {
      const { b, until } = pair();
      b.transport.signal({ kind: "offer", sdp });
      await until(() => b.closes.length > 0);
      expect(b.closes).toHaveLength(1);
      expect(b.opens).toBe(0);
    },
  );

  it("never opens towards a certificate that its description does not name", async () => {
    const { a, b, until } = pair((signal) =>
      signal.kind === "answer"
        ? { ...signal, sdp: signal.sdp.replace(/(sha-256 )[0-9A-F]{2}:[0-9A-F]{2}/, "$1AB:CD") }
        : signal,
    );
    await until(() => a.closes.length > 0);
    expect(a.opens).toBe(0);
    expect(b.texts).toEqual([]);
  });
});

describe("a process that uses WebRTC", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));

  it("ends by itself, soon after it has closed its last connection", () => {
    const folder = mkdtempSync(join(tmpdir(), "govpn-webrtc-"));
    try {
      symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
      writeFileSync(
        join(folder, "program.ts"),
        `import { webrtcTransports } from ${JSON.stringify(join(root, "electron/adapters/webrtc/transport.ts"))};
        import { silentLogger } from ${JSON.stringify(join(root, "shared/base/logger.ts"))};
        const create = webrtcTransports({ iceServers: [], logger: silentLogger });
        const [a, b] = [create({ initiator: true }), create({ initiator: false })];
        a.onSignal = (signal) => setImmediate(() => b.signal(signal));
        b.onSignal = (signal) => setImmediate(() => a.signal(signal));
        const keep = setTimeout(() => {}, 20_000);
        await Promise.all([new Promise((open) => (a.onOpen = open)), new Promise((open) => (b.onOpen = open))]);
        clearTimeout(keep);
        a.sendControl("bye");
        b.onClose = () => console.log("closed");
        b.onControl = (text) => console.log(text);
        a.close();
        const closedAt = performance.now();
        process.on("exit", () => console.log(Math.round(performance.now() - closedAt)));`,
      );
      const rolldown = join(root, "node_modules/rolldown/bin/cli.mjs");
      const external = ["node-datachannel", "node-datachannel/polyfill", "simple-peer"].flatMap((name) => [
        "--external",
        name,
      ]);
      const bundled = join(folder, "program.mjs");
      const options = ["--platform", "node", "--format", "esm", ...external, "-o", bundled];
      execFileSync(process.execPath, [rolldown, join(folder, "program.ts"), ...options], { cwd: root, stdio: "pipe" });
      const output = execFileSync(process.execPath, [bundled], { encoding: "utf8", timeout: 25_000 });
      const [text, end, ms] = output.trim().split("\n");
      expect([text, end]).toEqual(["bye", "closed"]);
      expect(Number(ms)).toBeLessThan(LAST_WORDS_MS + LINGER_MS + 1_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
