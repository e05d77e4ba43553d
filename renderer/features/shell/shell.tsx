import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useModel } from "../../store/context.ts";
import { Dialogs } from "../dialogs.tsx";
import { fetchTheRest } from "../later.ts";
import { usePaletteKey } from "../palette/use-palette-key.ts";
import { screens } from "../screens.ts";
import { Banners } from "./banners.tsx";
import { BottomBar } from "./bottom-bar.tsx";
import { ErrorBoundary } from "./error-boundary.tsx";
import { Header } from "./header.tsx";
import { Sidebar } from "./sidebar.tsx";

const CONTENT_ID = "content";

/** Sidebar beside, or bar below on a narrow window; the state above; the screen in between. */
export function Shell() {
  const { t } = useTranslation();
  const screen = useModel(({ place }) => place.screen);
  usePaletteKey();
  useEffect(() => void fetchTheRest(), []);
  const View = (screens[screen] ?? screens.rooms)?.view;
  return (
    <div className="grid h-full grid-rows-[minmax(0,1fr)_auto] sm:grid-cols-[15.5rem_minmax(0,1fr)] sm:grid-rows-1">
      <a
        href={`#${CONTENT_ID}`}
        onClick={(event) => {
          // The fragment is where the window is; only the focus moves.
          event.preventDefault();
          document.getElementById(CONTENT_ID)?.focus();
        }}
        className="sr-only z-50 rounded-control bg-ink px-3 py-2 text-on-ink focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        {t("common.skipToContent")}
      </a>
      <Sidebar />
      <div className="flex min-h-0 min-w-0 flex-col">
        <Header />
        <main
          id={CONTENT_ID}
          tabIndex={-1}
          className="min-h-0 flex-1 overflow-y-auto outline-none sm:[scrollbar-gutter:stable]"
        >
          <div className="mx-auto w-full max-w-240 px-4 pt-4 pb-10 sm:px-7 sm:pt-6">
            <Banners />
            <ErrorBoundary resetKey={screen}>
              <Suspense>{View && <View />}</Suspense>
            </ErrorBoundary>
          </div>
        </main>
      </div>
      <BottomBar />
      <Dialogs />
    </div>
  );
}
