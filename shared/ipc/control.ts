import * as v from "valibot";
import type { AppApi, AppMethod, AppParams, Invitation } from "./app.ts";
import { type IpcResult, type Replies, requests } from "./contract.ts";
import { callDecoder, MAX_REQUEST_LENGTH } from "./wire.ts";

/** What the profile's control socket answers: all that a host does, and what only its owner's command line may ask. */
export const controlRequests = {
  ...requests,
  /** A link to the user interface for one browser; the interface is served from then on, if it was not. */
  ui: v.object({}),
  /** What to give to somebody who is to join, with the room's key. */
  invite: v.object({ roomId: v.pipe(v.string(), v.maxLength(64)) }),
};
export type ControlMethod = keyof typeof controlRequests;
export type ControlParams<M extends ControlMethod> = v.InferOutput<(typeof controlRequests)[M]>;

export interface UiLink {
  readonly url: string;
}
export interface ControlReplies extends Replies {
  ui: UiLink;
  invite: Invitation;
}

export interface ControlApi {
  call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<IpcResult<ControlReplies[M]>>;
}

export const decodeControlCall = callDecoder(controlRequests, MAX_REQUEST_LENGTH);

/** The part of a running program that the command line may ask for, with the link for a browser beside it. */
export function controlApi(app: AppApi, openUi: () => Promise<IpcResult<UiLink>>): ControlApi {
  return {
    call: <M extends ControlMethod>(method: M, params: ControlParams<M>) => {
      // The compiler does not narrow a type parameter by the value that has it.
      const reply = method === "ui" ? openUi() : app.call(method as AppMethod, params as AppParams<AppMethod>);
      return reply as Promise<IpcResult<ControlReplies[M]>>;
    },
  };
}
