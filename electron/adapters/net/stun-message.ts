import { type Failure, fail, ok, type Result } from "../../../shared/base/result.ts";
import { formatIpv4, formatIpv6 } from "../../../shared/identity/address.ts";

/**
 * The few STUN messages (RFC 8489, compatible with RFC 5389) that asking "what is my address?" takes.
 *
 *    0                   1                   2                   3
 *   |0 0|      message type (14)     |       message length (16)     |
 *   |                     magic cookie 0x2112A442                    |
 *   |                    transaction id (96 bits)                    |
 *   then attributes: type (16), length (16), value padded to 4 bytes
 */
export const STUN_DEFAULT_PORT = 3478;
export const TRANSACTION_ID_BYTES = 12;

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
const MAPPED_ADDRESS = 0x0001;
const ERROR_CODE = 0x0009;
const XOR_MAPPED_ADDRESS = 0x0020;
const FAMILY_IPV4 = 0x01;
const FAMILY_IPV6 = 0x02;

export interface Endpoint {
  /** IPv4 or IPv6 as text (RFC 5952). */
  readonly address: string;
  readonly port: number;
}

export type StunFailure = Failure<"not_stun" | "other_transaction" | "stun_error" | "no_mapped_address">;

/** @param transactionId 12 random bytes: an off-path attacker who cannot guess them cannot answer in the server's place. */
export function bindingRequest(transactionId: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEADER_BYTES);
  const view = new DataView(message.buffer);
  view.setUint16(0, BINDING_REQUEST);
  view.setUint32(4, MAGIC_COOKIE);
  message.set(transactionId, 8);
  return message;
}

/**
 * The address under which the server saw the request. Attributes that we do not know are passed over, even those that
 * RFC 8489 says must be understood: servers of RFC 3489's time still add some of theirs, and we authenticate nothing.
 */
export function parseBindingResponse(message: Uint8Array, transactionId: Uint8Array): Result<Endpoint, StunFailure> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length < HEADER_BYTES || view.getUint32(4) !== MAGIC_COOKIE) return notStun("no STUN header");
  const type = view.getUint16(0);
  if (type !== BINDING_SUCCESS && type !== BINDING_ERROR) return notStun(`message type ${type}`);
  if (view.getUint16(2) !== message.length - HEADER_BYTES) return notStun("a wrong length");
  if (!transactionId.every((byte, i) => message[8 + i] === byte)) {
    return fail("other_transaction", "The answer belongs to another question.");
  }
  const attributes = readAttributes(message);
  if (!attributes) return notStun("an attribute that runs over its end");
  if (type === BINDING_ERROR) return fail("stun_error", errorSentence(attributes.get(ERROR_CODE)));
  const xored = attributes.get(XOR_MAPPED_ADDRESS);
  const plain = attributes.get(MAPPED_ADDRESS);
  const endpoint = xored ? readAddress(xored, message.subarray(4, HEADER_BYTES)) : plain && readAddress(plain);
  return endpoint ? ok(endpoint) : fail("no_mapped_address", "The answer has no address in it.");
}

function notStun(why: string): { readonly ok: false; readonly error: StunFailure } {
  return fail("not_stun", `The answer is not a STUN binding response (${why}).`);
}

/** The first attribute of each type: RFC 8489 says that later ones of the same type are to be ignored. */
function readAttributes(message: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const attributes = new Map<number, Uint8Array>();
  for (let at = HEADER_BYTES; at < message.length; ) {
    if (at + 4 > message.length) return undefined;
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (at + 4 + length > message.length) return undefined;
    if (!attributes.has(type)) attributes.set(type, message.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return attributes;
}

/** @param mask the cookie and the transaction id, with which XOR-MAPPED-ADDRESS hides the address from meddling NATs. */
function readAddress(value: Uint8Array, mask: Uint8Array = new Uint8Array(16)): Endpoint | undefined {
  const [, family] = value;
  const length = family === FAMILY_IPV4 ? 4 : family === FAMILY_IPV6 ? 16 : undefined;
  if (length === undefined || value.length !== 4 + length) return undefined;
  const clear = value.subarray(2).map((byte, i) => byte ^ (i < 2 ? (mask[i] ?? 0) : (mask[i - 2] ?? 0)));
  const view = new DataView(clear.buffer, clear.byteOffset, clear.byteLength);
  const port = view.getUint16(0);
  if (length === 4) return { address: formatIpv4(view.getUint32(2)), port };
  return { address: formatIpv6(Array.from({ length: 8 }, (_, i) => view.getUint16(2 + 2 * i))), port };
}

function errorSentence(value: Uint8Array | undefined): string {
  const code = value && value.length >= 4 ? ((value[2] ?? 0) & 7) * 100 + (value[3] ?? 0) : undefined;
  return code === undefined ? "The server refused." : `The server refused (STUN error ${code}).`;
}
