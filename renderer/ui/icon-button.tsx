import type { ComponentProps, ReactNode } from "react";
import { cx } from "./classes.ts";
import { Tooltip } from "./tooltip.tsx";

export interface IconButtonProps extends ComponentProps<"button"> {
  /** What it does: read by screen readers, and shown when pointed at. */
  readonly label: string;
  readonly icon: ReactNode;
  readonly size?: "medium" | "small";
  readonly opensMenu?: boolean;
}

export function IconButton({ label, icon, size = "medium", opensMenu = false, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} byPointerOnly={opensMenu}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={cx(
          "inline-flex shrink-0 items-center justify-center rounded-control text-text-3 transition-colors duration-(--fast)",
          "hover:bg-hover hover:text-text active:bg-pressed disabled:pointer-events-none disabled:opacity-45",
          "data-[state=open]:bg-hover data-[state=open]:text-text",
          size === "small" ? "hit size-7" : "size-9",
          className,
        )}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
