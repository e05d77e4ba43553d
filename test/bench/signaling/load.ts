import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { performance } from "node:perf_hooks";
import { encodeFrame, LoadSocket } from "./load-socket.ts";

/** As many members as a room may have by default, all of them signaling at once. */
const ROOM_SIZE = 40;
/** What an ICE candidate of ours weighs, wrapped and signed by its sender. */
const CANDIDATE = "x".repeat(320);
/** Frames under way a sender in the saturation run: enough to keep the server busy, too few to queue for long. */
const WINDOW = 8;

/** A member with its own key, that sends what it signed beforehand to its neighbour in the room. */
class Sender {
  readonly publicKey: string;
  readonly socket: LoadSocket;
  readonly #privateKey: KeyObject;
  roomId = "";
  neighbour: Sender | undefined;
  frames: Buffer[] = [];
  /** When each frame on its way was sent; the neighbour receives in this order. */
  readonly sentAt: number[] = [];
  sent = 0;

  constructor(socket: LoadSocket) {
    this.socket = socket;
    const pair = generateKeyPairSync("ed25519");
    this.#privateKey = pair.privateKey;
    const jwk = pair.publicKey.export({ format: "jwk" });
    this.publicKey = Buffer.from(jwk.x ?? "", "base64url").toString("base64");
  }

  frame(message: object): Buffer {
    const copy = { ...message, public_key: this.publicKey, signature: "" };
    const signature = sign(null, Buffer.from(JSON.stringify(copy)), this.#privateKey).toString("base64");
    return encodeFrame(Buffer.from(JSON.stringify({ ...copy, signature })));
  }

  ask(message: object, reply: string): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.socket.onText = (payload) => {
        const answer = JSON.parse(payload.toString()) as Record<string, unknown>;
        if (answer.type === reply) resolve(answer);
        else if (answer.type === "Error") reject(new Error(String(answer.data)));
      };
      this.socket.write(this.frame(message));
    });
  }

  sendNext(now: number): void {
    const frame = this.frames[this.sent];
    if (!frame) return;
    this.sent++;
    this.sentAt.push(now);
    this.socket.write(frame);
  }
}

export interface RelayFigures {
  readonly messages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Opens `count` sockets that never say anything. */
export async function openIdle(port: number, count: number): Promise<LoadSocket[]> {
  const sockets: LoadSocket[] = [];
  // A few at a time: the kernel's queue of unaccepted connections is finite.
  for (let i = 0; i < count; i += 200) {
    const batch = Array.from({ length: Math.min(200, count - i) }, () => LoadSocket.open(port));
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** Members in rooms, each with `perSender` different signed candidates for its neighbour ready to go. */
export async function prepareSenders(port: number, count: number, perSender: number): Promise<Sender[]> {
  const senders: Sender[] = [];
  for (const socket of await openIdle(port, count)) senders.push(new Sender(socket));
  for (let i = 0; i < count; i += ROOM_SIZE) await fillRoom(senders.slice(i, i + ROOM_SIZE));
  for (const sender of senders) {
    for (let i = 0; i < perSender; i++) sender.frames.push(sender.frame(candidate(sender, i)));
  }
  return senders;
}

function candidate(sender: Sender, i: number): object {
  return {
    type: "Candidate",
    room_id: sender.roomId,
    destination_id: sender.neighbour?.publicKey,
    candidate: CANDIDATE,
    message_id: String(i),
  };
}

async function fillRoom(room: readonly Sender[]): Promise<void> {
  const [owner, ...others] = room;
  if (!owner) return;
  const created = await owner.ask({ type: "CreateRoom", room_name: "bench", password: "1234" }, "RoomCreated");
  const roomId = String(created.room_id);
  const join = { type: "JoinRoom", room_id: roomId, password: "1234" };
  await Promise.all(others.map((member) => member.ask(join, "RoomJoined")));
  for (const [i, member] of room.entries()) {
    member.roomId = roomId;
    member.neighbour = room[(i + 1) % room.length];
  }
}

/** As fast as the server will go: each sender keeps a few frames under way until it has sent `perSender`. */
export function saturate(senders: readonly Sender[], perSender: number): Promise<RelayFigures> {
  return measure(senders, perSender, true, (start) => {
    for (const sender of senders) for (let i = 0; i < WINDOW; i++) start(sender);
  });
}

/** A steady `rate` messages a second over all senders, whatever the server does. */
export function pace(senders: readonly Sender[], perSender: number, rate: number): Promise<RelayFigures> {
  return measure(senders, perSender, false, (start) => {
    const began = performance.now();
    let started = 0;
    const total = senders.length * perSender;
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate));
      for (; started < due; started++) {
        const sender = senders[started % senders.length];
        if (sender) start(sender);
      }
      if (started === total) clearInterval(timer);
    }, 1);
  });
}

function measure(
  senders: readonly Sender[],
  perSender: number,
  answerArrivals: boolean,
  begin: (start: (sender: Sender) => void) => void,
): Promise<RelayFigures> {
  const total = senders.length * perSender;
  const latencies = new Float64Array(total);
  const goal = new Map(senders.map((sender) => [sender, sender.sent + perSender]));
  return new Promise((resolve, reject) => {
    let arrived = 0;
    const began = performance.now();
    const send = (sender: Sender) => {
      if (sender.sent < (goal.get(sender) ?? 0)) sender.sendNext(performance.now());
    };
    for (const sender of senders) {
      if (!sender.neighbour) return reject(new Error("a sender is alone"));
      sender.neighbour.socket.onText = (payload) => {
        if (payload.includes('"type":"Error"')) return reject(new Error(payload.toString()));
        if (!payload.includes('"type":"Candidate"', 0)) return;
        const now = performance.now();
        latencies[arrived++] = now - (sender.sentAt.shift() ?? now);
        if (arrived === total) return resolve(figures(latencies, (now - began) / 1000));
        if (answerArrivals) send(sender);
      };
    }
    begin(send);
  });
}

function figures(latencies: Float64Array, seconds: number): RelayFigures {
  latencies.sort();
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    messages: latencies.length,
    seconds,
    messagesPerSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
