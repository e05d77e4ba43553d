import { expect, it } from "vitest";
import { plainVirtioHeader } from "../../shared/packet/virtio.ts";
import type { Lane } from "../../shared/tunnel/ports.ts";

export interface LanePair {
  readonly a: Lane;
  readonly b: Lane;
  /** Ends end A, as a lost connection does. */
  closeA(): void;
}

/** The sentences every Lane must make true. It may lose packets and change their order; on an idle machine it does neither. */
export function laneContract(connect: () => Promise<LanePair>): void {
  const numbered = (n: number, bytes: number) => {
    const packet = Buffer.alloc(bytes, n);
    packet.writeUInt32BE(n);
    return packet;
  };
  /** Resolves with a copy of each packet, in order of arrival, when there are `count`. */
  const arrivals = (lane: Lane, count: number) =>
    new Promise<Buffer[]>((resolve) => {
      const seen: Buffer[] = [];
      lane.onPacket = (packet) => {
        seen.push(Buffer.from(packet));
        if (seen.length === count) resolve(seen);
      };
    });

  it("carries packets whole, both ways, from the shortest to the longest it takes", async () => {
    const { a, b } = await connect();
    expect(a.maxPacketBytes).toBeGreaterThanOrEqual(1280);
    const sizes = [20, 1280, a.maxPacketBytes];
    const [atB, atA] = [arrivals(b, sizes.length), arrivals(a, sizes.length)];
    for (const bytes of sizes) {
      a.send(numbered(1, bytes));
      b.send(numbered(2, bytes));
    }
    const bySize = (packets: Buffer[]) => packets.sort((x, y) => x.length - y.length);
    expect(bySize(await atB)).toEqual(sizes.map((bytes) => numbered(1, bytes)));
    expect(bySize(await atA)).toEqual(sizes.map((bytes) => numbered(2, bytes)));
  });

  it("carries an offload with its packet where it takes that, and leaves the caller the object", async () => {
    const { a, b } = await connect();
    if (a.takes === "complete") return;
    const partial = { flags: 1, gsoType: 0, headerBytes: 40, gsoSize: 0, checksumStart: 20, checksumOffset: 16 };
    const whole = { ...partial, gsoType: 1, gsoSize: 500 };
    const sent = a.takes === "super" ? [partial, undefined, whole] : [partial, undefined];
    const seen: unknown[] = [];
    const atB = new Promise<void>((resolve) => {
      b.onPacket = (packet, offload) => {
        seen.push([Buffer.from(packet), offload && { ...offload }]);
        if (seen.length === sent.length) resolve();
      };
    });
    const reused = plainVirtioHeader();
    for (const [n, offload] of sent.entries()) {
      a.send(numbered(0x4500_0000 + n, 1200), offload && Object.assign(reused, offload));
      Object.assign(reused, plainVirtioHeader());
    }
    await atB;
    expect(seen).toEqual(sent.map((offload, n) => [numbered(0x4500_0000 + n, 1200), offload]));
  });

  it("leaves the caller its buffer: what is written there after send returns does not travel", async () => {
    const { a, b } = await connect();
    const atB = arrivals(b, 10);
    const buffer = Buffer.alloc(100);
    for (let n = 0; n < 10; n++) {
      buffer.fill(n);
      buffer[0] = 0x45; // a packet, whatever else is in it
      a.send(buffer);
      buffer.fill(0xff);
    }
    expect((await atB).map((packet) => packet[99]).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("says when it has had enough, and when it is writable again, and what it took in between arrives", async () => {
    const { a, b } = await connect();
    const writable = new Promise<void>((resolve) => {
      a.onWritable = resolve;
    });
    let taken = 0;
    let received = 0;
    b.onPacket = () => {
      received += 1;
    };
    while (a.send(numbered(taken++, 1280))) expect(taken).toBeLessThan(100_000);
    await writable;
    const last = new Promise<void>((resolve) => {
      b.onPacket = () => {
        received += 1;
        if (received === taken + 1) resolve();
      };
      if (received === taken + 1) resolve();
    });
    a.send(numbered(taken, 20));
    await last;
  });

  it("loses a packet over its size, and carries the next", async () => {
    const { a, b } = await connect();
    const atB = arrivals(b, 1);
    a.send(Buffer.alloc(a.maxPacketBytes + 1));
    a.send(numbered(7, 40));
    expect(await atB).toEqual([numbered(7, 40)]);
  });

  it("loses what is sent after its end, without a throw, and wants no more", async () => {
    const { a, b, closeA } = await connect();
    b.onPacket = () => expect.unreachable("a closed lane carried a packet");
    closeA();
    expect(a.send(numbered(1, 40))).toBe(false);
    expect(a.send(numbered(2, 40))).toBe(false);
  });
}
