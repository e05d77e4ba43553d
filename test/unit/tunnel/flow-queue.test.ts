import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { plainVirtioHeader, type VirtioHeader } from "../../../shared/packet/virtio.ts";
import { BufferPool } from "../../../shared/tunnel/buffer-pool.ts";
import { flowHash } from "../../../shared/tunnel/flow-hash.ts";
import { FlowQueue, MAX_QUEUED_BYTES, MAX_QUEUED_PACKETS, type QueueDrop } from "../../../shared/tunnel/flow-queue.ts";
import { ipv4Packet, tcpPacket, udpPacket } from "../../fakes/packets.ts";

const [a, b] = ["100.64.0.1", "100.64.0.2"];

let now = 0;
let dropped: { reason: QueueDrop; label: number }[] = [];
const labelOf = (packet: Uint8Array) => Buffer.from(packet).readUInt32BE(28);

/** A packet of the flow from `port`, `bytes` long, that says which it is. ECN-capable on wish. */
function packet(port: number, label: number, bytes = 100, ecn = 0): Buffer {
  const data = Buffer.alloc(bytes - 28);
  data.writeUInt32BE(label);
  const made = udpPacket(a, b, data, { source: port, destination: 9 });
  made[1] = ecn;
  return made;
}

function queue(): FlowQueue {
  const onDrop = (reason: QueueDrop, bytes: Uint8Array) => dropped.push({ reason, label: labelOf(bytes) });
  return new FlowQueue({ pool: new BufferPool(), now: () => now, onDrop });
}

/** Takes up to `count` packets. @returns their labels. */
function take(from: FlowQueue, count = Number.POSITIVE_INFINITY): number[] {
  const labels: number[] = [];
  while (labels.length < count && from.shift((bytes) => labels.push(labelOf(bytes))));
  return labels;
}

beforeEach(() => {
  now = 0;
  dropped = [];
});

describe("packets that wait by flow", () => {
  it("leave in the order of their flow, each with its bytes and its offload, whatever became of those it was given as", () => {
    const waiting = queue();
    const buffer = Buffer.alloc(200);
    const offload = plainVirtioHeader();
    for (let n = 0; n < 3; n++) {
      packet(1, n, 100 + n).copy(buffer);
      offload.gsoSize = n;
      waiting.push(buffer.subarray(0, 100 + n), n === 1 ? undefined : offload);
    }
    buffer.fill(0xee);
    offload.gsoSize = 99;
    const seen: [Buffer, VirtioHeader | undefined][] = [];
    while (waiting.shift((bytes, what) => seen.push([Buffer.from(bytes), what && { ...what }])));
    expect(seen.map(([bytes]) => bytes)).toEqual([packet(1, 0, 100), packet(1, 1, 101), packet(1, 2, 102)]);
    expect(seen.map(([, what]) => what?.gsoSize)).toEqual([0, undefined, 2]);
    expect([waiting.packets, waiting.bytes]).toEqual([0, 0]);
  });

  it("let a small one of another flow pass a bulk that came long before", () => {
    const waiting = queue();
    for (let n = 0; n < 100; n++) waiting.push(packet(1, n, 1280));
    expect(take(waiting, 2)).toEqual([0, 1]);
    waiting.push(packet(2, 1000));
    expect(take(waiting, 1)).toEqual([1000]);
  });

  it("share by bytes, not by packets", () => {
    const waiting = queue();
    for (let n = 0; n < 400; n++) {
      waiting.push(packet(1, n, 1400));
      waiting.push(packet(2, 1000 + n, 140));
    }
    const left = take(waiting, 220);
    const large = left.filter((label) => label < 1000).length;
    expect(large).toBeGreaterThanOrEqual(17);
    expect(large).toBeLessThanOrEqual(23);
  });

  it("take turns though a flow empties and comes again each time: it does not starve those that wait", () => {
    const waiting = queue();
    for (let n = 0; n < 10; n++) waiting.push(packet(1, n, 1400));
    const left: number[] = [];
    for (let n = 0; n < 30; n++) {
      waiting.push(packet(2, 1000 + n, 1400));
      left.push(...take(waiting, 1));
    }
    expect(left.filter((label) => label < 1000)).toHaveLength(10);
  });

  it("come out as they went in, flow by flow, whatever is pushed and taken: nothing is lost or made", () => {
    const step = fc.record({
      port: fc.nat({ max: 5 }),
      bytes: fc.integer({ min: 32, max: 3000 }),
      takes: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const waiting = queue();
        const left: number[] = [];
        const pushed = steps.map(({ port, bytes, takes }, n) => {
          waiting.push(packet(port, n, bytes));
          left.push(...take(waiting, takes));
          return port;
        });
        left.push(...take(waiting));
        expect([...left].sort((x, y) => x - y)).toEqual(steps.map((_, n) => n));
        for (let port = 0; port <= 5; port++) {
          const ofFlow = left.filter((label) => pushed[label] === port);
          expect(ofFlow).toEqual([...ofFlow].sort((x, y) => x - y));
        }
        expect([waiting.packets, waiting.bytes, waiting.shift(() => {})]).toEqual([0, 0, false]);
      }),
      { numRuns: 300 },
    );
  });

  it("lose the oldest of the fattest flow, over a bound, and no other", () => {
    const waiting = queue();
    waiting.push(packet(2, 9000));
    for (let n = 0; n < MAX_QUEUED_PACKETS + 4; n++) waiting.push(packet(1, n));
    expect(dropped).toEqual([0, 1, 2, 3, 4].map((label) => ({ reason: "queue_full", label })));
    expect(waiting.packets).toBe(MAX_QUEUED_PACKETS);
    expect(take(waiting)).toContain(9000);
  });

  it("are bounded in bytes too", () => {
    const waiting = queue();
    for (let n = 0; n < 100; n++) waiting.push(packet(1, n, 60_000));
    expect(waiting.bytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES);
    expect(waiting.bytes).toBeGreaterThan(MAX_QUEUED_BYTES - 60_000);
    expect(dropped[0]).toEqual({ reason: "queue_full", label: 0 });
  });

  it("are emptied out for another lane, however long they waited", () => {
    const waiting = queue();
    for (let n = 0; n < 20; n++) waiting.push(packet(n % 3, n));
    now = 60_000;
    const labels: number[] = [];
    waiting.drain((bytes) => labels.push(labelOf(bytes)));
    expect(labels.sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect([waiting.packets, dropped.length]).toEqual([0, 0]);
    waiting.push(packet(1, 20));
    expect(take(waiting)).toEqual([20]);
  });
});

