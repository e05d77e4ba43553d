import { LogIn, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useActions, useHost, useModel } from "../../store/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { cx } from "../../ui/classes.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Mark } from "./mark.tsx";
import { type NavigationEntry, navigation } from "./navigation.ts";
import { SidebarRooms } from "./sidebar-rooms.tsx";

export function Sidebar() {
  const { t } = useTranslation();
  const { go, openDialog } = useActions();
  const isAtRooms = useModel(({ place }) => place.screen === "rooms");
  return (
    <aside className="hidden min-h-0 flex-col border-line border-e bg-sidebar sm:flex">
      <div className="flex h-18 shrink-0 items-center gap-2.5 px-4.5">
        <Mark />
        <span className="font-semibold text-lg tracking-tight">{t("shell.product")}</span>
      </div>
      <div className="flex shrink-0 items-center ps-4.5 pe-2.5 pb-1">
        <h2 className="min-w-0 flex-1">
          <button
            type="button"
            aria-current={isAtRooms ? "page" : undefined}
            onClick={() => go({ screen: "rooms" })}
            className={cx(
              "-ms-2 h-7 max-w-full truncate rounded-md px-2 font-medium text-xs hover:bg-hover hover:text-text",
              isAtRooms ? "text-text" : "text-text-3",
            )}
          >
            {t("shell.rooms")}
          </button>
        </h2>
        <IconButton
          size="small"
          label={t("shell.join")}
          icon={<LogIn size={15} />}
          onClick={() => openDialog({ kind: "join" })}
        />
        <IconButton
          size="small"
          label={t("shell.create")}
          icon={<Plus size={16} />}
          onClick={() => openDialog({ kind: "create" })}
        />
      </div>
      <SidebarRooms />
      <SidebarNavigation />
      <Self />
    </aside>
  );
}

/** The rooms have their place further up. */
const isElsewhere = ({ screen }: NavigationEntry) => screen !== "rooms";

function SidebarNavigation() {
  const { t } = useTranslation();
  const { go } = useActions();
  const current = useModel(({ place }) => place.screen);
  return (
    <nav aria-label={t("shell.navigation")} className="flex shrink-0 flex-col gap-px px-2.5 py-2">
      {navigation.filter(isElsewhere).map(({ screen, icon: Icon, label }) => (
        <button
          key={screen}
          type="button"
          aria-current={current === screen ? "page" : undefined}
          onClick={() => go({ screen })}
          className={cx(
            "flex h-8.5 items-center gap-2.5 rounded-control px-2 text-start",
            current === screen ? "bg-pressed font-medium" : "text-text-2 hover:bg-hover hover:text-text",
          )}
        >
          <Icon size={17} strokeWidth={1.8} aria-hidden="true" className="text-text-3" />
          {t(`shell.${label}`)}
        </button>
      ))}
    </nav>
  );
}

/** Who this computer is in the rooms. */
function Self() {
  const { t } = useTranslation();
  const { publicKey, username, ipv4 } = useHost(({ self }) => self);
  return (
    <div className="flex shrink-0 items-center gap-2.5 border-line border-t px-4 py-3">
      <Avatar publicKey={publicKey} name={username} size={32} />
      <div className="min-w-0 flex-1 text-sm">
        <p className="truncate font-medium leading-5">
          <bdi>{username}</bdi>
        </p>
        <Copyable text={ipv4} label={t("shell.yourAddress")} className="text-text-3 text-xs" />
      </div>
    </div>
  );
}
