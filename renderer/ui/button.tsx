import type { ComponentProps, ReactNode } from "react";
import { cx } from "./classes.ts";
import { Spinner } from "./spinner.tsx";

type Look = "primary" | "secondary" | "quiet" | "danger";

export interface ButtonProps extends ComponentProps<"button"> {
  /** "primary" once a view at most: what most people came to do. */
  readonly look?: Look;
  readonly size?: "medium" | "small" | "large";
  readonly icon?: ReactNode;
  /** Something is under way: the button keeps its size and takes no second click. */
  readonly busy?: boolean;
}

const looks: Readonly<Record<Look, string>> = {
  primary: "bg-ink text-on-ink hover:bg-ink-hover",
  secondary: "border border-line bg-surface shadow-card hover:bg-well",
  quiet: "text-text-2 hover:bg-hover hover:text-text active:bg-pressed",
  danger: "bg-bad text-on-bad hover:bg-bad-hover",
};
const sizes = {
  small: "h-8 gap-1.5 px-2.5 text-sm",
  medium: "h-9 gap-2 px-3.5 text-base",
  large: "h-11 gap-2 px-5 text-lg",
} as const;

export function Button({ look = "secondary", size = "medium", icon, busy, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      {...rest}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
      className={cx(
        "inline-flex shrink-0 select-none items-center justify-center rounded-control font-medium transition-colors duration-(--fast)",
        "disabled:pointer-events-none disabled:opacity-45",
        looks[look],
        sizes[size],
        className,
      )}
    >
      {busy ? <Spinner /> : icon}
      {children !== undefined && <span className="truncate">{children}</span>}
    </button>
  );
}
