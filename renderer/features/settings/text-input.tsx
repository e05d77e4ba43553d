import { type ComponentProps, useEffect, useRef, useState } from "react";
import { cx } from "../../ui/classes.ts";

export interface TextInputProps extends Omit<ComponentProps<"input">, "value" | "onChange" | "ref"> {
  readonly value: string;
  /** Enter was pressed or the field was left, and the text is another one. */
  readonly onCommit: (text: string) => void;
  readonly mono?: boolean;
}

/** A short text that is saved when it is done, not at every key. Escape brings back what was there. */
export function TextInput({ value, onCommit, mono, className, ...input }: TextInputProps) {
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  const commit = () => {
    if (text !== value) onCommit(text);
  };
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      {...input}
      ref={field}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onBlur={commit}
      onKeyDown={({ key }) => {
        if (key === "Enter") commit();
        if (key === "Escape") setText(value);
      }}
      className={cx(
        "h-9 w-56 max-w-full rounded-control border border-line-strong/60 bg-surface px-3 hover:border-line-strong",
        mono && "font-mono",
        className,
      )}
    />
  );
}
