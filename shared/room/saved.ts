import type { RoomId } from "../base/brand.ts";

/** What must outlive the process to be back in a room after the next start. `pin` is a secret: store it like one. */
export interface SavedRoom {
  readonly roomId: RoomId;
  readonly name: string;
  readonly pin: string;
  /** This key's own, made by it or handed over to it: leaving it deletes it for everybody. */
  readonly owner: boolean;
  readonly username: string;
  /**
   * The room is sealed: should what proves it be lost, it is not taken for an open one. By which hash its founder is
   * known; empty where that is not.
   */
  readonly sealed?: string;
  /** The user left it, and the server has not been told yet. */
  readonly leaving?: true;
}
