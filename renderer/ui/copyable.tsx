import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./classes.ts";

const SHOWN_MS = 1_600;

/** Copies, and for a moment says that it did. */
export function useCopy(): readonly [isCopied: boolean, copy: (text: string) => void] {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = (text: string) => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setCopied(false), SHOWN_MS);
    });
  };
  return [isCopied, copy];
}

export interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  readonly className: string;
  readonly dir?: "ltr";
  readonly children: (isCopied: boolean) => ReactNode;
}

/** Copies on a click, and tells who cannot see it that it did. */
export function CopyButton({ text, label, className, dir, children }: CopyButtonProps) {
  const { t } = useTranslation();
  const [isCopied, copy] = useCopy();
  return (
    <button
      type="button"
      onClick={() => copy(text)}
      aria-label={t("common.copyWhat", { what: label, value: text })}
      title={t("common.copy")}
      className={className}
      {...(dir && { dir })}
    >
      {children(isCopied)}
      <span className="sr-only" aria-live="polite">
        {isCopied ? t("common.copied") : ""}
      </span>
    </button>
  );
}

export interface CopyableProps {
  readonly text: string;
  /** What it is, for who cannot see where it stands: "Address of Ana". */
  readonly label: string;
  readonly children?: ReactNode;
  /** The sign of copying is always there, not only when pointed at. */
  readonly isPlain?: boolean;
  readonly className?: string;
}

/** A text that a click copies: the whole of it is the button. */
export function Copyable({ text, label, children, isPlain = false, className }: CopyableProps) {
  return (
    <CopyButton
      text={text}
      label={label}
      className={cx(
        "group/copy -mx-1.5 inline-flex max-w-full items-center gap-1.5 rounded-md px-1.5 py-0.5 text-start transition-colors duration-(--fast) hover:bg-hover active:bg-pressed",
        className,
      )}
    >
      {(isCopied) => (
        <>
          <span className="figures min-w-0 truncate" dir="ltr">
            {children ?? text}
          </span>
          <span aria-hidden="true" className="relative size-3.5 shrink-0">
            <Copy
              size={14}
              className={cx(
                "absolute inset-0 text-text-3 group-hover/copy:opacity-100 group-focus-visible/copy:opacity-100",
                !isPlain && "opacity-0",
                isCopied && "invisible",
              )}
            />
            <Check
              size={14}
              strokeWidth={2.5}
              className={cx("absolute inset-0 text-live-text", !isCopied && "invisible")}
            />
          </span>
        </>
      )}
    </CopyButton>
  );
}
