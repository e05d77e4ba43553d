import { Check, Copy } from "lucide-react";
import { cx } from "./classes.ts";
import { CopyButton } from "./copyable.tsx";

export interface CommandLineProps {
  /** To be run in a terminal. Shown whole: nobody should run what they cannot see. */
  readonly text: string;
  /** What it is for, for who cannot see where it stands. */
  readonly label: string;
  readonly className?: string;
}

/** A line for a terminal, which a click copies. */
export function CommandLine({ text, label, className }: CommandLineProps) {
  return (
    <CopyButton
      text={text}
      label={label}
      dir="ltr"
      className={cx(
        "flex w-full items-start justify-between gap-3 rounded-control bg-surface px-3 py-2 text-start font-mono text-text text-xs transition-colors duration-(--fast) hover:bg-hover active:bg-pressed",
        className,
      )}
    >
      {(isCopied) => (
        <>
          <span className="min-w-0 wrap-anywhere">{text}</span>
          {isCopied ? (
            <Check size={14} strokeWidth={2.5} aria-hidden="true" className="mt-px shrink-0 text-live-text" />
          ) : (
            <Copy size={14} aria-hidden="true" className="mt-px shrink-0 text-text-3" />
          )}
        </>
      )}
    </CopyButton>
  );
}
