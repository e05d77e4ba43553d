import { createPublicKey, type KeyObject, randomBytes, verify } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/**
 * A GoVPN signaling server written from "GoVPN WebSocket Server API Documentation" alone: it shares no code with the
 * product, accepts signatures in the documented way only, and sends no field that the document does not list. A
 * client that works here needs nothing of our own server's extras.
 *
 * Where the document cannot be followed to the letter: it addresses members by a connection id that no message hands
 * out, so `destination_id` and `target_id` are the receiver's public key here, the one name the document does give.
 * It lists no fields for PeerLeft; these are PeerJoined's that still make sense. Rooms live in memory.
 */

type Fields = Readonly<Record<string, unknown>>;

interface Member {
  readonly socket: WebSocket;
  readonly publicKey: string;
  readonly username: string | undefined;
}

interface Room {
  readonly id: string;
  readonly ownerKey: string;
  readonly password: string;
  name: string;
  readonly members: Map<string, Member>;
}

interface Request {
  readonly socket: WebSocket;
  readonly publicKey: string;
  readonly fields: Fields;
  reply(type: string, fields: Fields): void;
  refuse(data: string): void;
}

export interface DocumentServerOptions {
  readonly host: string;
  readonly port: number;
  /** "The default rate limiting is 3 requests per minute for room creation and joining operations." */
  readonly rateLimit: number;
  /** How many members a room takes before "Room is full". */
  readonly maxMembers: number;
}

