import { expect, it } from "vitest";
import { parseIpv4Address, parseIpv6Address } from "../../shared/packet/address.ts";
import { completeChecksum } from "../../shared/packet/partial.ts";
import { PROTOCOL } from "../../shared/packet/protocol.ts";
import type { TunDevice } from "../../shared/tunnel/ports.ts";
import { hasValidChecksums, udpPacket } from "../fakes/packets.ts";
import { type IpFields, packetBytes, virtioFields } from "../fakes/reference-packets.ts";
import { writePacket } from "../fakes/tun.ts";

/** A device with a system behind it whose programs the test can be. */
export interface TunBench {
  readonly device: TunDevice;
  readonly ipv4: string;
  readonly ipv6: string;
  /** An address that the system reaches through the device. */
  readonly peerIpv4: string;
  readonly peerIpv6: string;
  /** As a program of this machine: sends UDP data to a peer's port 2000. */
  send(destination: string, data: Uint8Array): Promise<void>;
  /** As a program that listens on UDP port 2000: the data of what arrives, from now on. */
  receive(count: number): Promise<Buffer[]>;
  /** Takes the interface away, as an administrator could. */
  remove(): Promise<void>;
}

/** Datagrams of 1200 bytes to port 2000 in one super-packet, and its virtio header. */
function datagrams(source: string, destination: string, payloadBytes: number) {
  const transport = { protocol: "udp", sourcePort: 2000, destinationPort: 2000 } as const;
  const fields = { ip: ipFields(source, destination), transport, payload: Buffer.alloc(payloadBytes, 5) };
  return { packet: packetBytes(fields, "partial"), offload: virtioFields(fields, 1200) };
}

function ipFields(source: string, destination: string): IpFields {
  if (source.includes(":")) {
    const addresses = { source: parseIpv6Address(source)!, destination: parseIpv6Address(destination)! };
    return { version: 6, ...addresses, trafficClass: 0, flowLabel: 0, hopLimit: 64 };
  }
  const bytes = (address: string) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(parseIpv4Address(address)!);
    return four;
  };
  const addresses = { source: bytes(source), destination: bytes(destination) };
  return { version: 4, ...addresses, typeOfService: 0, timeToLive: 64, identification: 1, dontFragment: true };
}

