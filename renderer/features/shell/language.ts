import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { directionOf, languageFor, switchLanguage } from "../../i18n/i18n.ts";
import { useHost } from "../../store/context.ts";

/** Follows the chosen language, and tells the page which it is and which way it runs. */
export function useLanguage(): void {
  const { i18n } = useTranslation();
  const language = useHost(({ settings, app }) => languageFor(settings.language, app.locale));
  useEffect(() => {
    void switchLanguage(i18n, language);
  }, [i18n, language]);
  const shown = i18n.language;
  useEffect(() => {
    const root = document.documentElement;
    root.lang = shown;
    root.dir = directionOf(shown);
  }, [shown]);
}
