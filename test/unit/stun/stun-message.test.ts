import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindingRequest, parseBindingResponse } from "../../../electron/adapters/net/stun-message.ts";
import { stunMessage, stunSuccess } from "../../fakes/stun-server.ts";

const id = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const request = Buffer.from(bindingRequest(id));

describe("a binding request", () => {
  it("is the 20 bytes that RFC 8489 draws", () => {
    expect(request.toString("hex")).toBe("000100002112a4420102030405060708090a0b0c");
  });
});

describe("a binding response", () => {
  /** RFC 5769 sections 2.2 and 2.3: test vectors with SOFTWARE, MESSAGE-INTEGRITY and FINGERPRINT around the address. */
  const rfcId = Buffer.from("b7e7a701bc34d686fa87dfae", "hex");
  it("of RFC 5769's IPv4 vector is understood", () => {
    const vector = Buffer.from(
      "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643" +
        "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
      "hex",
    );
    expect(parseBindingResponse(vector, rfcId)).toEqual({ ok: true, value: { address: "192.0.2.1", port: 32853 } });
  });

  it("of RFC 5769's IPv6 vector is understood", () => {
    const vector = Buffer.from(
      "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179" +
        "bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c",
      "hex",
    );
    expect(parseBindingResponse(vector, rfcId)).toEqual({
      ok: true,
      value: { address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853 },
    });
  });

  it("gives back any address and port that a server saw", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        const parsed = parseBindingResponse(stunSuccess(request, address, port), id);
        expect(parsed).toEqual({ ok: true, value: { address, port } });
      }),
    );
  });

  it("may carry the address as RFC 3489 servers did, and what only they know", () => {
    const mapped = Buffer.from([0, 1, 0x1f, 0x90, 192, 0, 2, 7]);
    const old = stunMessage(request, 0x0101, [
      [0x0004, mapped],
      [0x0001, mapped],
    ]);
    expect(parseBindingResponse(old, id)).toEqual({ ok: true, value: { address: "192.0.2.7", port: 8080 } });
  });

  it("to another transaction is not an answer", () => {
    const other = Buffer.from(bindingRequest(id.map((byte) => byte + 1)));
    expect(parseBindingResponse(stunSuccess(other, "192.0.2.1", 1), id)).toMatchObject({
      error: { code: "other_transaction" },
    });
  });

  it("that refuses says with which code", () => {
    const refusal = stunMessage(request, 0x0111, [[0x0009, Buffer.from([0, 0, 4, 1])]]);
    expect(parseBindingResponse(refusal, id)).toMatchObject({
      error: { code: "stun_error", message: "The server refused (STUN error 401)." },
    });
  });

  it("without an address, or with one of an unknown family or a wrong length, gives none", () => {
    for (const value of [Buffer.alloc(0), Buffer.from([0, 3, 0, 1, 1, 2, 3, 4]), Buffer.from([0, 1, 0, 1, 1, 2, 3])]) {
      const message = stunMessage(request, 0x0101, [[0x0020, value]]);
      expect(parseBindingResponse(message, id)).toMatchObject({ error: { code: "no_mapped_address" } });
    }
    expect(parseBindingResponse(stunMessage(request, 0x0101, []), id)).toMatchObject({
      error: { code: "no_mapped_address" },
    });
  });

  it("is never believed when it is cut short, and never throws whatever comes", () => {
    const whole = stunSuccess(request, "192.0.2.1", 1);
    for (let length = 0; length < whole.length; length++) {
      expect(parseBindingResponse(whole.subarray(0, length), id)).toMatchObject({ error: { code: "not_stun" } });
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
        const body = stunMessage(request, 0x0101, []);
        body.writeUInt16BE(tail.length, 2);
        expect(() => parseBindingResponse(Buffer.concat([body, tail]), id)).not.toThrow();
        expect(parseBindingResponse(tail, id).ok).toBe(false);
      }),
    );
  });
});