/** The sentences every TunDevice must make true. The bench is closed by the caller after each. */
export function tunContract(open: () => Promise<TunBench>): void {
  const ignore = () => {};
  const numbered = (n: number) => Buffer.from(`packet ${n}`);
  /** Copies of UDP packets among what the system sends; it also has words of its own, such as multicast reports. */
  const deliveries = (device: TunDevice, count: number, onLost: () => void = ignore) =>
    new Promise<Buffer[]>((resolve) => {
      const seen: Buffer[] = [];
      device.start((packet) => {
        const isUdp = packet[0]! >> 4 === 4 ? packet[9] === 17 : packet[6] === 17;
        if (isUdp) seen.push(Buffer.from(packet));
        if (seen.length === count) resolve(seen);
      }, onLost);
    });

  it("delivers what the system sends: whole packets, in order, by IPv4 and IPv6", async () => {
    const bench = await open();
    const seen = deliveries(bench.device, 200);
    for (let n = 0; n < 100; n++) {
      await bench.send(bench.peerIpv4, numbered(n));
      await bench.send(bench.peerIpv6, numbered(n));
    }
    const packets = await seen;
    const v4 = packets.filter((packet) => packet[0]! >> 4 === 4);
    const v6 = packets.filter((packet) => packet[0]! >> 4 === 6);
    expect(v4.map((packet) => packet.subarray(28))).toEqual(Array.from({ length: 100 }, (_, n) => numbered(n)));
    expect(v6.map((packet) => packet.subarray(48))).toEqual(Array.from({ length: 100 }, (_, n) => numbered(n)));
  });

  it("delivers a burst longer than it reads at a time", async () => {
    const bench = await open();
    const seen = deliveries(bench.device, 400);
    await Promise.all(Array.from({ length: 400 }, (_, n) => bench.send(bench.peerIpv4, numbered(n))));
    expect(await seen).toHaveLength(400);
  });

  it("hands what is written to the system", async () => {
    const bench = await open();
    bench.device.start(ignore, ignore);
    const received = bench.receive(2);
    expect(writePacket(bench.device, udpPacket(bench.peerIpv4, bench.ipv4, Buffer.from("four")))).toBe(true);
    expect(writePacket(bench.device, udpPacket(bench.peerIpv6, bench.ipv6, Buffer.from("six")))).toBe(true);
    expect((await received).map(String).sort()).toEqual(["four", "six"]);
  });

  it("delivers packets whose checksums are right once what their offload asks for is done", async () => {
    const bench = await open();
    const seen = new Promise<boolean[]>((resolve) => {
      const valid: boolean[] = [];
      bench.device.start((packet, offload) => {
        if (packet[packet[0]! >> 4 === 4 ? 9 : 6] !== PROTOCOL.udp) return;
        expect(offload === undefined || bench.device.offloads.checksum).toBe(true);
        if (offload) expect(completeChecksum(packet, offload.checksumStart, offload.checksumOffset)).toBe(true);
        if (valid.push(hasValidChecksums(packet)) === 20) resolve(valid);
      }, ignore);
    });
    for (let n = 0; n < 10; n++) {
      await bench.send(bench.peerIpv4, numbered(n));
      await bench.send(bench.peerIpv6, numbered(n));
    }
    expect(await seen).not.toContain(false);
  });

  it("takes a partial checksum, and a super-packet, where it says so", async () => {
    const bench = await open();
    bench.device.start(ignore, ignore);
    const { checksum, udp } = bench.device.offloads;
    for (const [from, to] of [
      [bench.peerIpv4, bench.ipv4],
      [bench.peerIpv6, bench.ipv6],
    ] as const) {
      const { packet, offload } = datagrams(from, to, 3000);
      const single = datagrams(from, to, 100);
      const received = bench.receive((checksum ? 1 : 0) + (udp ? 3 : 0));
      if (checksum) {
        expect(writePacket(bench.device, single.packet, { ...single.offload, gsoType: 0, gsoSize: 0 })).toBe(true);
      }
      if (udp) expect(writePacket(bench.device, packet, offload)).toBe(true);
      if (!checksum) return;
      const lengths = (await received).map(({ length }) => length);
      expect(lengths).toEqual(udp ? [100, 1200, 1200, 600] : [100]);
    }
  });

  it("carries packets up to its MTU", async () => {
    const bench = await open();
    const { mtu } = bench.device;
    const seen = deliveries(bench.device, 1);
    await bench.send(bench.peerIpv4, Buffer.alloc(mtu - 28, 1));
    expect((await seen)[0]).toHaveLength(mtu);
    const received = bench.receive(1);
    writePacket(bench.device, udpPacket(bench.peerIpv4, bench.ipv4, Buffer.alloc(mtu - 28, 2)));
    expect((await received)[0]).toEqual(Buffer.alloc(mtu - 28, 2));
  });

  it("refuses what is no IP packet", async () => {
    const bench = await open();
    bench.device.start(ignore, ignore);
    expect(writePacket(bench.device, Buffer.alloc(40, 0x10))).toBe(false);
    expect(writePacket(bench.device, new Uint8Array())).toBe(false);
  });

  it("starts once", async () => {
    const { device } = await open();
    device.start(ignore, ignore);
    expect(() => device.start(ignore, ignore)).toThrow(/starts once/);
    await device.close();
    expect(() => device.start(ignore, ignore)).toThrow(/starts once/);
  });

  it("delivers nothing and takes nothing once it is closed, which may be done twice and is no loss", async () => {
    const bench = await open();
    let delivered = 0;
    bench.device.start(
      () => {
        delivered += 1;
      },
      () => expect.unreachable("closing is not losing"),
    );
    await bench.device.close();
    const before = delivered;
    await bench.send(bench.peerIpv4, numbered(1)).catch(ignore); // the system may have no route any more
    expect(writePacket(bench.device, udpPacket(bench.peerIpv4, bench.ipv4))).toBe(false);
    await bench.device.close();
    expect(delivered).toBe(before);
  });

  it("can be closed from within a delivery", async () => {
    const bench = await open();
    const delivered = new Promise<void>((resolve) => {
      bench.device.start(() => {
        void bench.device.close();
        resolve();
      }, ignore);
    });
    await bench.send(bench.peerIpv4, numbered(1));
    await delivered;
    expect(writePacket(bench.device, udpPacket(bench.peerIpv4, bench.ipv4))).toBe(false);
  });

  it("says once that it is lost when the interface is taken away", async () => {
    const bench = await open();
    let losses = 0;
    const lost = new Promise<void>((resolve) => {
      bench.device.start(ignore, () => {
        losses += 1;
        resolve();
      });
    });
    await bench.remove();
    await lost;
    expect(writePacket(bench.device, udpPacket(bench.peerIpv4, bench.ipv4))).toBe(false);
    await bench.device.close();
    expect(losses).toBe(1);
  });
}
