import { CircleAlert, Info, ShieldX, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./classes.ts";

/** "alarm": somebody may be doing harm. */
type Tone = "info" | "wait" | "bad" | "alarm";

const tones: Readonly<Record<Tone, string>> = {
  info: "bg-well text-text",
  wait: "bg-wait-soft text-text",
  bad: "bg-bad-soft text-text",
  alarm: "bg-bad-soft text-text border-2 border-bad",
};
const icons: Readonly<Record<Tone, ReactNode>> = {
  info: <Info size={18} className="text-text-3" aria-hidden="true" />,
  wait: <TriangleAlert size={18} className="text-wait-text" aria-hidden="true" />,
  bad: <CircleAlert size={18} className="text-bad-text" aria-hidden="true" />,
  alarm: <ShieldX size={22} className="text-bad-text" aria-hidden="true" />,
};

export interface BannerProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Something that goes on being the case, where it matters, with what can be done about it. */
export function Banner({ tone, title, children, actions }: BannerProps) {
  return (
    <div
      role={tone === "bad" || tone === "alarm" ? "alert" : "status"}
      className={cx("flex flex-wrap items-start gap-x-3 gap-y-2.5 rounded-card px-3.5 py-3", tones[tone])}
    >
      <span className="mt-0.5 shrink-0">{icons[tone]}</span>
      <div className="min-w-48 flex-1">
        <p className={tone === "alarm" ? "font-semibold text-lg tracking-tight" : "font-medium"}>{title}</p>
        {children !== undefined && <div className="mt-0.5 text-pretty text-sm text-text-2">{children}</div>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-2 self-center">{actions}</div>}
    </div>
  );
}
