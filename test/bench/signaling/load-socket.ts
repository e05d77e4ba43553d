import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const MASK = randomBytes(4);
const HEADER_END = "\r\n\r\n";

/**
 * A WebSocket client that costs next to nothing, so that a benchmark measures the server: frames are masked and
 * encoded beforehand, and what comes in is only counted. Text frames and pongs, nothing else (RFC 6455).
 */
export class LoadSocket {
  /** Called with each text frame's payload; valid during the call only. */
  onText: (payload: Buffer) => void = () => {};
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
  }

  /** @param headers of the request, each ended by CRLF. */
  static open(port: number, headers = ""): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      const load = new LoadSocket(socket);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the server closed the connection")));
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `${headers}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}${HEADER_END}`,
      );
      let head = Buffer.alloc(0);
      const onHead = (chunk: Buffer) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(HEADER_END);
        if (end < 0) return;
        socket.off("data", onHead);
        if (!head.subarray(0, 12).toString().endsWith("101")) return reject(new Error(head.toString()));
        socket.on("data", (data: Buffer) => load.#read(data));
        load.#read(head.subarray(end + HEADER_END.length));
        resolve(load);
      };
      socket.on("data", onHead);
    });
  }

  write(frames: Uint8Array): void {
    this.#socket.write(frames);
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    for (;;) {
      const frame = splitFrame(data);
      if (!frame) break;
      data = data.subarray(frame.length);
      if (frame.opcode === 1) this.onText(frame.payload);
      else if (frame.opcode === 9) this.write(encodeFrame(frame.payload, 10));
    }
    // A copy, so that the rest of a large chunk is not kept for a few bytes of it.
    this.#pending = data.length > 0 ? Buffer.from(data) : data;
  }
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly length: number;
}

function splitFrame(data: Buffer): Frame | undefined {
  if (data.length < 2) return undefined;
  let header = 2;
  let length = data.readUInt8(1) & 0x7f;
  if (length === 126) {
    if (data.length < 4) return undefined;
    length = data.readUInt16BE(2);
    header = 4;
  } else if (length === 127) {
    if (data.length < 10) return undefined;
    length = Number(data.readBigUInt64BE(2));
    header = 10;
  }
  const whole = header + length;
  if (data.length < whole) return undefined;
  return { opcode: data.readUInt8(0) & 0x0f, payload: data.subarray(header, whole), length: whole };
}

/** A client's masked frame, ready to be written. */
export function encodeFrame(payload: Uint8Array, opcode = 1): Buffer {
  const header = payload.length < 126 ? 2 : 4;
  const frame = Buffer.alloc(header + 4 + payload.length);
  frame.writeUInt8(0x80 | opcode, 0);
  frame.writeUInt8(0x80 | (header === 2 ? payload.length : 126), 1);
  if (header === 4) frame.writeUInt16BE(payload.length, 2);
  MASK.copy(frame, header);
  for (let i = 0; i < payload.length; i++) frame[header + 4 + i] = (payload[i] ?? 0) ^ (MASK[i % 4] ?? 0);
  return frame;
}
