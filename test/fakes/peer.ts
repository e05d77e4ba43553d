import type { ClientAddress, Peer } from "../../electron/server/rooms.ts";
import type { ConnectionId, PublicKey } from "../../shared/base/brand.ts";
import { base64 } from "../../shared/base/bytes.ts";

/** A client's socket that keeps what it is sent. */
export class FakePeer implements Peer {
  readonly id: ConnectionId;
  readonly address: ClientAddress;
  readonly received: Record<string, unknown>[] = [];
  isOpen = true;

  constructor(id: string, address: ClientAddress = { group: "192.0.2.1", isLimited: true }) {
    this.id = id as ConnectionId;
    this.address = address;
  }

  send(frame: string): void {
    if (this.isOpen) this.received.push(JSON.parse(frame) as Record<string, unknown>);
  }

  /** What was received since the last call. */
  take(): Record<string, unknown>[] {
    return this.received.splice(0);
  }
}

/** A well-formed public key that nobody has the other half of. */
export function fakeKey(n: number): PublicKey {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, n);
  return base64.encode(bytes) as PublicKey;
}
