import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./icon-button.tsx";

/** Time to read two lines; a failure stays longer, because it may need to be written down. */
const SHOWN_MS = 5_000;
const FAILURE_SHOWN_MS = 12_000;

export interface ToastProps {
  readonly tone: "plain" | "good" | "bad";
  readonly text: string;
  readonly action?: { readonly label: string; readonly onSelect: () => void };
  readonly onClose: () => void;
}

export function Toast({ tone, text, action, onClose }: ToastProps) {
  const { t } = useTranslation();
  return (
    <Radix.Root
      duration={tone === "bad" ? FAILURE_SHOWN_MS : SHOWN_MS}
      type={tone === "bad" ? "foreground" : "background"}
      onOpenChange={(isOpen) => !isOpen && onClose()}
      className="enter-rise flex w-full items-start gap-2.5 rounded-card bg-raised py-2.5 ps-3.5 pe-2 shadow-raised"
    >
      {tone !== "plain" && (
        <span className="mt-0.5 shrink-0" aria-hidden="true">
          {tone === "bad" ? (
            <CircleAlert size={18} className="text-bad-text" />
          ) : (
            <CircleCheck size={18} className="text-live-text" />
          )}
        </span>
      )}
      <Radix.Description className="wrap-anywhere min-w-0 flex-1 py-0.5 text-sm">{text}</Radix.Description>
      {action && (
        <Radix.Action asChild altText={action.label}>
          <button
            type="button"
            onClick={action.onSelect}
            className="h-7 rounded-md px-2 font-medium text-sm hover:bg-hover"
          >
            {action.label}
          </button>
        </Radix.Action>
      )}
      <Radix.Close asChild>
        <IconButton label={t("common.close")} icon={<X size={15} />} size="small" />
      </Radix.Close>
    </Radix.Root>
  );
}

export function ToastRegion({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Radix.Provider label={label} swipeDirection="down">
      {children}
      <Radix.Viewport
        label={`${label} ({hotkey})`}
        className="fixed end-0 bottom-0 z-50 flex w-full flex-col gap-2 p-4 pb-20 outline-none sm:w-100 sm:pb-4"
      />
    </Radix.Provider>
  );
}
