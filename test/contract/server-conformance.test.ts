import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../electron/server/server.ts";
import { DocumentClient, Identity, type Message } from "../fakes/document-client.ts";
import { FakeRoomStore } from "../fakes/room-store.ts";
import { ShiftedClock } from "../fakes/shifted-clock.ts";

// One test a sentence of "GoVPN WebSocket Server API Documentation", in its order. The quotes are the document's.

let clock: ShiftedClock;
let store: FakeRoomStore;
let server: RunningServer;
let clients: DocumentClient[];

beforeEach(async () => {
  clock = new ShiftedClock();
  store = new FakeRoomStore();
  clients = [];
  server = await startServer({ host: "127.0.0.1", port: 0, store, clock, limits: { maxMembers: 4 } });
});

afterEach(async () => {
  for (const client of clients) client.socket.terminate();
  await server.close();
});

async function connect(identity?: Identity): Promise<DocumentClient> {
  const client = await DocumentClient.connect(server.url, identity);
  clients.push(client);
  return client;
}

/** An owner and members, all in one room, with nothing left unread. */
async function roomOf(memberCount: number) {
  const owner = await connect();
  const roomId = await owner.createRoom();
  const members: DocumentClient[] = [];
  for (let i = 0; i < memberCount; i++) {
    const member = await connect();
    await member.join(roomId, { username: `User${i + 1}` });
    members.push(member);
  }
  for (const client of [owner, ...members]) await client.drain();
  return { owner, roomId, members, all: [owner, ...members] };
}

const error = (data: string) => expect.objectContaining({ type: "Error", data });

