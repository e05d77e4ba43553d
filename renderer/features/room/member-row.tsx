import { memo } from "react";
import { useTranslation } from "react-i18next";
import { isReached } from "../../../shared/ipc/members.ts";
import { useHost } from "../../store/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { cx } from "../../ui/classes.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { COLUMNS } from "./member-columns.tsx";
import { MemberMenu } from "./member-menu.tsx";
import { MemberName } from "./member-name.tsx";
import { MemberPath } from "./member-path.tsx";
import type { MemberRef } from "./member-ref.ts";
import { MemberRtt } from "./member-rtt.tsx";
import { MemberTraffic } from "./member-traffic.tsx";
import type { Fit } from "./use-fit.ts";

/** Of fifty rows most are out of sight: those are neither laid out nor painted until they come into it. */
const OFF_SCREEN = "[content-visibility:auto] [contain-intrinsic-size:auto_4rem]";

/** Each cell reads what it shows by itself, so that a round trip that changes draws two numbers and a line. */
export const MemberRow = memo(function MemberRow({ roomId, publicKey, fit }: MemberRef & { readonly fit: Fit }) {
  const { t } = useTranslation();
  const username = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const ipv4 = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.ipv4 ?? "");
  const isQuiet = useHost(({ rooms }) => {
    const member = rooms[roomId]?.members[publicKey];
    return member?.state !== "self" && !(member && isReached(member));
  });
  const address = <Copyable text={ipv4} label={t("member.address", { name: username })} className="min-w-0 text-sm" />;
  return (
    <li className={cx(COLUMNS, OFF_SCREEN, "min-h-16 border-line py-2 not-last:border-b")}>
      <div className="flex min-w-0 items-center gap-3">
        <span className={cx("transition-opacity duration-(--calm)", isQuiet && "opacity-45")}>
          <Avatar publicKey={publicKey} name={username} />
        </span>
        <div className="min-w-0 flex-1">
          <MemberName roomId={roomId} publicKey={publicKey} />
          <div className="flex min-w-0 flex-wrap items-center gap-x-2.5 text-text-2 @3xl/members:hidden">
            {fit !== "wide" && address}
            {fit === "stacked" && (
              <span className="contents @[34rem]/members:hidden">
                <MemberRtt roomId={roomId} publicKey={publicKey} isCompact />
                <MemberPath roomId={roomId} publicKey={publicKey} isCompact />
              </span>
            )}
          </div>
        </div>
      </div>
      {fit === "wide" && <div className="hidden @3xl/members:block">{address}</div>}
      {fit !== "stacked" && (
        <>
          <div className="hidden @[34rem]/members:block">
            <MemberPath roomId={roomId} publicKey={publicKey} />
          </div>
          <div className="hidden @[34rem]/members:block">
            <MemberRtt roomId={roomId} publicKey={publicKey} />
          </div>
          <div className="hidden @[34rem]/members:block">
            <MemberTraffic roomId={roomId} publicKey={publicKey} />
          </div>
        </>
      )}
      <MemberMenu roomId={roomId} publicKey={publicKey} />
    </li>
  );
});
