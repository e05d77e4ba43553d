import { useId } from "react";
import { cx } from "./classes.ts";

export interface ChoiceCardProps {
  readonly name: string;
  readonly title: string;
  readonly detail: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
}

/** One of a few choices that need a sentence each: a radio button with room for it. */
export function ChoiceCard({ name, title, detail, checked, onChoose }: ChoiceCardProps) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className={cx(
        "flex items-start gap-3 rounded-control border px-3 py-2.5 transition-colors duration-(--fast)",
        "has-focus-visible:outline-(length:--ring-width) has-focus-visible:outline-focus has-focus-visible:outline-offset-2",
        checked ? "border-ink bg-well" : "border-line hover:border-line-strong",
      )}
    >
      <input
        id={id}
        type="radio"
        name={name}
        checked={checked}
        onChange={onChoose}
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-detail`}
        className="mt-[3px] size-4 shrink-0 appearance-none rounded-full border-[1.5px] border-line-strong bg-surface outline-none checked:border-[5px] checked:border-ink"
      />
      <span className="min-w-0">
        <span id={`${id}-title`} className="block font-medium">
          {title}
        </span>
        <span id={`${id}-detail`} className="block text-pretty text-sm text-text-2">
          {detail}
        </span>
      </span>
    </label>
  );
}
