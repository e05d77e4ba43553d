import { base64, base64urlnopad, hex } from "@scure/base";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const utf8 = {
  encode: (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text),
  /** @throws TypeError when the bytes are not valid UTF-8. */
  decode: (bytes: Uint8Array): string => decoder.decode(bytes),
};

/** Standard base64 with padding, and base64url without (RFC 4648 sections 4 and 5). `decode` throws on anything else. */
export { base64, base64urlnopad as base64url, hex };

/** `decode` without the throw: undefined when the text is not standard padded base64. */
export function base64Bytes(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
