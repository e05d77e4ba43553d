import * as v from "valibot";
import { type HostApi, type IpcResult, type Method, type Params, type Replies, requests } from "./contract.ts";
import { callDecoder, MAX_REQUEST_LENGTH } from "./wire.ts";

/** What the profile's control socket answers: all that a host does, and what only its owner's command line may ask. */
export const controlRequests = {
  ...requests,
  /** A link to the user interface for one browser; the interface is served from then on, if it was not. */
  ui: v.object({}),
};
export type ControlMethod = keyof typeof controlRequests;
export type ControlParams<M extends ControlMethod> = v.InferOutput<(typeof controlRequests)[M]>;

export interface UiLink {
  readonly url: string;
}
export interface ControlReplies extends Replies {
  ui: UiLink;
}

export interface ControlApi {
  call<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<IpcResult<ControlReplies[M]>>;
}

export const decodeControlCall = callDecoder(controlRequests, MAX_REQUEST_LENGTH);

/** A host, with the link for a browser beside it. */
export function controlApi(host: HostApi, openUi: () => Promise<IpcResult<UiLink>>): ControlApi {
  return {
    call: <M extends ControlMethod>(method: M, params: ControlParams<M>) => {
      // The compiler does not narrow a type parameter by the value that has it.
      const reply = method === "ui" ? openUi() : host.call(method as Method, params as Params<Method>);
      return reply as Promise<IpcResult<ControlReplies[M]>>;
    },
  };
}
