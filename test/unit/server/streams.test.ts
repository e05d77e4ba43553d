import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { TrustedProxies } from "../../../electron/server/client-address.ts";
import { Streams } from "../../../electron/server/streams.ts";

class FakeStream extends EventEmitter {
  readonly remoteAddress: string | undefined;
  isDestroyed = false;

  constructor(remoteAddress?: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.emit("close");
  }
}

function start(): Streams {
  const proxies = TrustedProxies.parse(["10.0.0.0/8"]);
  if (!proxies.ok) throw new Error(proxies.error.message);
  return new Streams(3, proxies.value);
}

const add = (streams: Streams, address: string, count: number) =>
  Array.from({ length: count }, () => streams.add(new FakeStream(address))).filter(Boolean).length;

describe("TCP connections", () => {
  it("of one address are so many, whatever becomes of them; one that closes makes room", () => {
    const streams = start();
    const first = new FakeStream("192.0.2.1");
    expect(streams.add(first)).toBe(true);
    expect(add(streams, "192.0.2.1", 10)).toBe(2);
    expect(add(streams, "192.0.2.2", 10)).toBe(3);
    first.destroy();
    expect(add(streams, "192.0.2.1", 10)).toBe(1);
    expect(streams.size).toBe(6);
  });

  it("beyond that are cut off at once", () => {
    const streams = start();
    add(streams, "192.0.2.1", 3);
    const late = new FakeStream("::ffff:192.0.2.1");
    expect(streams.add(late)).toBe(false);
    expect(late.isDestroyed).toBe(true);
  });

  it("of one household with IPv6 are counted together", () => {
    const streams = start();
    const added = ["::1", "::2", "::3", "::4"].map((end) => streams.add(new FakeStream(`2001:db8:1:2${end}`)));
    expect(added).toEqual([true, true, true, false]);
  });

  it("of this machine and of trusted proxies are not counted", () => {
    const streams = start();
    for (const address of ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"])
      expect(add(streams, address, 10)).toBe(10);
  });

  it("are all cut off at the end", () => {
    const streams = start();
    const open = [new FakeStream("192.0.2.1"), new FakeStream()];
    for (const stream of open) streams.add(stream);
    streams.destroyAll();
    expect(open.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true]);
    expect(streams.size).toBe(0);
  });
});
