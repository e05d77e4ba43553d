/** One WebSocket to a signaling server, already dialled. Real: electron/adapters/sockets. Fake: test/fakes/socket.ts. */
export interface SignalingSocket {
  /** Loses the text when the socket is not open; the owner knows from `onClose`. */
  send(text: string): void;
  /** Ends it; `onClose` still comes, once. */
  close(): void;
  onOpen: () => void;
  onMessage: (text: string) => void;
  /** Once, whether it was ever open or not. `reason` is for people: "connection refused", "closed by the server (1001)". */
  onClose: (reason: string) => void;
}

/** Dials at once; handlers are set synchronously by the caller before anything can happen. */
export type DialSignaling = (url: string) => SignalingSocket;
