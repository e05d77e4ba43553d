import type { ServerSocket } from "../../electron/adapters/sockets/ws-server.ts";

/** The server's end of a WebSocket, without a network: a test plays the client. */
export class FakeServerSocket implements ServerSocket {
  bufferedAmount = 0;
  readonly sent: Record<string, unknown>[] = [];
  pings = 0;
  pongs = 0;
  isPaused = false;
  /** The closing code, "terminated", or undefined while open. */
  ended: number | "terminated" | undefined;
  onText: ServerSocket["onText"] = () => {};
  onBinary: ServerSocket["onBinary"] = () => {};
  onPing: ServerSocket["onPing"] = () => {};
  onPong: ServerSocket["onPong"] = () => {};
  onClose: ServerSocket["onClose"] = () => {};

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  ping(): void {
    this.pings++;
  }

  pong(): void {
    this.pongs++;
  }

  close(code: number): void {
    this.ended = code;
  }

  terminate(): void {
    this.ended = "terminated";
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  receive(text: string): void {
    this.onText(text, Buffer.byteLength(text));
  }
}
