import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Failure } from "../../shared/base/result.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import type { Place } from "../../shared/ipc/desktop.ts";
import type { LinkStatus } from "../bridge/connection.ts";
import type { Samples } from "./samples.ts";

/** Everything a screen can show. Nothing of it is changed in place: what is the same object has not changed. */
export interface Model {
  readonly link: LinkStatus;
  /** What the host says, with what was asked of it and is about to be true. Undefined before its first word. */
  readonly host: AppState | undefined;
  /** The last minute of each member's link. */
  readonly samples: Readonly<Record<PublicKey, Samples>>;
  /** The last minute of this machine's tunnel. */
  readonly total: Samples;
  readonly place: Place;
  readonly dialog: OpenDialog | undefined;
  readonly toasts: readonly Toast[];
}

/** Dialogs that more than one place opens. */
export type OpenDialog =
  | { readonly kind: "create" }
  | { readonly kind: "join"; readonly link?: string }
  | { readonly kind: "invite"; readonly roomId: string }
  | { readonly kind: "room_settings"; readonly roomId: RoomId }
  /** A member's safety words beside one's own, or one's own alone; what a member may begin with this computer. */
  | { readonly kind: "compare" | "reach"; readonly roomId: RoomId; readonly publicKey: PublicKey }
  | { readonly kind: "kick" | "ban" | "hand_over"; readonly roomId: RoomId; readonly publicKey: PublicKey }
  | { readonly kind: "palette" };

export interface Toast {
  readonly id: number;
  readonly tone: "plain" | "good" | "bad";
  readonly text: ToastText;
  readonly action?: ToastAction;
}

/** What can be done about it on the spot. */
export interface ToastAction {
  readonly kind: "undo" | "show" | "letIn";
  readonly run: () => void;
}

/** What happened, to be put into words where it is shown. */
export type ToastText =
  | { readonly kind: "failure"; readonly failure: Failure }
  | { readonly kind: "said"; readonly key: string; readonly values?: Readonly<Record<string, string | number>> };
