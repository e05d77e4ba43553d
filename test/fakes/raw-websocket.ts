import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawFrame {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** More of the message follows. */
  readonly isUnfinished?: boolean;
  /** RSV1: compressed, as permessage-deflate has it. */
  readonly isCompressed?: boolean;
  readonly isUnmasked?: boolean;
  /** What the header says, where that is a lie. */
  readonly claimedLength?: number;
}

/** The bytes of a frame as a client sends it, right or wrong (RFC 6455, section 5.2). */
export function rawFrame(frame: RawFrame): Buffer {
  const payload = Buffer.from(frame.payload ?? "");
  const length = frame.claimedLength ?? payload.length;
  const first = (frame.isUnfinished ? 0 : 0x80) | (frame.isCompressed ? 0x40 : 0) | frame.opcode;
  const masked = frame.isUnmasked ? 0 : 0x80;
  const header = length < 126 ? Buffer.of(first, masked | length) : longHeader(first, masked, length);
  // A mask of zeros: the payload travels as it is.
  return Buffer.concat([header, frame.isUnmasked ? Buffer.alloc(0) : Buffer.alloc(4), payload]);
}

function longHeader(first: number, masked: number, length: number): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt8(first, 0);
  header.writeUInt8(masked | 127, 1);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** A TCP connection to a server, for saying what no WebSocket library lets one say. */
export class RawClient {
  /** The response's head, once upgraded. */
  head = "";
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  readonly #isClosed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      this.#received = Buffer.concat([this.#received, data]);
    });
    this.#isClosed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** @param headers each ended by CRLF. */
  static async upgraded(port: number, headers = ""): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n${headers}\r\n`,
    );
    while (client.#received.indexOf("\r\n\r\n") < 0) await once(client.#socket, "data");
    const end = client.#received.indexOf("\r\n\r\n") + 4;
    client.head = client.#received.subarray(0, end).toString();
    client.#received = client.#received.subarray(end);
    return client;
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  send(...frames: readonly RawFrame[]): void {
    this.write(Buffer.concat(frames.map(rawFrame)));
  }

  /** Stops reading: what is sent here piles up at the sender. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Resolves when the server has hung up. @returns all that it said since the upgrade. */
  async closed(): Promise<Buffer> {
    await this.#isClosed;
    return this.#received;
  }

  /** Resolves when the server has hung up. @returns its frames. */
  async frames(): Promise<{ readonly opcode: number; readonly payload: Buffer }[]> {
    return framesOf(await this.closed());
  }

  /** The code of the closing frame; undefined when the server just cut the line. */
  async closeCode(): Promise<number | undefined> {
    const close = (await this.frames()).find(({ opcode }) => opcode === 8);
    return close?.payload.readUInt16BE(0);
  }
}

function framesOf(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames: { opcode: number; payload: Buffer }[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes.readUInt8(at + 1) & 0x7f;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const start = at + (short === 126 ? 4 : 2);
    frames.push({ opcode: bytes.readUInt8(at) & 0x0f, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}
