import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { encodeFrame, LoadSocket } from "../signaling/load-socket.ts";

/** What the server said: the reply's type, or the error's sentence. */
export interface Answer {
  readonly kind: string;
  readonly roomId: string;
}

/** An identity that signs as the reference tells a client to. */
export class Key {
  readonly #publicKey: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const pair = generateKeyPairSync("ed25519");
    this.#privateKey = pair.privateKey;
    this.#publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
  }

  sign(message: object): Buffer {
    const copy = { ...message, public_key: this.#publicKey, signature: "" };
    const signature = sign(null, Buffer.from(JSON.stringify(copy)), this.#privateKey).toString("base64");
    return Buffer.from(JSON.stringify({ ...copy, signature }));
  }
}

/** One connection to the server, from an address that a trusted proxy vouches for. */
export class Caller {
  readonly #socket: LoadSocket;

  private constructor(socket: LoadSocket) {
    this.#socket = socket;
  }

  static async open(port: number, address: string): Promise<Caller> {
    return new Caller(await LoadSocket.open(port, `X-Forwarded-For: ${address}\r\n`));
  }

  /** Each message has an id of its own, so none is taken for a replay. */
  ask(key: Key, message: object): Promise<Answer> {
    const id = randomUUID();
    return new Promise((resolve) => {
      this.#socket.onText = (payload) => {
        const { type, data, room_id, message_id } = JSON.parse(payload.toString()) as Record<string, unknown>;
        if (message_id !== id) return;
        resolve({ kind: String(type === "Error" ? data : type), roomId: String(room_id) });
      };
      this.#socket.write(encodeFrame(key.sign({ ...message, message_id: id })));
    });
  }

  end(): void {
    this.#socket.end();
  }
}
