/** Messages of the D-Bus specification as bytes: as much of it as it takes to own a name and to answer what is called there. */

/** Codes of header fields. */
const PATH = 1;
const INTERFACE = 2;
const MEMBER = 3;
const ERROR_NAME = 4;
const REPLY_SERIAL = 5;
const DESTINATION = 6;
const SENDER = 7;
const SIGNATURE = 8;

const CALL = 1;
const RETURN = 2;
const ERROR = 3;

export interface BusMessage {
  readonly isCall: boolean;
  readonly serial: number;
  readonly sender: string;
  readonly member: string;
  readonly body: Buffer;
}

export interface BusBody {
  /** Of the types in it. */
  readonly signature: string;
  readonly bytes: Buffer;
}

/** A call of the bus itself. */
export function busCall(serial: number, member: string, body?: BusBody): Buffer {
  const fields = [
    textField(PATH, "o", "/org/freedesktop/DBus"),
    textField(DESTINATION, "s", "org.freedesktop.DBus"),
    textField(MEMBER, "s", member),
    textField(INTERFACE, "s", "org.freedesktop.DBus"),
  ];
  return message(CALL, serial, fields, body);
}

export function answerTo(call: BusMessage, serial: number, body?: BusBody): Buffer {
  return message(RETURN, serial, [numberField(REPLY_SERIAL, call.serial), to(call)], body);
}

export function refusalOf(call: BusMessage, serial: number): Buffer {
  const name = textField(ERROR_NAME, "s", "org.freedesktop.DBus.Error.UnknownMethod");
  return message(ERROR, serial, [name, numberField(REPLY_SERIAL, call.serial), to(call)]);
}

const to = ({ sender }: BusMessage) => textField(DESTINATION, "s", sender);

/** A string, with its length and its NUL. */
export function text(value: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(value) + 1);
  bytes.writeUInt32LE(bytes.length - 5, 0);
  bytes.write(value, 4);
  return bytes;
}

/** The strings that a body begins with, one after the other. */
export function textsIn(body: Buffer): readonly string[] {
  const texts: string[] = [];
  for (let at = 0; at + 4 < body.length; ) {
    const length = body.readUInt32LE(at);
    texts.push(body.toString("utf8", at + 4, at + 4 + length));
    at = aligned(at + 4 + length + 1, 4);
  }
  return texts;
}

/** A variant that is true: its type, and from the next multiple of four on its value. */
export const VARIANT_TRUE: BusBody = { signature: "v", bytes: Buffer.from([1, "b".charCodeAt(0), 0, 0, 1, 0, 0, 0]) };

/** Takes the first message off the bytes; undefined until it is there as a whole. Little endian, as this machine is. */
export function takeMessage(bytes: Buffer): { readonly message: BusMessage; readonly rest: Buffer } | undefined {
  if (bytes.length < 16) return undefined;
  const bodyAt = aligned(16 + bytes.readUInt32LE(12), 8);
  const end = bodyAt + bytes.readUInt32LE(4);
  if (bytes.length < end) return undefined;
  const fields = fieldsIn(bytes.subarray(0, 16 + bytes.readUInt32LE(12)));
  const message = {
    isCall: bytes[1] === CALL,
    serial: bytes.readUInt32LE(8),
    sender: fields.get(SENDER) ?? "",
    member: fields.get(MEMBER) ?? "",
    body: bytes.subarray(bodyAt, end),
  };
  return { message, rest: bytes.subarray(end) };
}

/** Those that are text. */
function fieldsIn(head: Buffer): ReadonlyMap<number, string> {
  const fields = new Map<number, string>();
  for (let at = 16; at + 4 < head.length; at = aligned(at, 8)) {
    const code = head[at] ?? 0;
    const type = String.fromCharCode(head[at + 2] ?? 0);
    if (type === "u") at += 8;
    else if (type === "g") at += 4 + (head[at + 4] ?? 0) + 2;
    else {
      const length = head.readUInt32LE(at + 4);
      fields.set(code, head.toString("utf8", at + 8, at + 8 + length));
      at += 8 + length + 1;
    }
  }
  return fields;
}

function message(type: number, serial: number, fields: readonly Buffer[], body?: BusBody): Buffer {
  const all = body ? [...fields, signatureField(body.signature)] : fields;
  // Each begins at a multiple of eight; so does the body.
  const array = all.reduce((before, next) => Buffer.concat([padded(before, 8), next]), Buffer.alloc(0));
  const head = Buffer.alloc(16);
  head.write("l", 0); // little endian
  head.writeUInt8(type, 1);
  head.writeUInt8(1, 3); // version of the protocol
  head.writeUInt32LE(body?.bytes.length ?? 0, 4);
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(array.length, 12);
  return Buffer.concat([padded(Buffer.concat([head, array]), 8), body?.bytes ?? Buffer.alloc(0)]);
}

function textField(code: number, type: "o" | "s", value: string): Buffer {
  return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), text(value)]);
}

function numberField(code: number, value: number): Buffer {
  const bytes = Buffer.from([code, 1, "u".charCodeAt(0), 0, 0, 0, 0, 0]);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

function signatureField(signature: string): Buffer {
  return Buffer.from([SIGNATURE, 1, "g".charCodeAt(0), 0, signature.length, ...Buffer.from(signature), 0]);
}

/** Filled up with zeros to the next multiple. */
export function padded(bytes: Buffer, multiple: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length, multiple) - bytes.length)]);
}

function aligned(offset: number, multiple: number): number {
  return Math.ceil(offset / multiple) * multiple;
}
