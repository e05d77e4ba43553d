import { useEffect } from "react";
import { useHost } from "../../store/context.ts";

/** The chosen theme as `data-theme` on the root; "system" leaves the choice to the media queries of tokens.css. */
export function useTheme(): void {
  const theme = useHost(({ settings }) => settings.theme);
  useEffect(() => {
    const { dataset } = document.documentElement;
    if (theme === "system") delete dataset.theme;
    else dataset.theme = theme;
  }, [theme]);
}
