import { useTranslation } from "react-i18next";
import { useActions, useModel } from "../../store/context.ts";
import { cx } from "../../ui/classes.ts";
import { navigation } from "./navigation.ts";

/** The navigation of a narrow window, where a thumb reaches it. */
export function BottomBar() {
  const { t } = useTranslation();
  const { go } = useActions();
  const current = useModel(({ place }) => (place.screen === "room" ? "rooms" : place.screen));
  return (
    <nav
      aria-label={t("shell.navigation")}
      className="flex border-line border-t bg-sidebar pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {navigation.map(({ screen, icon: Icon, label }) => (
        <button
          key={screen}
          type="button"
          aria-current={current === screen ? "page" : undefined}
          onClick={() => go({ screen })}
          className={cx(
            "flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[0.6875rem] -outline-offset-2",
            current === screen ? "font-medium text-text" : "text-text-3",
          )}
        >
          <Icon size={20} strokeWidth={current === screen ? 2.1 : 1.8} aria-hidden="true" />
          <span className="max-w-full truncate px-1">{t(`shell.${label}`)}</span>
        </button>
      ))}
    </nav>
  );
}