export class DocumentServer {
  readonly #options: DocumentServerOptions;
  readonly #rooms = new Map<string, Room>();
  /** When each key last created or joined, in milliseconds. */
  readonly #recent = new Map<string, number[]>();
  readonly #http = createServer((_request, response) => response.writeHead(404).end());
  readonly #sockets = new WebSocketServer({ server: this.#http, path: "/ws" });
  readonly #handlers: Readonly<Record<string, (request: Request) => void>> = {
    CreateRoom: (request) => this.#create(request),
    JoinRoom: (request) => this.#join(request),
    LeaveRoom: (request) => this.#leave(request),
    Rename: (request) => this.#rename(request),
    Kick: (request) => this.#kick(request),
    Offer: (request) => this.#relay(request, "offer"),
    Answer: (request) => this.#relay(request, "answer"),
    Candidate: (request) => this.#relay(request, "candidate"),
  };

  constructor(options: DocumentServerOptions) {
    this.#options = options;
    this.#sockets.on("connection", (socket) => {
      socket.on("message", (data) => this.#receive(socket, data.toString()));
      socket.on("close", () => this.#gone(socket));
      socket.on("error", () => socket.terminate());
    });
  }

  /** @returns the URL for clients */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    this.#http.listen(port, host);
    await once(this.#http, "listening");
    const bound = this.#http.address() as AddressInfo;
    return `ws://${host.includes(":") ? `[${host}]` : host}:${bound.port}/ws`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.close();
    await once(this.#http, "close");
  }

  #receive(socket: WebSocket, text: string): void {
    const fields = parseFields(text);
    const messageId = fields?.message_id;
    const reply = (type: string, extra: Fields) => send(socket, { type, ...extra, message_id: messageId });
    const refuse = (data: string) => reply("Error", { data });
    if (!fields) return refuse("Invalid message");
    const publicKey = fields.public_key;
    if (typeof publicKey !== "string" || publicKey === "") return refuse("Public key is required");
    const key = ed25519Key(publicKey);
    if (!key) return refuse("Invalid public key format");
    if (!isSigned(fields, key)) return refuse("Invalid signature");
    const handle = this.#handlers[String(fields.type)];
    if (!handle) return refuse("Unknown message type");
    handle({ socket, publicKey, fields, reply, refuse });
  }

  #create({ socket, publicKey, fields, reply, refuse }: Request): void {
    const { room_name: name, password } = fields;
    if (!isText(name) || !isText(password)) return refuse("Room name, password, and public key are required");
    if (!/^\d{4}$/.test(password)) return refuse("Password does not match required pattern");
    if (!this.#mayEnter(publicKey)) return refuse("Rate limit exceeded. Please try again later.");
    const owned = [...this.#rooms.values()].find((room) => room.ownerKey === publicKey);
    if (owned) return refuse(`This public key has already created room: ${owned.id}`);
    const room: Room = { id: randomBytes(3).toString("hex"), ownerKey: publicKey, password, name, members: new Map() };
    this.#rooms.set(room.id, room);
    room.members.set(publicKey, { socket, publicKey, username: undefined });
    reply("RoomCreated", { room_id: room.id, room_name: name, password });
  }

  #join({ socket, publicKey, fields, reply, refuse }: Request): void {
    const { password, username } = fields;
    if (!this.#mayEnter(publicKey)) return refuse("Rate limit exceeded. Please try again later.");
    const room = this.#rooms.get(String(fields.room_id));
    if (!room) return refuse("Room does not exist");
    if (password !== room.password) return refuse("Incorrect password");
    if (room.members.size >= this.#options.maxMembers && !room.members.has(publicKey)) return refuse("Room is full");
    room.members.set(publicKey, { socket, publicKey, username: isText(username) ? username : undefined });
    reply("RoomJoined", { room_id: room.id, room_name: room.name });
    // "to all users in the room": the newcomer is one of them.
    toAll(room, { type: "PeerJoined", room_id: room.id, public_key: publicKey, username });
  }

  #leave({ socket, publicKey, fields, reply, refuse }: Request): void {
    // "if not provided, the server will use the room ID associated with the connection"
    const room = isText(fields.room_id) ? this.#rooms.get(fields.room_id) : this.#roomOf(socket);
    if (!room?.members.delete(publicKey)) return refuse("Room does not exist");
    reply("LeaveRoomSuccess", { room_id: room.id });
    if (publicKey !== room.ownerKey) {
      toAll(room, { type: "PeerLeft", room_id: room.id, public_key: publicKey });
      return;
    }
    toAll(room, { type: "Kicked", room_id: room.id, data: "Room owner has left and closed the room" });
    this.#rooms.delete(room.id);
  }

  #rename({ publicKey, fields, reply, refuse }: Request): void {
    const room = this.#rooms.get(String(fields.room_id));
    if (!room) return refuse("Room does not exist");
    if (room.ownerKey !== publicKey) return refuse("Only the room owner can rename the room");
    if (!isText(fields.room_name)) return refuse("Room name is required");
    room.name = fields.room_name;
    reply("RenameSuccess", { room_id: room.id, room_name: room.name });
    toAll(room, { type: "RoomRenamed", room_id: room.id, room_name: room.name });
  }

  #kick({ publicKey, fields, reply, refuse }: Request): void {
    const room = this.#rooms.get(String(fields.room_id));
    if (!room) return refuse("Room does not exist");
    if (room.ownerKey !== publicKey) return refuse("Only the room owner can kick users");
    const target = room.members.get(String(fields.target_id));
    if (!target || target.publicKey === publicKey) return refuse("User is not in this room");
    room.members.delete(target.publicKey);
    send(target.socket, { type: "Kicked", room_id: room.id });
    reply("KickSuccess", { room_id: room.id, target_id: fields.target_id });
    toAll(room, { type: "PeerLeft", room_id: room.id, public_key: target.publicKey });
  }

  #relay({ publicKey, fields, refuse }: Request, content: "offer" | "answer" | "candidate"): void {
    const room = this.#rooms.get(String(fields.room_id));
    if (!room?.members.has(publicKey)) return refuse("Room does not exist");
    const receiver = room.members.get(String(fields.destination_id));
    if (!receiver) return refuse("User is not in this room");
    const { type, [content]: signal } = fields;
    if (!isText(signal)) return refuse(`Missing required fields: ${content}`);
    send(receiver.socket, { type, room_id: room.id, public_key: publicKey, [content]: signal });
  }

  /** A socket that closed takes its members along; the rooms stay, also the ones it owned. */
  #gone(socket: WebSocket): void {
    for (const room of this.#rooms.values()) {
      for (const member of room.members.values()) {
        if (member.socket !== socket) continue;
        room.members.delete(member.publicKey);
        toAll(room, { type: "PeerLeft", room_id: room.id, public_key: member.publicKey });
      }
    }
  }

  #roomOf(socket: WebSocket): Room | undefined {
    return [...this.#rooms.values()].find((room) => [...room.members.values()].some((m) => m.socket === socket));
  }

  #mayEnter(publicKey: string): boolean {
    const now = Date.now();
    const recent = (this.#recent.get(publicKey) ?? []).filter((time) => now - time < 60_000);
    if (recent.length >= this.#options.rateLimit) return false;
    this.#recent.set(publicKey, [...recent, now]);
    return true;
  }
}

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function ed25519Key(publicKey: string): KeyObject | undefined {
  const bytes = Buffer.from(publicKey, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== publicKey) return undefined;
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") }, format: "jwk" });
}

/** "Set the `signature` field to "" … Serialize the message to JSON … Sign the JSON data … Base64-encode". */
function isSigned(fields: Fields, key: KeyObject): boolean {
  if (typeof fields.signature !== "string") return false;
  const signed = Buffer.from(JSON.stringify({ ...fields, signature: "" }));
  return verify(null, signed, key, Buffer.from(fields.signature, "base64"));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function send(socket: WebSocket, message: Fields): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

function toAll(room: Room, message: Fields): void {
  for (const member of room.members.values()) send(member.socket, message);
}