describe("a flow that is faster than its lane", () => {
  /** Packets come every millisecond, and leave every second one, while others of another flow come rarely. */
  function run(ecn: number): { marked: number; latency: number[] } {
    const waiting = queue();
    let marked = 0;
    const latency: number[] = [];
    for (now = 0; now < 2000; now++) {
      waiting.push(packet(1, now, 1280, ecn));
      if (now % 50 === 0) waiting.push(packet(2, now));
      const use = (bytes: Uint8Array) => {
        if (bytes.length === 100) latency.push(now - labelOf(bytes));
        else if ((bytes[1]! & 3) === 3) marked += 1;
      };
      if (now % 2 === 0) waiting.shift(use);
    }
    return { marked, latency };
  }

  it("loses packets, more and more, and a sparse flow beside it neither waits nor loses any", () => {
    const { marked, latency } = run(0);
    expect(dropped.length).toBeGreaterThan(20);
    expect(dropped.every(({ reason }) => reason === "codel")).toBe(true);
    expect(marked).toBe(0);
    expect(latency).toHaveLength(40);
    // Two of the bulk's packets at most go before it; the bulk itself waits longer.
    expect(Math.max(...latency)).toBeLessThanOrEqual(4);
  });

  it("is marked instead where it understands that", () => {
    const { marked } = run(2);
    expect(dropped).toEqual([]);
    expect(marked).toBeGreaterThan(20);
  });
});

describe("the hash of a flow", () => {
  it("is one number for a flow, both its fragments and its whole packets by themselves, and differs between flows", () => {
    const hashes = Array.from({ length: 1000 }, (_, port) => flowHash(packet(port, 0), 8));
    expect(new Set(hashes).size).toBeGreaterThan(230);
    expect(flowHash(packet(7, 1, 900), 8)).toBe(flowHash(packet(7, 2), 8));
    expect(flowHash(udpPacket("fd67::1", "fd67::2"), 16)).not.toBe(flowHash(udpPacket("fd67::1", "fd67::3"), 16));
    expect(flowHash(tcpPacket(a, b, { flags: 0 }), 16)).not.toBe(flowHash(tcpPacket(b, a, { flags: 0 }), 16));
    const fragment = (offset: number) =>
      ipv4Packet({
        source: a,
        destination: b,
        protocol: 17,
        payload: Buffer.alloc(64, offset),
        fragmentOffset: offset,
      });
    expect(flowHash(fragment(64), 16)).toBe(flowHash(fragment(128), 16));
  });

  it("is below its bound for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 16 }), (bytes, bits) => {
        const hash = flowHash(bytes, bits);
        expect(hash >= 0 && hash < 2 ** bits && Number.isInteger(hash)).toBe(true);
      }),
    );
  });
});
