import { Switch as Radix } from "radix-ui";
import { cx } from "./classes.ts";

export interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label?: string;
  readonly id?: string;
  readonly disabled?: boolean;
  readonly size?: "medium" | "large";
  /** The colour of "on". Only what is really connected is "live". */
  readonly tone?: "ink" | "live" | "wait" | "bad";
}

const tones = {
  ink: "data-[state=checked]:bg-ink",
  live: "data-[state=checked]:bg-live",
  wait: "data-[state=checked]:bg-wait",
  bad: "data-[state=checked]:bg-bad",
} as const;

export function Switch({ checked, onChange, label, id, disabled, size = "medium", tone = "ink" }: SwitchProps) {
  const isLarge = size === "large";
  return (
    <Radix.Root
      {...(id !== undefined && { id })}
      {...(label !== undefined && { "aria-label": label })}
      checked={checked}
      disabled={disabled ?? false}
      onCheckedChange={onChange}
      className={cx(
        "hit shrink-0 rounded-full bg-line-strong p-0.5 transition-colors duration-(--calm) disabled:opacity-45",
        isLarge ? "h-8 w-14" : "h-5.5 w-9.5",
        tones[tone],
      )}
    >
      <Radix.Thumb
        className={cx(
          "block rounded-full bg-surface shadow-sm transition-transform duration-(--calm) ease-(--ease)",
          isLarge
            ? "size-7 data-[state=checked]:translate-x-6 rtl:data-[state=checked]:-translate-x-6"
            : "size-4.5 data-[state=checked]:translate-x-4 rtl:data-[state=checked]:-translate-x-4",
        )}
      />
    </Radix.Root>
  );
}
