import type { PublicKey } from "../../shared/base/brand.ts";
import { verifySignature } from "../../shared/identity/keys.ts";
import type { ClientMessage, ClientMessageOf, ClientMessageType } from "../../shared/protocols/govpn/messages.ts";
import { sentence } from "../../shared/protocols/govpn/sentences.ts";
import { verifyMessage } from "../../shared/protocols/govpn/signature.ts";
import type { DialSignaling } from "../../shared/signaling/ports.ts";
import { FakeSocket } from "./socket.ts";

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

interface Connection {
  readonly id: string;
  readonly socket: FakeSocket;
}

interface FakeRoom {
  readonly id: string;
  name: string;
  readonly pin: string;
  owner: PublicKey;
  readonly members: Map<PublicKey, Connection>;
}

/**
 * A GoVPN server in memory that a test can script: what it echoes, what it withholds, when it falls silent, and what
 * nonsense it says. It checks signatures like a real one.
 */
export class FakeSignalingServer {
  /** False: dials are refused. */
  reachable = true;
  /** False: like a server that ignores `message_id`. */
  echoesIds = true;
  /** False: like a server that sends only the reference's fields. */
  tellsConnectionIds = true;
  /** False: like a server that knows the reference's messages only. */
  knowsHandOver = true;
  maxMembers = 50;
  /** Sees every request first; true when it dealt with it, false to leave it to the server. */
  intercept: (message: ClientMessage, reply: (frame: Frame) => void) => boolean = () => false;
  /** What a lying server makes of an offer, an answer or a candidate on its way. Nothing: it is withheld. */
  relay: (frame: Frame, to: PublicKey) => readonly Frame[] = (frame) => [frame];
  readonly rooms = new Map<string, FakeRoom>();
  readonly received: ClientMessage[] = [];
  dials = 0;
  readonly #connections = new Set<Connection>();
  readonly #keys = new Map<PublicKey, Connection>();
  #lastId = 0;
  #lastRoom = 0;

  readonly dial: DialSignaling = (url) => {
    const socket = new FakeSocket(url);
    this.dials++;
    if (!this.reachable) {
      socket.end("connection refused");
      return socket;
    }
    const connection: Connection = { id: `c${++this.#lastId}`, socket };
    this.#connections.add(connection);
    socket.onText = (text) => this.#receive(connection, text);
    socket.onEnd = () => this.#forget(connection);
    socket.accept();
    return socket;
  };

  get connections(): number {
    return this.#connections.size;
  }

  ofType<T extends ClientMessageType>(type: T): ClientMessageOf<T>[] {
    return this.received.filter((message): message is ClientMessageOf<T> => message.type === type);
  }

  /** Ends every connection, as a restart would. */
  dropAll(reason = "connection lost"): void {
    for (const { socket } of this.#connections) socket.end(reason);
  }

  /** Ends the connection of one key. */
  drop(key: PublicKey): void {
    this.#keys.get(key)?.socket.end("connection lost");
  }

  /** Says something to everybody, whatever it is. */
  say(frame: Frame | string): void {
    for (const connection of this.#connections) this.#send(connection, frame);
  }

  /** Says something to one key, whatever it is. */
  tell(key: PublicKey, frame: Frame | string): void {
    const connection = this.#keys.get(key);
    if (connection) this.#send(connection, frame);
  }

  #send(connection: Connection, frame: Frame | string): void {
    connection.socket.deliver(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  #receive(connection: Connection, text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    const reply = (frame: Frame) =>
      this.#send(connection, this.echoesIds ? { ...frame, message_id: message.message_id } : frame);
    this.received.push(message);
    this.#keys.set(message.public_key, connection);
    if (!verifyMessage(JSON.parse(text), message, verifySignature, text))
      return reply(error(sentence.invalidSignature));
    if (!this.intercept(message, reply)) this.#handle(connection, message, reply);
  }

  #handle(connection: Connection, message: ClientMessage, reply: (frame: Frame) => void): void {
    switch (message.type) {
      case "CreateRoom":
        return this.#create(connection, message, reply);
      case "JoinRoom":
        return this.#join(connection, message, reply);
      case "LeaveRoom":
        return this.#leave(message, reply);
      case "Rename":
        return this.#rename(message, reply);
      case "Kick":
        return this.#kick(message, reply);
      case "HandOver":
        return this.#handOver(message, reply);
      default:
        return this.#relay(connection, message, reply);
    }
  }

  #create(connection: Connection, message: ClientMessageOf<"CreateRoom">, reply: (frame: Frame) => void): void {
    for (const room of this.rooms.values()) {
      if (room.owner === message.public_key) return reply(error(sentence.alreadyCreated(room.id)));
    }
    const room: FakeRoom = {
      id: `room${++this.#lastRoom}`,
      name: message.room_name,
      pin: message.password,
      owner: message.public_key,
      members: new Map([[message.public_key, connection]]),
    };
    this.rooms.set(room.id, room);
    reply({ type: "RoomCreated", room_id: room.id, room_name: room.name, password: room.pin });
  }

