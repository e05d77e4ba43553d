import type { ServerSocket } from "../adapters/sockets/ws-server.ts";
import { PAUSE_AT_WAITING_CHARACTERS, PAUSE_AT_WAITING_FRAMES, RESUME_AT_WAITING_FRAMES } from "./limits.ts";
import type { Refusal } from "./refusal.ts";

/** A frame waiting for its turn: its text, or why it is refused without being read. */
export interface Waiting {
  readonly text: string;
  readonly refusal: Refusal | undefined;
  /** Refused frames count as offences here even where their refusal elsewhere would not. */
  readonly isOffence: boolean;
}

/** The frames of one connection that wait for their turn. While they are many, its socket is not read. */
export class Inbox {
  readonly #socket: Pick<ServerSocket, "pause" | "resume">;
  #waiting: Waiting[] = [];
  #characters = 0;
  #isPaused = false;

  constructor(socket: Pick<ServerSocket, "pause" | "resume">) {
    this.#socket = socket;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  push(frame: Waiting): void {
    this.#waiting.push(frame);
    this.#characters += frame.text.length;
  }

  next(): Waiting | undefined {
    const next = this.#waiting.shift();
    if (next) this.#characters -= next.text.length;
    return next;
  }

  clear(): void {
    this.#waiting = [];
    this.#characters = 0;
  }

  pauseIfBehind(): void {
    if (this.#isPaused || !this.#isBehind(PAUSE_AT_WAITING_FRAMES)) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** @returns whether the socket is read again from now on. */
  resumeIfThrough(): boolean {
    if (!this.#isPaused || this.#isBehind(RESUME_AT_WAITING_FRAMES)) return false;
    this.#isPaused = false;
    this.#socket.resume();
    return true;
  }

  #isBehind(frames: number): boolean {
    return this.#waiting.length > frames || this.#characters > PAUSE_AT_WAITING_CHARACTERS;
  }
}
