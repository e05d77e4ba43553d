import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** What a server does with a request: the answers it sends, none for silence. */
export type StunBehaviour = (request: Buffer, from: RemoteInfo, count: number) => readonly Uint8Array[];

export interface RunningStunServer {
  readonly port: number;
  readonly requests: readonly Buffer[];
  /** Sends something unasked to a port of this machine. */
  sendTo(port: number, message: Uint8Array): void;
  stop(): void;
}

/** A STUN server on loopback, written from RFC 8489 on its own, so that it does not share the client's mistakes. */
export async function startStunServer(
  behaviour: StunBehaviour = (request, from) => [stunSuccess(request, from.address, from.port)],
  address = "127.0.0.1",
): Promise<RunningStunServer> {
  const socket: Socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const requests: Buffer[] = [];
  socket.on("message", (request, from) => {
    requests.push(request);
    for (const answer of behaviour(request, from, requests.length)) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, address);
  await once(socket, "listening");
  return {
    port: socket.address().port,
    requests,
    sendTo: (port, message) => socket.send(message, port, address),
    stop: () => socket.close(),
  };
}

/** A binding success response to `request` with an XOR-MAPPED-ADDRESS. `address` is IPv4 or eight full groups of IPv6. */
export function stunSuccess(request: Buffer, address: string, port: number): Buffer {
  const ip = address === "::1" ? Buffer.from("00000000000000000000000000000001", "hex") : addressBytes(address);
  const mask = request.subarray(4, 20);
  const value = Buffer.alloc(4 + ip.length);
  value[1] = ip.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ mask.readUInt16BE(0), 2);
  for (let i = 0; i < ip.length; i++) value[4 + i] = ip[i]! ^ mask[i]!;
  return stunMessage(request, 0x0101, [[0x0020, value]]);
}

export function stunMessage(request: Buffer, type: number, attributes: readonly (readonly [number, Buffer])[]): Buffer {
  const body = Buffer.concat(
    attributes.map(([name, value]) => {
      const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      padded.writeUInt16BE(name, 0);
      padded.writeUInt16BE(value.length, 2);
      value.copy(padded, 4);
      return padded;
    }),
  );
  const header = Buffer.alloc(20);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  request.copy(header, 4, 4, 20);
  return Buffer.concat([header, body]);
}

function addressBytes(address: string): Buffer {
  return address.includes(":")
    ? Buffer.from(address.replaceAll(":", ""), "hex")
    : Buffer.from(address.split(".").map(Number));
}
