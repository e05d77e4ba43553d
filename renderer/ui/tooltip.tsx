import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** Long enough not to flicker while the pointer crosses, short enough to answer a question. */
const DELAY_MS = 450;

export function TooltipProvider({ children }: { readonly children: ReactNode }) {
  return <Radix.Provider delayDuration={DELAY_MS}>{children}</Radix.Provider>;
}

export interface TooltipProps {
  readonly text: ReactNode;
  readonly children: ReactNode;
  /** For what gets the focus back by itself, as a menu's button does when the menu closes. */
  readonly byPointerOnly?: boolean;
}

/** Words for what is drawn only. Never the sole place of something that matters: touch has no pointer. */
export function Tooltip({ text, children, byPointerOnly = false }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild {...(byPointerOnly && { onFocus: (event) => event.preventDefault() })}>
        {children}
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={6}
          collisionPadding={8}
          className="enter-fade z-50 max-w-72 rounded-md bg-ink px-2 py-1 text-on-ink text-xs shadow-raised"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
