import { cx } from "../../ui/classes.ts";
import { Copyable } from "../../ui/copyable.tsx";

export function InvitationRow({
  label,
  value,
  large = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly large?: boolean;
}) {
  return (
    <div className="flex items-center gap-4 px-3.5 py-2">
      <dt className="w-16 shrink-0 text-sm text-text-2">{label}</dt>
      <dd className="min-w-0 flex-1">
        <Copyable
          text={value}
          label={label}
          isPlain
          className={cx(
            "w-full justify-between font-mono",
            large ? "font-semibold text-lg tracking-[0.2em]" : "text-sm",
          )}
        />
      </dd>
    </div>
  );
}
