import type { i18n } from "i18next";
import { StrictMode } from "react";
import { I18nextProvider, useTranslation } from "react-i18next";
import { directionOf } from "../../i18n/i18n.ts";
import type { App } from "../../store/app-store.ts";
import { AppContext, useHost, useModel } from "../../store/context.ts";
import { DirectionProvider } from "../../ui/direction.tsx";
import { ToastRegion } from "../../ui/toast.tsx";
import { TooltipProvider } from "../../ui/tooltip.tsx";
import { Welcome } from "../welcome/welcome.tsx";
import { useLanguage } from "./language.ts";
import { LinkScreen } from "./link-screen.tsx";
import { Shell } from "./shell.tsx";
import { useTheme } from "./theme.ts";
import { Toasts } from "./toasts.tsx";

/** The whole window. */
export function Root({ app, i18n }: { readonly app: App; readonly i18n: i18n }) {
  return (
    <StrictMode>
      <AppContext value={app}>
        <I18nextProvider i18n={i18n}>
          <Messages />
        </I18nextProvider>
      </AppContext>
    </StrictMode>
  );
}

function Messages() {
  const { t, i18n } = useTranslation();
  const isKnown = useModel(({ host }) => host !== undefined);
  const isSignedOut = useModel(({ link }) => link.kind === "signed_out");
  return (
    <DirectionProvider dir={directionOf(i18n.language)}>
      <TooltipProvider>
        <ToastRegion label={t("shell.notifications")}>
          {isKnown && !isSignedOut ? <Known /> : <LinkScreen />}
          <Toasts />
        </ToastRegion>
      </TooltipProvider>
    </DirectionProvider>
  );
}

/** The host has spoken, so its settings are known. */
function Known() {
  useTheme();
  useLanguage();
  const isWelcomed = useHost(({ settings }) => settings.welcomed);
  return isWelcomed ? <Shell /> : <Welcome />;
}
