import { useEffect } from "react";
import { useActions } from "../../store/context.ts";

/** Ctrl+K, or Cmd+K on a Mac, opens the palette, wherever the focus is. */
export function usePaletteKey(): void {
  const { openDialog } = useActions();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      openDialog({ kind: "palette" });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [openDialog]);
}
