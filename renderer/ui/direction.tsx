import { Direction } from "radix-ui";
import type { ReactNode } from "react";

/** Which way menus open and arrow keys lead. */
export function DirectionProvider({ dir, children }: { readonly dir: "ltr" | "rtl"; readonly children: ReactNode }) {
  return <Direction.Provider dir={dir}>{children}</Direction.Provider>;
}
