import { useTranslation } from "react-i18next";
import { cx } from "../../ui/classes.ts";

/** One grid for heads and rows; the narrower the card, the fewer columns, and the rest moves under the name. */
export const COLUMNS = cx(
  "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 ps-4 pe-2",
  "@2xl/members:grid-cols-[minmax(0,1fr)_8.25rem_6.5rem_7.5rem_2.25rem]",
  "@4xl/members:grid-cols-[minmax(0,1fr)_8.25rem_6.5rem_9.5rem_8.5rem_2.25rem]",
);

export function MemberColumns() {
  const { t } = useTranslation();
  const head = "truncate font-medium text-text-3 text-xs";
  return (
    // For the eye: every cell says what it is by itself.
    <div aria-hidden="true" className={cx(COLUMNS, "hidden h-9 border-line border-b @2xl/members:grid")}>
      <span className={head}>{t("room.columns.member")}</span>
      <span className={head}>{t("room.columns.address")}</span>
      <span className={head}>{t("room.columns.path")}</span>
      <span className={head}>{t("room.columns.rtt")}</span>
      <span className={cx(head, "hidden @4xl/members:block")}>{t("room.columns.traffic")}</span>
    </div>
  );
}
