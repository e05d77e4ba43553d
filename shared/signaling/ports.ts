/** One WebSocket to a signaling server, already dialled. Real: electron/adapters/sockets. Fake: test/fakes/socket.ts. */
export interface SignalingSocket {
  /** Loses the text when the socket is not open; the owner knows from `onClose`. */
  send(text: string): void;
  /**
   * Asks the other end for a sign of life now, and ends the socket if none comes in a few seconds. For the moments
   * when the path may have changed under it (resume from sleep, another network). Does nothing unless open.
   */
  probe(): void;
  /** Ends it; `onClose` still comes, once. */
  close(): void;
  onOpen: () => void;
  onMessage: (text: string) => void;
  /** Once, whether it was ever open or not. `reason` is for people: "connection refused", "closed by the server (1001)". */
  onClose: (reason: string) => void;
}

/** Dials at once; handlers are set synchronously by the caller before anything can happen. */
export type DialSignaling = (url: string) => SignalingSocket;

/** What is needed of the platform's AbortSignal, which shared/ does not know; the real one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
