import type { StoreApi } from "zustand/vanilla";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Failure, Result } from "../../shared/base/result.ts";
import type { AppMethod, AppParams, AppReplies, AppState, UiRoom } from "../../shared/ipc/app.ts";
import type { Place } from "../../shared/ipc/desktop.ts";
import type { SettingsChange } from "../../shared/ipc/settings.ts";
import type { AppConnection } from "../bridge/connection.ts";
import type { Model, OpenDialog, Toast, ToastAction, ToastText } from "./model.ts";
import type { Predictions } from "./predictions.ts";

/** What a person can do. Nothing here rejects; an action without a result tells of its failure with a toast. */
export interface Actions {
  /** Any request of the contract, for a screen that shows the outcome itself. */
  ask<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>>;
  /** As `ask`, told of by a message: a failure always, success where `done` has words for it. */
  order<M extends AppMethod>(method: M, params: AppParams<M>, done?: ToastText): Promise<boolean>;
  setConnected(connected: boolean): Promise<boolean>;
  retryNow(): Promise<boolean>;
  rename(roomId: RoomId, name: string): Promise<Result<unknown>>;
  /** @param ban it may not even knock again */
  kick(roomId: RoomId, member: PublicKey, ban: boolean): Promise<boolean>;
  leave(roomId: RoomId): Promise<boolean>;
  saveSettings(change: SettingsChange): Promise<boolean>;
  dismissLink(): Promise<boolean>;
  /** Dials the program itself again, where the window lost it. */
  reconnect(): void;

  go(place: Place): void;
  openDialog(dialog: OpenDialog): void;
  closeDialog(): void;
  toast(tone: Toast["tone"], text: ToastText, action?: ToastAction): void;
  tellFailure(failure: Failure): void;
  dismissToast(id: number): void;
}

export interface ActionParts {
  readonly connection: AppConnection;
  readonly store: StoreApi<Model>;
  readonly predictions: Predictions;
  readonly places: { go(place: Place): void };
  readonly clock: Clock;
}

/** More than this at once is a wall of paper: the oldest gives way. */
const MAX_TOASTS = 4;

export function createActions({ connection, store, predictions, places }: ActionParts): Actions {
  let lastToast = 0;
  const ask: Actions["ask"] = (method, params) => connection.call(method, params);

  function toast(tone: Toast["tone"], text: ToastText, action?: ToastAction): void {
    const made: Toast = { id: ++lastToast, tone, text, ...(action && { action }) };
    store.setState(({ toasts }) => ({ toasts: [...toasts, made].slice(-MAX_TOASTS) }));
  }
  const tellFailure = (failure: Failure) => toast("bad", { kind: "failure", failure });

  /** Shows `change` while the host is asked, and takes it back if the host does not agree. */
  async function predicted<M extends AppMethod>(
    change: (state: AppState) => AppState,
    method: M,
    params: AppParams<M>,
  ): Promise<Result<AppReplies[M]>> {
    const prediction = predictions.add(change);
    const result = await ask(method, params);
    if (result.ok) prediction.agreed();
    else prediction.failed();
    return result;
  }

  function told(result: Result<unknown>): boolean {
    if (!result.ok) tellFailure(result.error);
    return result.ok;
  }

  return {
    ask,
    async order(method, params, done) {
      const isDone = told(await ask(method, params));
      if (isDone && done) toast("good", done);
      return isDone;
    },
    setConnected: async (connected) =>
      told(await predicted((state) => ({ ...state, wanted: connected }), "setConnected", { connected })),
    retryNow: async () => told(await ask("retryNow", {})),
    rename: (roomId, name) =>
      predicted(
        inRoom(roomId, (room) => ({ ...room, name })),
        "rename",
        { roomId, name },
      ),
    kick: async (roomId, member, ban) =>
      told(await predicted(inRoom(roomId, withoutMember(member)), "kick", { roomId, member, ...(ban && { ban }) })),
    async leave(roomId) {
      const left = told(await predicted(withoutRoom(roomId), "leave", { roomId }));
      const { place } = store.getState();
      if (left && place.screen === "room" && place.roomId === roomId) places.go({ screen: "rooms" });
      return left;
    },
    saveSettings: async (change) =>
      told(
        await predicted(
          (state) => ({
            ...state,
            settings: {
              ...state.settings,
              ...change,
              notifications: { ...state.settings.notifications, ...change.notifications },
            } as AppState["settings"],
          }),
          "saveSettings",
          { change },
        ),
      ),
    dismissLink: async () => told(await predicted(({ link, ...state }) => state, "dismissLink", {})),
    reconnect: () => connection.retry(),

    go: (place) => places.go(place),
    openDialog: (dialog) => store.setState({ dialog }),
    closeDialog: () => store.setState({ dialog: undefined }),
    toast,
    tellFailure,
    dismissToast: (id) => store.setState(({ toasts }) => ({ toasts: toasts.filter((other) => other.id !== id) })),
  };
}

function inRoom(roomId: RoomId, change: (room: UiRoom) => UiRoom): (state: AppState) => AppState {
  return (state) => {
    const room = state.rooms[roomId];
    return room ? { ...state, rooms: { ...state.rooms, [roomId]: change(room) } } : state;
  };
}

function withoutMember(member: PublicKey): (room: UiRoom) => UiRoom {
  return (room) => ({
    ...room,
    members: Object.fromEntries(Object.entries(room.members).filter(([key]) => key !== member)),
  });
}

function withoutRoom(roomId: RoomId): (state: AppState) => AppState {
  return (state) => ({
    ...state,
    rooms: Object.fromEntries(Object.entries(state.rooms).filter(([id]) => id !== roomId)),
  });
}
