import { isReached } from "../../../shared/ipc/members.ts";
import { useFormats } from "../../i18n/format.ts";
import { useFigureLabel } from "../../i18n/use-figure-label.ts";
import { useHost, useModel } from "../../store/context.ts";
import { SAMPLE_COUNT } from "../../store/samples.ts";
import { cx } from "../../ui/classes.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import type { MemberRef } from "./member-ref.ts";

const NO_VALUES: readonly (number | null)[] = [];

/** The round trip now, and its last minute. */
export function MemberRtt({ roomId, publicKey, isCompact = false }: MemberRef & { readonly isCompact?: boolean }) {
  const { milliseconds } = useFormats();
  const isConnected = useHost(({ rooms }) => {
    const member = rooms[roomId]?.members[publicKey];
    return member !== undefined && isReached(member);
  });
  const rttMs = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.rttMs);
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const values = useModel(({ samples }) => samples[publicKey]?.rttMs ?? NO_VALUES);
  const label = useFigureLabel("member.rtt", name, "ms");
  if (!isConnected || rttMs === undefined) return null;
  const text = milliseconds(rttMs);
  return (
    <span className="flex items-center gap-2 text-sm">
      <span className="sr-only">{label(text)}</span>
      <span aria-hidden="true" className={cx("figures whitespace-nowrap", !isCompact && "min-w-11")}>
        {text}
      </span>
      <span className={cx("text-text-3", isCompact && "hidden @md/members:block")}>
        <Sparkline values={values} capacity={SAMPLE_COUNT} width={isCompact ? 36 : 40} height={18} />
      </span>
    </span>
  );
}