  #join(connection: Connection, message: ClientMessageOf<"JoinRoom">, reply: (frame: Frame) => void): void {
    const room = this.rooms.get(message.room_id);
    if (!room) return reply(error(sentence.roomMissing));
    if (room.pin !== message.password) return reply(error(sentence.wrongPin));
    const { public_key, username } = message;
    if (!room.members.has(public_key) && room.members.size >= this.maxMembers) return reply(error(sentence.roomFull));
    room.members.set(public_key, connection);
    reply({ type: "RoomJoined", room_id: room.id, room_name: room.name });
    // "To all users in the room" includes the newcomer itself.
    this.#push(room, { type: "PeerJoined", public_key, username, ...this.#idOf(connection) });
  }

  #leave(message: ClientMessageOf<"LeaveRoom">, reply: (frame: Frame) => void): void {
    const room = this.rooms.get(message.room_id ?? "");
    if (!room) return reply(error(sentence.roomMissing));
    const connection = room.members.get(message.public_key);
    if (!connection) return reply(error(sentence.notInRoom));
    room.members.delete(message.public_key);
    reply({ type: "LeaveRoomSuccess", room_id: room.id });
    if (room.owner === message.public_key) {
      this.rooms.delete(room.id);
      this.#push(room, { type: "Kicked", data: sentence.ownerLeft });
    } else {
      this.#push(room, { type: "PeerLeft", public_key: message.public_key, ...this.#idOf(connection, "left") });
    }
  }

  #rename(message: ClientMessageOf<"Rename">, reply: (frame: Frame) => void): void {
    const room = this.rooms.get(message.room_id);
    if (!room?.members.has(message.public_key)) return reply(error(sentence.notInRoom));
    if (room.owner !== message.public_key) return reply(error(sentence.ownerOnlyRename));
    room.name = message.room_name;
    reply({ type: "RenameSuccess", room_id: room.id, room_name: room.name });
    this.#push(room, { type: "RoomRenamed", room_name: room.name });
  }

  #kick(message: ClientMessageOf<"Kick">, reply: (frame: Frame) => void): void {
    const room = this.rooms.get(message.room_id);
    if (!room?.members.has(message.public_key)) return reply(error(sentence.notInRoom));
    if (room.owner !== message.public_key) return reply(error(sentence.ownerOnlyKick));
    const target = this.#find(room, message.target_id);
    if (!target) return reply(error(sentence.peerMissing));
    const [key, connection] = target;
    room.members.delete(key);
    this.#send(connection, { type: "Kicked", room_id: room.id });
    reply({ type: "KickSuccess", room_id: room.id, target_id: message.target_id });
    this.#push(room, { type: "PeerLeft", public_key: key, ...this.#idOf(connection, "kicked") });
  }

  #handOver(message: ClientMessageOf<"HandOver">, reply: (frame: Frame) => void): void {
    if (!this.knowsHandOver) return reply(error(sentence.unknownType));
    const room = this.rooms.get(message.room_id);
    if (!room?.members.has(message.public_key)) return reply(error(sentence.notInRoom));
    if (room.owner !== message.public_key) return reply(error(sentence.ownerOnlyHandOver));
    const [target] = this.#find(room, message.target_id) ?? [];
    if (!target) return reply(error(sentence.peerMissing));
    if ([...this.rooms.values()].some(({ owner }) => owner === target)) return reply(error(sentence.peerOwnsRoom));
    room.owner = target;
    reply({ type: "HandOverSuccess", room_id: room.id, target_id: message.target_id });
  }

  #relay(
    connection: Connection,
    message: ClientMessageOf<"Offer" | "Answer" | "Candidate">,
    reply: (frame: Frame) => void,
  ): void {
    const room = this.rooms.get(message.room_id);
    const target = room && this.#find(room, message.destination_id);
    if (!target) return reply(error(sentence.peerMissing));
    const { signature: _, message_id: __, destination_id: ___, ...relayed } = message;
    const frames = this.relay({ ...relayed, ...this.#idOf(connection) }, target[0]);
    for (const frame of frames) this.#send(target[1], frame);
  }

  #find(room: FakeRoom, id: string): [PublicKey, Connection] | undefined {
    return [...room.members].find(([key, connection]) => key === id || connection.id === id);
  }

  #push(room: FakeRoom, frame: Frame): void {
    for (const connection of room.members.values()) this.#send(connection, { ...frame, room_id: room.id });
  }

  #idOf(connection: Connection, reason?: "left" | "kicked" | "disconnected"): Record<string, string> {
    if (!this.tellsConnectionIds) return {};
    return { connection_id: connection.id, ...(reason && { reason }) };
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    for (const room of this.rooms.values()) {
      for (const [key, member] of room.members) {
        if (member !== connection) continue;
        room.members.delete(key);
        this.#push(room, { type: "PeerLeft", public_key: key, ...this.#idOf(connection, "disconnected") });
      }
    }
  }
}

function error(data: string): Frame {
  return { type: "Error", data };
}
