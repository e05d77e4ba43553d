import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainVirtioHeader } from "../../../shared/packet/virtio.ts";
import {
  OFFLOAD_FRAME_HEADER_BYTES,
  readOffloadFrame,
  writeOffloadFrame,
} from "../../../shared/tunnel/offload-frame.ts";

const offload = {
  flags: 1,
  gsoType: 0x81,
  headerBytes: 0x0102,
  gsoSize: 0x0304,
  checksumStart: 0x0506,
  checksumOffset: 0x0708,
};

describe("a packet with an offload in a message", () => {
  it("is as the protocol's document has it, byte by byte", () => {
    const into = new Uint8Array(20);
    const bytes = writeOffloadFrame(into, Uint8Array.of(0x45, 0xaa), offload);
    expect(Buffer.from(into.subarray(0, bytes)).toString("hex")).toBe("0101810201040306050807" + "45aa");
  });

  it("is what was written when it is read", () => {
    const into = new Uint8Array(OFFLOAD_FRAME_HEADER_BYTES + 3);
    writeOffloadFrame(into, Uint8Array.of(0x60, 1, 2), offload);
    const read = plainVirtioHeader();
    expect(readOffloadFrame(into, read)).toEqual(Uint8Array.of(0x60, 1, 2));
    expect(read).toEqual(offload);
  });

  it("is not taken for one when it is a packet, or another message, or cut short", () => {
    const isNone = (bytes: Uint8Array) => expect(readOffloadFrame(bytes, plainVirtioHeader())).toBeUndefined();
    for (const first of [0x00, 0x02, 0x11, 0x45, 0x60]) isNone(new Uint8Array(40).fill(first, 0, 1));
    for (let bytes = 0; bytes < OFFLOAD_FRAME_HEADER_BYTES; bytes++) isNone(new Uint8Array(bytes).fill(1));
  });

  it("is read without a throw from any bytes", () => {
    const read = plainVirtioHeader();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const packet = readOffloadFrame(bytes, read);
        expect(packet?.length ?? 0).toBe(packet ? bytes.length - OFFLOAD_FRAME_HEADER_BYTES : 0);
      }),
    );
  });
});
