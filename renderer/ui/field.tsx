import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./classes.ts";

export interface FieldProps extends Omit<ComponentProps<"input">, "id" | "size"> {
  readonly label: string;
  /** Under the field: what to put in, or why it is asked. */
  readonly hint?: ReactNode;
  /** What is wrong with what is in it. Takes the hint's place, so that nothing jumps. */
  readonly problem?: string | undefined;
  readonly mono?: boolean;
  readonly trailing?: ReactNode;
}

export function Field({ label, hint, problem, mono, trailing, className, ...input }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = problem ?? hint;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium text-sm">
        {label}
      </label>
      <div
        className={cx(
          "flex h-10 items-center rounded-control border bg-surface transition-colors duration-(--fast)",
          "focus-within:outline-(length:--ring-width) focus-within:outline-focus focus-within:-outline-offset-1",
          problem === undefined ? "border-line-strong/60 hover:border-line-strong" : "border-bad",
        )}
      >
        <input
          id={id}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={note === undefined ? undefined : noteId}
          {...input}
          className={cx(
            "h-full w-full min-w-0 rounded-control bg-transparent px-3 outline-none",
            mono && "font-mono tracking-wide",
          )}
        />
        {trailing}
      </div>
      <p
        id={noteId}
        aria-live="polite"
        className={cx("mt-1.5 min-h-4.5 text-pretty text-xs", problem === undefined ? "text-text-3" : "text-bad-text")}
      >
        {note}
      </p>
    </div>
  );
}
