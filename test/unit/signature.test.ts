import { describe, expect, it } from "vitest";
import { base64, hex } from "../../shared/base/bytes.ts";
import { keyPairFrom, signerOf, verifySignature } from "../../shared/identity/keys.ts";
import { signFrame, verifyMessage } from "../../shared/protocols/govpn/signature.ts";

// RFC 8032, section 7.1, test 1.
const pair = keyPairFrom(hex.decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
const golden = {
  type: "CreateRoom",
  room_name: "My Room",
  password: "1234",
  public_key: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  message_id: "m1",
};
const blanked = "jnEtWSjGRQYiVZcMvYelPKddQSBP3feC3bu+znPxq/Ekk7S4cRNHpjbELAmvXA+dhDbypAL5tNnsRSv2R5vCBQ==";
const goForm = "v3DcH5ROO1S81bdIF55uuRE3Z5F0PrZgKquv8TLMhW8tvo/VYczPTAgaT01XCUAGGgSHs1XBBSybvzJl8OljBw==";
const accepts = (received: Record<string, unknown>, signature: string) =>
  verifyMessage({ ...received, signature }, { public_key: pair.publicKey, signature }, verifySignature);

describe("the signature of a client message", () => {
  it("is the golden frame's for the RFC 8032 test-1 key", async () => {
    expect(pair.publicKey).toBe(golden.public_key);
    const frame = await signFrame({ type: "CreateRoom", room_name: "My Room", password: "1234" }, "m1", signerOf(pair));
    expect(JSON.parse(frame)).toEqual({ ...golden, signature: blanked });
    expect(frame.endsWith(`,"message_id":"m1","signature":"${blanked}"}`)).toBe(true);
  });

  it("is accepted over the received key order with signature blanked", () => {
    expect(accepts(golden, blanked)).toBe(true);
  });

  it("is accepted in Go's struct order without signature, whatever order the fields came in", () => {
    const { type, message_id, ...rest } = golden;
    expect(accepts({ message_id, ...rest, type }, goForm)).toBe(true);
  });

  it("is refused when any field, the order, or the signature differs", () => {
    expect(accepts({ ...golden, password: "1235" }, blanked)).toBe(false);
    const { message_id, ...rest } = golden;
    expect(accepts({ message_id, ...rest }, blanked)).toBe(false);
    expect(accepts(golden, base64.encode(new Uint8Array(64)))).toBe(false);
    expect(accepts(golden, "not base64")).toBe(false);
    expect(accepts(golden, "")).toBe(false);
  });

  it("is accepted in Go's form of HTML characters and line separators", async () => {
    const goText = String.raw`{"type":"Rename","room_id":"r","room_name":"a\u003cb\u003e\u0026\u2028\\b","public_key":"${golden.public_key}"}`;
    const signature = base64.encode(await signerOf(pair).sign(new TextEncoder().encode(goText)));
    const received = { room_name: "a<b>&\u2028\\b", type: "Rename", room_id: "r", public_key: golden.public_key };
    expect(accepts(received, signature)).toBe(true);
  });

  describe("over the frame's own text", () => {
    const pythonText = (signature: string) =>
      `{"type": "Rename", "room_id": "r", "room_name": "caf\\u00e9", "public_key": "${golden.public_key}", "signature": "${signature}"}`;
    const signText = async (text: string) => base64.encode(await signerOf(pair).sign(new TextEncoder().encode(text)));
    const acceptsText = (text: string) => {
      const received = JSON.parse(text) as Record<string, unknown>;
      const signature = String(received.signature);
      return verifyMessage(received, { public_key: pair.publicKey, signature }, verifySignature, text);
    };

    it("is accepted with the spaces and escapes of another language's JSON writer", async () => {
      const text = pythonText(await signText(pythonText("")));
      expect(acceptsText(text)).toBe(true);
      expect(acceptsText(text.replace("caf", "Caf"))).toBe(false);
    });

    it("is accepted where the writer escapes base64's slash or plus", async () => {
      for (const [char, escaped] of [
        ["/", "\\/"],
        ["+", "\\u002B"],
      ] as const) {
        let signature = "";
        for (let i = 0; !signature.includes(char); i++) signature = await signText(`{"n": ${i}, "signature":""}`);
        const n = await indexOfSignature(signature);
        expect(acceptsText(`{"n": ${n}, "signature":"${signature.replaceAll(char, escaped)}"}`)).toBe(true);
      }
      async function indexOfSignature(signature: string): Promise<number> {
        for (let i = 0; ; i++) if ((await signText(`{"n": ${i}, "signature":""}`)) === signature) return i;
      }
    });

    it("is refused when the value stands in the text a second time, where the signer did not put it", async () => {
      const signature = await signText(`{"a":{"signature":""}, "signature":""}`);
      expect(acceptsText(`{"a":{"signature":"${signature}"}, "signature":"${signature}"}`)).toBe(false);
      expect(acceptsText(`{"a":{"signature":"${signature}"}, "signature":""}`)).toBe(false);
    });
  });
});
