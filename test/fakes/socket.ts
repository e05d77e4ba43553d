import type { DialSignaling, SignalingSocket } from "../../shared/signaling/ports.ts";

/**
 * A signaling socket whose other end is the test. Like a real one it does nothing synchronously: what either end does
 * is noticed by the other a microtask later.
 */
export class FakeSocket implements SignalingSocket {
  onOpen: () => void = () => {};
  onMessage: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  /** The server's handlers. */
  onText: (text: string) => void = () => {};
  onEnd: () => void = () => {};
  probes = 0;
  readonly url: string;
  #state: "connecting" | "open" | "closed" = "connecting";

  constructor(url: string) {
    this.url = url;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  send(text: string): void {
    if (this.#state === "open") queueMicrotask(() => this.onText(text));
  }

  probe(): void {
    if (this.#state === "open") this.probes++;
  }

  close(): void {
    this.end("closed");
  }

  /** The server takes the connection. */
  accept(): void {
    queueMicrotask(() => {
      if (this.#state !== "connecting") return;
      this.#state = "open";
      this.onOpen();
    });
  }

  /** The server sends a frame. */
  deliver(text: string): void {
    queueMicrotask(() => {
      if (this.#state === "open") this.onMessage(text);
    });
  }

  /** The connection ends, or never comes to be. */
  end(reason: string): void {
    queueMicrotask(() => {
      if (this.#state === "closed") return;
      this.#state = "closed";
      this.onEnd();
      this.onClose(reason);
    });
  }
}

/** A network without servers: every dial is kept for the test to answer. */
export function fakeDialer(): { readonly dial: DialSignaling; readonly dialled: FakeSocket[] } {
  const dialled: FakeSocket[] = [];
  const dial: DialSignaling = (url) => {
    const socket = new FakeSocket(url);
    dialled.push(socket);
    return socket;
  };
  return { dial, dialled };
}
