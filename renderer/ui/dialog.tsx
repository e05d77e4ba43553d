import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./classes.ts";
import { IconButton } from "./icon-button.tsx";

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  readonly size?: "small" | "medium";
  /** A question that must be answered: a click beside it does not answer. */
  readonly modal?: "question";
}

/** A dialog in the middle; on a narrow screen a sheet from below. Escape and the cross close it. */
export function Dialog({ open, onClose, title, description, children, size = "small", modal }: DialogProps) {
  const { t } = useTranslation();
  // Before a field of the dialog takes the focus. Radix only knows of triggers of its own.
  const [cameFrom] = useState(() => document.activeElement);
  return (
    <Radix.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="enter-fade fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          // A form's first field takes the focus by itself; elsewhere it goes to the dialog, not to the cross in its corner.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (cameFrom instanceof HTMLElement) cameFrom.focus();
          }}
          // A message that came later is the upper layer to Radix, and would take the key for itself.
          onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
          tabIndex={-1}
          {...(description === undefined && { "aria-describedby": undefined })}
          {...(modal === "question" && {
            role: "alertdialog",
            onPointerDownOutside: (event) => event.preventDefault(),
          })}
          className={cx(
            "enter-rise fixed z-40 flex max-h-[92dvh] flex-col overflow-hidden bg-raised shadow-raised focus:outline-none",
            "inset-x-0 bottom-0 rounded-t-dialog sm:inset-0 sm:m-auto sm:h-fit sm:w-[calc(100%-3rem)] sm:rounded-dialog",
            size === "small" ? "sm:max-w-110" : "sm:max-w-150",
          )}
        >
          <header className="flex items-start gap-3 px-5 pt-5 sm:px-6 sm:pt-6">
            <div className="min-w-0 flex-1">
              <Radix.Title className="wrap-anywhere font-semibold text-lg tracking-tight">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-1 text-pretty text-text-2">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <IconButton label={t("common.close")} icon={<X size={18} />} size="small" className="-me-1.5 -mt-0.5" />
            </Radix.Close>
          </header>
          <div className="min-h-0 overflow-y-auto px-5 pt-5 pb-5 sm:px-6 sm:pb-6">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/**
 * The row of buttons at a dialog's end: the one that goes on comes last. It stays in sight where the dialog is higher
 * than the window, over what scrolls beneath it.
 */
export function DialogActions({ children }: { readonly children: ReactNode }) {
  return (
    <div
      className={cx(
        "sticky -bottom-5 -mx-5 mt-4 -mb-5 flex flex-col-reverse gap-2 bg-raised px-5 pt-2 pb-5 first:mt-0 first:pt-0",
        // What scrolls beneath fades out, so that it is seen that there is more.
        "before:pointer-events-none before:absolute before:inset-x-0 before:bottom-full before:h-4 first:before:hidden",
        "before:bg-linear-to-t before:from-raised before:to-transparent",
        "sm:-bottom-6 sm:-mx-6 sm:-mb-6 sm:flex-row sm:justify-end sm:px-6 sm:pb-6",
      )}
    >
      {children}
    </div>
  );
}
