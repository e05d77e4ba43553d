import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { type ClientOptions, WebSocket } from "ws";

/** A message as it travels. Nothing of ours: what a field may hold is for the test to say. */
export interface Message {
  readonly type?: unknown;
  readonly [field: string]: unknown;
}

/** An Ed25519 key pair as the reference tells a client to make one. */
export class Identity {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const pair = generateKeyPairSync("ed25519");
    this.#privateKey = pair.privateKey;
    this.publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
  }

  /** "Signature Generation", steps 1 to 6. */
  sign(message: Message): Message {
    const copy = { ...message, public_key: message.public_key ?? this.publicKey, signature: "" };
    const signature = sign(null, Buffer.from(JSON.stringify(copy)), this.#privateKey).toString("base64");
    return { ...copy, signature };
  }

  signText(text: string): string {
    return sign(null, Buffer.from(text), this.#privateKey).toString("base64");
  }
}

interface Waiter {
  readonly matches: (message: Message) => boolean;
  readonly resolve: (message: Message) => void;
}

/**
 * A client written from the reference document alone: it imports nothing of the product, so that it cannot share a
 * misreading with the server it tests.
 */
export class DocumentClient {
  readonly identity: Identity;
  /** Everything received and not yet taken, in order. */
  readonly inbox: Message[] = [];
  /** The closing code, once the socket is closed. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  #waiters: Waiter[] = [];

  private constructor(socket: WebSocket, identity: Identity) {
    this.socket = socket;
    this.identity = identity;
    this.closed = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
    socket.on("message", (data) => this.#receive(JSON.parse(String(data)) as Message));
  }

  static async connect(url: string, identity = new Identity(), options: ClientOptions = {}): Promise<DocumentClient> {
    const socket = new WebSocket(url, options);
    const client = new DocumentClient(socket, identity);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    socket.on("error", () => {});
    return client;
  }

  get publicKey(): string {
    return this.identity.publicKey;
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  /** Signs and sends; @returns what was sent. */
  send(message: Message): string {
    const text = JSON.stringify(this.identity.sign(message));
    this.sendText(text);
    return text;
  }

  /** Sends a signed message with a fresh `message_id` and gives the response to it. */
  request(message: Message): Promise<Message> {
    const messageId = randomUUID();
    const response = this.next((reply) => reply.message_id === messageId);
    this.send({ ...message, message_id: messageId });
    return response;
  }

  /** The earliest message not yet taken that matches: a type, or a test of one's own. */
  next(matches: string | ((message: Message) => boolean)): Promise<Message> {
    const test = typeof matches === "string" ? (message: Message) => message.type === matches : matches;
    const index = this.inbox.findIndex(test);
    if (index >= 0) return Promise.resolve(this.inbox.splice(index, 1)[0] as Message);
    return new Promise((resolve) => this.#waiters.push({ matches: test, resolve }));
  }

  /** Everything the server had to say up to now: it answers in order, so what comes after this came after that. */
  async drain(): Promise<Message[]> {
    // A request that is always answered, changes nothing, and is no offence however often it is made.
    await this.request({ type: "LeaveRoom", room_id: "nowhere" });
    return this.inbox.splice(0);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  async createRoom(fields: Message = {}): Promise<string> {
    const reply = await this.request({ type: "CreateRoom", room_name: "Room", password: "1234", ...fields });
    if (reply.type !== "RoomCreated") throw new Error(`CreateRoom: ${JSON.stringify(reply)}`);
    return String(reply.room_id);
  }

  join(roomId: string, fields: Message = {}): Promise<Message> {
    return this.request({ type: "JoinRoom", room_id: roomId, password: "1234", ...fields });
  }

  #receive(message: Message): void {
    const index = this.#waiters.findIndex((waiter) => waiter.matches(message));
    const [waiter] = index >= 0 ? this.#waiters.splice(index, 1) : [];
    if (waiter) waiter.resolve(message);
    else this.inbox.push(message);
  }
}
