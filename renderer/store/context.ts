import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { AppState } from "../../shared/ipc/app.ts";
import type { Actions } from "./actions.ts";
import type { App } from "./app-store.ts";
import type { Model } from "./model.ts";

export const AppContext = createContext<App | undefined>(undefined);

function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("a view is drawn outside of AppContext");
  return app;
}

/** A part of the window's state. The view is drawn again when the part is another object, so select small parts. */
export function useModel<T>(select: (model: Model) => T): T {
  return useStore(useApp().store, select);
}

/** A part of what the host says. The shell draws screens only once the host has spoken. */
export function useHost<T>(select: (host: AppState) => T): T {
  return useModel(({ host }) => {
    if (!host) throw new Error("a screen is drawn before the host has spoken");
    return select(host);
  });
}

/** As `useHost`, for a list made anew each time: drawn again when one of its items is another. */
export function useHostList<T>(select: (host: AppState) => readonly T[]): readonly T[] {
  return useHost(useShallow(select));
}

export function useActions(): Actions {
  return useApp().actions;
}
