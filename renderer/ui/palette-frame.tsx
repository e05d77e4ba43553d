import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";

export interface PaletteFrameProps {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A panel near the top, where the eyes are; Escape or a click beside it closes it. */
export function PaletteFrame({ label, onClose, children }: PaletteFrameProps) {
  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="enter-fade fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="enter-rise fixed inset-x-3 top-[12dvh] z-40 mx-auto flex max-h-[70dvh] max-w-140 flex-col overflow-hidden rounded-dialog bg-raised shadow-raised focus:outline-none"
        >
          <Radix.Title className="sr-only">{label}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
