import type { ReactNode } from "react";
import { cx } from "./classes.ts";

export type Tone = "neutral" | "live" | "wait" | "bad";

const tones: Readonly<Record<Tone, string>> = {
  neutral: "bg-well text-text-2",
  live: "bg-live-soft text-live-text",
  wait: "bg-wait-soft text-wait-text",
  bad: "bg-bad-soft text-bad-text",
};

export function Badge({
  tone = "neutral",
  icon,
  children,
}: {
  readonly tone?: Tone;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5 shrink-0 items-center gap-1 whitespace-nowrap rounded-full px-1.5 font-medium text-[0.6875rem]",
        tones[tone],
      )}
    >
      {icon}
      {children}
    </span>
  );
}

const dots = { live: "bg-live", wait: "bg-wait breathing", bad: "bg-bad", idle: "bg-line-strong" } as const;

/** A state as a dot, always beside words that say the same. */
export function StateDot({ tone, size = 8 }: { readonly tone: keyof typeof dots; readonly size?: 8 | 10 }) {
  return (
    <span
      aria-hidden="true"
      className={cx("block shrink-0 rounded-full", size === 8 ? "size-2" : "size-2.5", dots[tone])}
    />
  );
}
