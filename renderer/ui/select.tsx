import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "./classes.ts";

export interface SelectProps<T extends string> extends Omit<ComponentProps<"select">, "onChange" | "value"> {
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

/** The platform's own list, which every keyboard, finger and screen reader knows; only its closed face is ours. */
export function Select<T extends string>({ value, options, onChange, className, ...rest }: SelectProps<T>) {
  return (
    <span className={cx("relative inline-flex", className)}>
      <select
        {...rest}
        value={value}
        onChange={({ target }) => {
          const chosen = options.find((option) => option.value === target.value);
          if (chosen) onChange(chosen.value);
        }}
        className="h-9 w-full appearance-none rounded-control border border-line-strong/60 bg-surface ps-3 pe-8 hover:border-line-strong disabled:opacity-45"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} className="bg-raised text-text">
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown
        size={16}
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0 end-2.5 my-auto text-text-3"
      />
    </span>
  );
}
