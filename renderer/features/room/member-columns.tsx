import { useTranslation } from "react-i18next";
import { cx } from "../../ui/classes.ts";

/**
 * One grid for heads and rows. In a narrow card everything stands under the name; in the app's window as it first opens
 * (34 rem are left there) path, round trip and traffic have columns of their own; in a wide one the address too.
 */
export const COLUMNS = cx(
  "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 ps-4 pe-2",
  "@[34rem]/members:grid-cols-[minmax(0,1fr)_5.5rem_6.5rem_5.25rem_2.25rem]",
  "@3xl/members:grid-cols-[minmax(0,1fr)_9.25rem_7rem_7.5rem_6rem_2.25rem] @3xl/members:gap-x-4",
);

export function MemberColumns() {
  const { t } = useTranslation();
  const head = "truncate font-medium text-text-3 text-xs";
  return (
    // For the eye: every cell says what it is by itself.
    <div aria-hidden="true" className={cx(COLUMNS, "hidden h-9 border-line border-b @[34rem]/members:grid")}>
      <span className={head}>{t("room.columns.member")}</span>
      <span className={cx(head, "hidden @3xl/members:block")}>{t("room.columns.address")}</span>
      <span className={head}>{t("room.columns.path")}</span>
      <span className={head}>{t("room.columns.rtt")}</span>
      <span className={head}>{t("room.columns.traffic")}</span>
    </div>
  );
}
