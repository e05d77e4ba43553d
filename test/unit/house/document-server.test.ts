import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { DocumentServer } from "../../fakes/document-server.ts";

type Message = Record<string, unknown>;

/** A client written, like the server, from the document alone. */
class Client {
  readonly publicKey: string;
  readonly received: Message[] = [];
  readonly #privateKey: KeyObject;
  readonly #socket: WebSocket;
  #arrived = () => {};

  private constructor(socket: WebSocket) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const { x = "" } = publicKey.export({ format: "jwk" });
    this.publicKey = Buffer.from(x, "base64url").toString("base64");
    this.#privateKey = privateKey;
    this.#socket = socket;
    socket.on("message", (data) => {
      this.received.push(JSON.parse(data.toString()) as Message);
      this.#arrived();
    });
  }

  static async connect(url: string): Promise<Client> {
    const client = new Client(new WebSocket(url));
    await once(client.#socket, "open");
    return client;
  }

  send(fields: Message, tamper: Message = {}): void {
    const message = { ...fields, public_key: this.publicKey, signature: "" };
    const signature = sign(null, Buffer.from(JSON.stringify(message)), this.#privateKey).toString("base64");
    this.sendRaw(JSON.stringify({ ...message, signature, ...tamper }));
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  /** Takes the messages that came, once there are that many. */
  async next(count = 1): Promise<Message[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.received.splice(0, count);
  }

  close(): void {
    this.#socket.terminate();
  }
}

let server: DocumentServer;
let url: string;
const clients: Client[] = [];

beforeEach(async () => {
  server = new DocumentServer({ host: "127.0.0.1", port: 0, rateLimit: 3, maxMembers: 2 });
  url = await server.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

async function connect(): Promise<Client> {
  const client = await Client.connect(url);
  clients.push(client);
  return client;
}

async function roomOf(owner: Client): Promise<string> {
  owner.send({ type: "CreateRoom", room_name: "My Room", password: "1234" });
  const [created] = await owner.next();
  return String(created?.room_id);
}

async function joined(client: Client, room_id: string): Promise<void> {
  client.send({ type: "JoinRoom", room_id, password: "1234", username: "User1" });
  await client.next(2);
}

describe("the server of the document", () => {
  it("creates a room with the document's fields and no other", async () => {
    const owner = await connect();
    owner.send({ type: "CreateRoom", room_name: "My Room", password: "1234", message_id: "m1" });
    const room_id = expect.any(String);
    expect(await owner.next()).toEqual([
      { type: "RoomCreated", room_id, room_name: "My Room", password: "1234", message_id: "m1" },
    ]);
  });

  it("tells all in the room of a newcomer, the newcomer too", async () => {
    const [owner, guest] = [await connect(), await connect()];
    const room_id = await roomOf(owner);
    guest.send({ type: "JoinRoom", room_id, password: "1234", username: "User1", message_id: "m2" });
    const peerJoined = { type: "PeerJoined", room_id, public_key: guest.publicKey, username: "User1" };
    expect(await guest.next(2)).toEqual([
      { type: "RoomJoined", room_id, room_name: "My Room", message_id: "m2" },
      peerJoined,
    ]);
    expect(await owner.next()).toEqual([peerJoined]);
  });

  it.each([
    ["Offer", "offer"],
    ["Answer", "answer"],
    ["Candidate", "candidate"],
  ])("relays %s to the public key that it names, with who sent it", async (type, field) => {
    const [owner, guest] = [await connect(), await connect()];
    const room_id = await roomOf(owner);
    await joined(guest, room_id);
    await owner.next();
    owner.send({ type, room_id, destination_id: guest.publicKey, [field]: "text" });
    expect(await guest.next()).toEqual([{ type, room_id, public_key: owner.publicKey, [field]: "text" }]);
  });

  it("lets the owner rename and kick, and nobody else", async () => {
    const [owner, guest] = [await connect(), await connect()];
    const room_id = await roomOf(owner);
    await joined(guest, room_id);
    await owner.next();
    guest.send({ type: "Rename", room_id, room_name: "Mine" });
    guest.send({ type: "Kick", room_id, target_id: owner.publicKey });
    expect((await guest.next(2)).map(({ type }) => type)).toEqual(["Error", "Error"]);

    owner.send({ type: "Rename", room_id, room_name: "New" });
    const renamed = { type: "RoomRenamed", room_id, room_name: "New" };
    expect(await owner.next(2)).toEqual([{ type: "RenameSuccess", room_id, room_name: "New" }, renamed]);
    expect(await guest.next()).toEqual([renamed]);

    owner.send({ type: "Kick", room_id, target_id: guest.publicKey });
    expect(await guest.next()).toEqual([{ type: "Kicked", room_id }]);
    expect((await owner.next(2))[0]).toEqual({ type: "KickSuccess", room_id, target_id: guest.publicKey });
  });

  it("closes the room when its owner leaves", async () => {
    const [owner, guest] = [await connect(), await connect()];
    const room_id = await roomOf(owner);
    await joined(guest, room_id);
    await owner.next();
    owner.send({ type: "LeaveRoom" });
    expect(await owner.next()).toEqual([{ type: "LeaveRoomSuccess", room_id }]);
    const data = "Room owner has left and closed the room";
    expect(await guest.next()).toEqual([{ type: "Kicked", room_id, data }]);
    guest.send({ type: "JoinRoom", room_id, password: "1234" });
    expect(await guest.next()).toEqual([{ type: "Error", data: "Room does not exist" }]);
  });

  it("keeps the room when its owner's socket drops, and says who is gone", async () => {
    const [owner, guest] = [await connect(), await connect()];
    const room_id = await roomOf(owner);
    await joined(guest, room_id);
    owner.close();
    expect(await guest.next()).toEqual([{ type: "PeerLeft", room_id, public_key: owner.publicKey }]);
  });

  it("refuses with the document's sentences", async () => {
    const [owner, guest, third] = [await connect(), await connect(), await connect()];
    const room_id = await roomOf(owner);
    const refusal = async (client: Client, fields: Message) => {
      client.send(fields);
      return (await client.next())[0]?.data;
    };
    const create = { type: "CreateRoom", room_name: "Other", password: "1234" };
    expect(await refusal(owner, create)).toBe(`This public key has already created room: ${room_id}`);
    expect(await refusal(guest, { ...create, password: "12345" })).toBe("Password does not match required pattern");
    expect(await refusal(guest, { type: "CreateRoom", room_name: "Other" })).toBe(
      "Room name, password, and public key are required",
    );
    expect(await refusal(guest, { type: "JoinRoom", room_id, password: "0000" })).toBe("Incorrect password");
    await joined(guest, room_id);
    expect(await refusal(third, { type: "JoinRoom", room_id, password: "1234" })).toBe("Room is full");
    await refusal(third, { type: "JoinRoom", room_id: "none", password: "1234" });
    await refusal(third, { type: "JoinRoom", room_id: "none", password: "1234" });
    expect(await refusal(third, { type: "JoinRoom", room_id, password: "1234" })).toBe(
      "Rate limit exceeded. Please try again later.",
    );
  });

  it("takes only what is signed, and by the key that it names", async () => {
    const [client, other] = [await connect(), await connect()];
    const create = { type: "CreateRoom", room_name: "My Room", password: "1234" };
    client.send(create, { room_name: "Another" });
    client.send(create, { public_key: other.publicKey });
    client.send(create, { signature: undefined });
    client.send(create, { public_key: "short" });
    client.send(create, { public_key: undefined });
    client.sendRaw("not JSON");
    expect((await client.next(6)).map(({ data }) => data)).toEqual([
      "Invalid signature",
      "Invalid signature",
      "Invalid signature",
      "Invalid public key format",
      "Public key is required",
      "Invalid message",
    ]);
  });
});