describe("Connection Establishment", () => {
  it("“ws://<server-host>:<port>/ws”", async () => {
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}/ws`);
    await connect();
  });

  it("no other path takes a WebSocket", async () => {
    await expect(DocumentClient.connect(server.url.replace("/ws", "/other"))).rejects.toThrow("404");
  });
});

describe("Message Format", () => {
  it("“All messages sent from the client to the server must include a signature … field”", async () => {
    const client = await connect();
    client.sendText(
      JSON.stringify({ type: "CreateRoom", room_name: "R", password: "1234", public_key: client.publicKey }),
    );
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Signature is required" });
  });

  it("“… and publicKey field to verify the authenticity of the sender”", async () => {
    const client = await connect();
    client.sendText(JSON.stringify({ type: "Kick", room_id: "r", target_id: "t", signature: "x" }));
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Public key is required" });
  });

  it("“Messages sent from the server to clients do not include authentication fields”", async () => {
    const { members, owner, roomId } = await roomOf(2);
    const [ann, bob] = members as [DocumentClient, DocumentClient];
    ann.send({ type: "Offer", room_id: roomId, destination_id: bob.publicKey, offer: "sdp" });
    owner.send({ type: "Rename", room_id: roomId, room_name: "New" });
    const pushed = [await bob.next("Offer"), await bob.next("RoomRenamed")];
    for (const message of pushed) expect(message).not.toHaveProperty("signature");
  });

  it("an unknown type is answered, not dropped", async () => {
    const client = await connect();
    expect(await client.request({ type: "DeleteRoom" })).toEqual(error("Unknown message type"));
  });
});

describe("Authentication and Security", () => {
  it("“All client messages must be signed with the client's private key”", async () => {
    const client = await connect();
    const signed = client.identity.sign({ type: "CreateRoom", room_name: "R", password: "1234", message_id: "1" });
    client.sendText(JSON.stringify({ ...signed, room_name: "Forged" }));
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Invalid signature", message_id: "1" });
  });

  it("a message signed with another private key is refused", async () => {
    const client = await connect();
    const forged = new Identity().sign({
      type: "CreateRoom",
      room_name: "R",
      password: "1234",
      public_key: client.publicKey,
    });
    client.sendText(JSON.stringify(forged));
    expect(await client.next("Error")).toEqual(error("Invalid signature"));
  });

  it("“Any operations that require room ownership … must be signed with the corresponding private key”", async () => {
    const { roomId, members } = await roomOf(2);
    const [ann, bob] = members as [DocumentClient, DocumentClient];
    expect(await ann.request({ type: "Kick", room_id: roomId, target_id: bob.publicKey })).toEqual(
      error("Only the room owner can kick users"),
    );
    expect(await ann.request({ type: "Rename", room_id: roomId, room_name: "Mine" })).toEqual(
      error("Only the room owner can rename the room"),
    );
    expect(await bob.drain()).toEqual([]);
  });

  it.each(["123", "12345", "12a4", " 123", "１２３４", "1234\n"])(
    "“exactly 4 numeric digits”: %j is refused",
    async (password) => {
      const client = await connect();
      expect(await client.request({ type: "CreateRoom", room_name: "R", password })).toEqual(
        error("Password does not match required pattern"),
      );
    },
  );

  it("“exactly 4 numeric digits”: leading zeros are digits", async () => {
    const owner = await connect();
    const roomId = await owner.createRoom({ password: "0000" });
    const member = await connect();
    expect(await member.join(roomId, { password: "0000" })).toMatchObject({ type: "RoomJoined" });
  });
});

describe("Creating a Room", () => {
  it("responds with RoomCreated: id, name, password and the request's message_id", async () => {
    const client = await connect();
    client.send({ type: "CreateRoom", room_name: "My VPN Room", password: "1234", message_id: "m-1" });
    expect(await client.next("RoomCreated")).toEqual({
      type: "RoomCreated",
      room_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      room_name: "My VPN Room",
      password: "1234",
      message_id: "m-1",
    });
  });

  it("“message_id: Optional unique identifier”: without one, the response has none", async () => {
    const client = await connect();
    client.send({ type: "CreateRoom", room_name: "R", password: "1234" });
    expect(await client.next("RoomCreated")).not.toHaveProperty("message_id");
  });

  it("puts the creator in the room", async () => {
    const { owner, roomId } = await roomOf(0);
    const member = await connect();
    await member.join(roomId);
    expect(await owner.next("PeerJoined")).toMatchObject({ public_key: member.publicKey });
  });

  it.each(["room_name", "password", "public_key"])(
    "“Room name, password, and public key are required”: without %s",
    async (field) => {
      const client = await connect();
      const message: Record<string, unknown> = {
        type: "CreateRoom",
        room_name: "R",
        password: "1234",
        message_id: "1",
      };
      const signed: Record<string, unknown> = { ...client.identity.sign(message) };
      delete signed[field];
      client.sendText(JSON.stringify(signed));
      expect(await client.next("Error")).toEqual({
        type: "Error",
        data: "Room name, password, and public key are required",
        message_id: "1",
      });
    },
  );

  it("“This public key has already created room: {roomID}”", async () => {
    const { owner, roomId } = await roomOf(0);
    expect(await owner.request({ type: "CreateRoom", room_name: "Second", password: "1234" })).toEqual(
      error(`This public key has already created room: ${roomId}`),
    );
  });

  it("“Room ID conflict, please try again”", async () => {
    const repeating = await startServer({
      host: "127.0.0.1",
      port: 0,
      store: new FakeRoomStore(),
      // Sockets get different ids, rooms always the same.
      random: (length) => (length === 8 ? new Uint8Array(8) : crypto.getRandomValues(new Uint8Array(length))),
    });
    try {
      const first = await DocumentClient.connect(repeating.url);
      expect(await first.createRoom()).toBe("0000000000000000");
      const second = await DocumentClient.connect(repeating.url);
      expect(await second.request({ type: "CreateRoom", room_name: "R", password: "1234" })).toEqual(
        error("Room ID conflict, please try again"),
      );
    } finally {
      await repeating.close();
    }
  });

  it.each(["AAAA", "not base64 at all", `${"A".repeat(43)}!`, "A".repeat(44)])(
    "“Invalid public key format”: %s",
    async (publicKey) => {
      const client = await connect();
      const reply = await client.request({
        type: "CreateRoom",
        room_name: "R",
        password: "1234",
        public_key: publicKey,
      });
      expect(reply).toEqual(error("Invalid public key format"));
    },
  );

  it("“Error creating room in database”", async () => {
    const client = await connect();
    store.failWith = new Error("disk full");
    expect(await client.request({ type: "CreateRoom", room_name: "R", password: "1234" })).toEqual(
      error("Error creating room in database"),
    );
    store.failWith = undefined;
    await client.createRoom();
  });
});

describe("Joining a Room", () => {
  it("responds with RoomJoined: id, name and the request's message_id", async () => {
    const { roomId } = await roomOf(0);
    const member = await connect();
    member.send({ type: "JoinRoom", room_id: roomId, password: "1234", username: "User1", message_id: "j" });
    expect(await member.next("RoomJoined")).toEqual({
      type: "RoomJoined",
      room_id: roomId,
      room_name: "Room",
      message_id: "j",
    });
  });

  it("tells everybody in the room by PeerJoined, the newcomer not", async () => {
    const { owner, roomId, members } = await roomOf(1);
    const newcomer = await connect();
    await newcomer.join(roomId, { username: "User1" });
    for (const client of [owner, ...members]) {
      expect(await client.next("PeerJoined")).toEqual({
        type: "PeerJoined",
        room_id: roomId,
        public_key: newcomer.publicKey,
        username: "User1",
        connection_id: expect.any(String),
      });
    }
    expect(await newcomer.drain()).toEqual([]);
  });

  it("“username: Optional username to display”", async () => {
    const { owner, roomId } = await roomOf(0);
    const newcomer = await connect();
    await newcomer.join(roomId);
    expect(await owner.next("PeerJoined")).not.toHaveProperty("username");
  });

  it("“Room does not exist”", async () => {
    const client = await connect();
    expect(await client.join("abc123")).toEqual(error("Room does not exist"));
  });

  it("“Incorrect password”", async () => {
    const { roomId, owner } = await roomOf(0);
    const client = await connect();
    expect(await client.join(roomId, { password: "4321" })).toEqual(error("Incorrect password"));
    expect(await owner.drain()).toEqual([]);
  });

  it("“Public key is required”", async () => {
    const client = await connect();
    const { public_key: _, ...message } = client.identity.sign({
      type: "JoinRoom",
      room_id: "abc123",
      password: "1234",
    });
    client.sendText(JSON.stringify(message));
    expect(await client.next("Error")).toEqual(error("Public key is required"));
  });

  it("“Room is full”, until somebody leaves", async () => {
    const { roomId, members } = await roomOf(3);
    const late = await connect();
    expect(await late.join(roomId)).toEqual(error("Room is full"));
    await members[0]?.request({ type: "LeaveRoom", room_id: roomId });
    expect(await late.join(roomId)).toMatchObject({ type: "RoomJoined" });
  });

  it("“Rate limit exceeded. Please try again later.”", async () => {
    const client = await connect();
    for (let i = 0; i < 3; i++) expect(await client.join("abc123")).toEqual(error("Room does not exist"));
    expect(await client.join("abc123")).toEqual(error("Rate limit exceeded. Please try again later."));
  });
});

describe("Leaving a Room", () => {
  it("responds with LeaveRoomSuccess: id and the request's message_id", async () => {
    const { roomId, members } = await roomOf(1);
    members[0]?.send({ type: "LeaveRoom", room_id: roomId, message_id: "l" });
    expect(await members[0]?.next("LeaveRoomSuccess")).toEqual({
      type: "LeaveRoomSuccess",
      room_id: roomId,
      message_id: "l",
    });
  });

  it("“if not provided, the server will use the room ID associated with the connection”", async () => {
    const { roomId, members } = await roomOf(1);
    expect(await members[0]?.request({ type: "LeaveRoom" })).toMatchObject({
      type: "LeaveRoomSuccess",
      room_id: roomId,
    });
  });

  it("tells the others by PeerLeft", async () => {
    const { owner, roomId, members } = await roomOf(2);
    await members[0]?.request({ type: "LeaveRoom", room_id: roomId });
    for (const client of [owner, members[1]]) {
      expect(await client?.next("PeerLeft")).toMatchObject({ room_id: roomId, public_key: members[0]?.publicKey });
    }
  });

  it("“If the room owner leaves, the room will be deleted and all other users will be kicked with a notification”", async () => {
    const { owner, roomId, members } = await roomOf(2);
    expect(await owner.request({ type: "LeaveRoom", room_id: roomId })).toMatchObject({ type: "LeaveRoomSuccess" });
    for (const member of members) {
      expect(await member.drain()).toEqual([
        { type: "Kicked", room_id: roomId, data: "Room owner has left and closed the room" },
      ]);
    }
    expect(await members[0]?.join(roomId)).toEqual(error("Room does not exist"));
    expect(store.rooms.size).toBe(0);
  });

  it("after that the owner may create a room again", async () => {
    const { owner, roomId } = await roomOf(0);
    await owner.request({ type: "LeaveRoom", room_id: roomId });
    expect(await owner.createRoom()).not.toBe(roomId);
  });
});

describe("Renaming a Room", () => {
  it("responds with RenameSuccess: id, name and the request's message_id", async () => {
    const { owner, roomId } = await roomOf(0);
    owner.send({ type: "Rename", room_id: roomId, room_name: "New Room Name", message_id: "r" });
    expect(await owner.next("RenameSuccess")).toEqual({
      type: "RenameSuccess",
      room_id: roomId,
      room_name: "New Room Name",
      message_id: "r",
    });
  });

  it("sends RoomRenamed “to all users in the room”", async () => {
    const { owner, roomId, all } = await roomOf(2);
    await owner.request({ type: "Rename", room_id: roomId, room_name: "New Room Name" });
    for (const client of all) {
      expect(await client.next("RoomRenamed")).toEqual({
        type: "RoomRenamed",
        room_id: roomId,
        room_name: "New Room Name",
      });
    }
  });

  it("the new name is what later members are told", async () => {
    const { owner, roomId } = await roomOf(0);
    await owner.request({ type: "Rename", room_id: roomId, room_name: "New Room Name" });
    const member = await connect();
    expect(await member.join(roomId)).toMatchObject({ room_name: "New Room Name" });
  });
});

describe("Kicking a User", () => {
  it("responds with KickSuccess: id, target and the request's message_id", async () => {
    const { owner, roomId, members } = await roomOf(1);
    owner.send({ type: "Kick", room_id: roomId, target_id: members[0]?.publicKey, message_id: "k" });
    expect(await owner.next("KickSuccess")).toEqual({
      type: "KickSuccess",
      room_id: roomId,
      target_id: members[0]?.publicKey,
      message_id: "k",
    });
  });

  it("tells the kicked user by Kicked, and the others by PeerLeft", async () => {
    const { owner, roomId, members } = await roomOf(2);
    const [ann, bob] = members as [DocumentClient, DocumentClient];
    await owner.request({ type: "Kick", room_id: roomId, target_id: ann.publicKey });
    expect(await ann.drain()).toEqual([{ type: "Kicked", room_id: roomId }]);
    expect(await bob.drain()).toEqual([expect.objectContaining({ type: "PeerLeft", public_key: ann.publicKey })]);
  });

  it("“target_id: Connection ID of the user to kick”", async () => {
    const { owner, roomId } = await roomOf(0);
    const member = await connect();
    await member.join(roomId);
    const { connection_id: id } = await owner.next("PeerJoined");
    expect(await owner.request({ type: "Kick", room_id: roomId, target_id: id })).toMatchObject({ target_id: id });
    expect(await member.next("Kicked")).toEqual({ type: "Kicked", room_id: roomId });
  });

  it("whoever was kicked is not in the room any more", async () => {
    const { owner, roomId, members } = await roomOf(1);
    await owner.request({ type: "Kick", room_id: roomId, target_id: members[0]?.publicKey });
    const offer = { type: "Offer", room_id: roomId, destination_id: owner.publicKey, offer: "sdp" };
    expect(await members[0]?.request(offer)).toEqual(error("You are not in this room"));
  });
});

describe("WebRTC Signaling", () => {
  const signals = [
    { type: "Offer", field: "offer" },
    { type: "Answer", field: "answer" },
    { type: "Candidate", field: "candidate" },
  ];

  it.each(signals)("$type reaches the destination alone, with the sender's verified key", async ({ type, field }) => {
    const { owner, roomId, members } = await roomOf(2);
    const [ann, bob] = members as [DocumentClient, DocumentClient];
    ann.send({ type, room_id: roomId, destination_id: bob.publicKey, [field]: "content" });
    expect(await bob.next(type)).toEqual({
      type,
      room_id: roomId,
      public_key: ann.publicKey,
      connection_id: expect.any(String),
      [field]: "content",
    });
    expect(await owner.drain()).toEqual([]);
    expect(await ann.drain()).toEqual([]);
  });

  it.each(signals)("$type: “destination_id: Connection ID of the destination user”", async ({ type, field }) => {
    const { owner, roomId } = await roomOf(0);
    const member = await connect();
    await member.join(roomId);
    const { connection_id: id } = await owner.next("PeerJoined");
    owner.send({ type, room_id: roomId, destination_id: id, [field]: "content" });
    const relayed = await member.next(type);
    expect(relayed).toMatchObject({ public_key: owner.publicKey, [field]: "content" });
    // The relayed connection id leads back to the sender.
    member.send({ type, room_id: roomId, destination_id: relayed.connection_id, [field]: "back" });
    expect(await owner.next(type)).toMatchObject({ public_key: member.publicKey, [field]: "back" });
  });

  it.each(signals)("$type keeps its content to the character", async ({ type, field }) => {
    const { owner, roomId, members } = await roomOf(1);
    const content = 'v=0\r\n"quotes" \\ \u2028 <&> é 🎉 \u0000';
    owner.send({ type, room_id: roomId, destination_id: members[0]?.publicKey, [field]: content });
    expect((await members[0]?.next(type))?.[field]).toBe(content);
  });

  it("messages of one sender arrive in the order sent", async () => {
    const { owner, roomId, members } = await roomOf(1);
    const [member] = members as [DocumentClient];
    for (let i = 0; i < 100; i++) {
      owner.send({ type: "Candidate", room_id: roomId, destination_id: member.publicKey, candidate: `c${i}` });
    }
    const received: unknown[] = [];
    for (let i = 0; i < 100; i++) received.push((await member.next("Candidate")).candidate);
    expect(received).toEqual(Array.from({ length: 100 }, (_, i) => `c${i}`));
  });

  it("a destination that is not in the room is an Error", async () => {
    const { owner, roomId } = await roomOf(0);
    const offer = { type: "Offer", room_id: roomId, destination_id: new Identity().publicKey, offer: "sdp" };
    expect(await owner.request(offer)).toEqual(error("Peer is not in this room"));
  });

  it("nobody outside the room can signal into it", async () => {
    const { owner, roomId } = await roomOf(0);
    const stranger = await connect();
    const offer = { type: "Offer", room_id: roomId, destination_id: owner.publicKey, offer: "sdp" };
    expect(await stranger.request(offer)).toEqual(error("You are not in this room"));
    expect(await owner.drain()).toEqual([]);
  });
});

describe("Error Handling", () => {
  it("an Error has type, data and “message-id-from-original-request”", async () => {
    const client = await connect();
    client.send({ type: "JoinRoom", room_id: "abc123", password: "1234", message_id: "e" });
    expect(await client.next("Error")).toEqual({ type: "Error", data: "Room does not exist", message_id: "e" });
  });

  it("“Invalid room ID”", async () => {
    const client = await connect();
    expect(await client.join("no such id!")).toEqual(error("Invalid room ID"));
  });

  const cases: [string, Message][] = [
    ["Room ID is required", { type: "JoinRoom", password: "1234" }],
    ["Missing required fields: password", { type: "JoinRoom", room_id: "r" }],
    ["Target ID is required", { type: "Kick", room_id: "r" }],
    ["Room name is required", { type: "Rename", room_id: "r", room_name: "  " }],
    ["Destination ID is required", { type: "Offer", room_id: "r", offer: "sdp" }],
    ["Missing required fields: offer", { type: "Offer", room_id: "r", destination_id: "d" }],
    ["Missing required fields: answer", { type: "Answer", room_id: "r", destination_id: "d" }],
    ["Missing required fields: candidate", { type: "Candidate", room_id: "r", destination_id: "d" }],
  ];
  it.each(cases)("“Missing required fields”: %s", async (data, message) => {
    const client = await connect();
    expect(await client.request(message)).toEqual(error(data));
  });
});

describe("Message ID Tracking", () => {
  it("“The server will include the same message_id in the corresponding response”, whichever it is", async () => {
    const { owner, roomId, members } = await roomOf(1);
    const requests: [Message, string][] = [
      [{ type: "Rename", room_id: roomId, room_name: "N" }, "RenameSuccess"],
      [{ type: "Kick", room_id: roomId, target_id: members[0]?.publicKey }, "KickSuccess"],
      [{ type: "Kick", room_id: roomId, target_id: "nobody" }, "Error"],
      [{ type: "LeaveRoom", room_id: roomId }, "LeaveRoomSuccess"],
    ];
    for (const [request, type] of requests) expect(await owner.request(request)).toMatchObject({ type });
  });

  it("responses come in the order of the requests", async () => {
    const client = await connect();
    const kinds = [
      { type: "CreateRoom", room_name: "R", password: "1234" },
      { type: "LeaveRoom" },
      { type: "Nonsense" },
      { type: "LeaveRoom" },
    ];
    for (const [i, kind] of kinds.entries()) client.send({ ...kind, message_id: String(i) });
    const replies: unknown[] = [];
    for (const _ of kinds) replies.push((await client.next(() => true)).message_id);
    expect(replies).toEqual(["0", "1", "2", "3"]);
  });
});

describe("Rate Limiting", () => {
  it("“The default rate limiting is 3 requests per minute for room creation and joining operations”, together", async () => {
    const client = await connect();
    const roomId = await client.createRoom();
    await client.join(roomId);
    await client.join(roomId);
    expect(await client.join(roomId)).toEqual(error("Rate limit exceeded. Please try again later."));
    clock.shift(60_000);
    expect(await client.join(roomId)).toMatchObject({ type: "RoomJoined" });
  });

  it("another connection of the same key shares its limit, another key does not", async () => {
    const { owner, roomId } = await roomOf(0);
    await owner.join(roomId);
    await owner.join(roomId);
    const again = await connect(owner.identity);
    expect(await again.join(roomId)).toEqual(error("Rate limit exceeded. Please try again later."));
    const other = await connect();
    expect(await other.join(roomId)).toMatchObject({ type: "RoomJoined" });
  });
});

describe("Room Expiration", () => {
  const day = 24 * 60 * 60_000;

  async function restart(): Promise<void> {
    for (const client of clients) await client.close();
    await server.close();
    server = await startServer({ host: "127.0.0.1", port: 0, store, clock });
  }

  it("“Rooms will automatically expire after a period of inactivity (default: 30 days)”", async () => {
    const { roomId } = await roomOf(0);
    clock.shift(29 * day);
    await restart();
    expect([...store.rooms.keys()]).toEqual([roomId]);
    clock.shift(2 * day);
    await restart();
    expect(store.rooms.size).toBe(0);
  });

  it("“Room activity is updated whenever a client joins or performs actions in the room”", async () => {
    const { owner, roomId } = await roomOf(0);
    clock.shift(29 * day);
    await owner.request({ type: "Rename", room_id: roomId, room_name: "Still here" });
    clock.shift(2 * day);
    await restart();
    const member = await connect();
    expect(await member.join(roomId)).toMatchObject({ type: "RoomJoined", room_name: "Still here" });
  });
});

describe("Signature Generation", () => {
  it("takes the JSON of a client in another language, with its own spaces and escapes", async () => {
    const client = await connect();
    const text = (signature: string) =>
      `{"type": "CreateRoom", "room_name": "Caf\\u00e9", "password": "1234", "public_key": "${client.publicKey}", "signature": "${signature}"}`;
    client.sendText(text(client.identity.signText(text(""))));
    expect(await client.next("RoomCreated")).toMatchObject({ room_name: "Café" });
  });

  it("takes the bytes that a Go client signs: struct order, no empty signature", async () => {
    const client = await connect();
    const signed = `{"type":"CreateRoom","room_name":"a\\u0026b","public_key":"${client.publicKey}","password":"1234","message_id":"g"}`;
    const message = { message_id: "g", room_name: "a&b", type: "CreateRoom", password: "1234" };
    client.sendText(
      JSON.stringify({ ...message, public_key: client.publicKey, signature: client.identity.signText(signed) }),
    );
    expect(await client.next("RoomCreated")).toMatchObject({ room_name: "a&b", message_id: "g" });
  });
});
