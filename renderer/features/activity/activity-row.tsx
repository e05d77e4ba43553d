import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Activity } from "../../../shared/ipc/app.ts";
import { failureText, knownFailure } from "../../i18n/failures.ts";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHost } from "../../store/context.ts";
import { cx } from "../../ui/classes.ts";
import { Original } from "../sentence.tsx";
import { type Tone, toneOf } from "./entries.ts";

const dots: Readonly<Record<Tone, string>> = {
  plain: "bg-line-strong",
  good: "bg-live",
  wait: "bg-wait",
  bad: "bg-bad",
};

export const ActivityRow = memo(function ActivityRow({ entry }: { readonly entry: Activity }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <li className="flex flex-wrap items-start gap-x-3 px-4 py-2.5 sm:flex-nowrap">
      <span aria-hidden="true" className={cx("mt-2 size-1.5 shrink-0 rounded-full", dots[toneOf(entry)])} />
      <div className="min-w-0 flex-1 basis-4/5 sm:basis-0">
        <p className="text-pretty [overflow-wrap:anywhere]">{sentence()}</p>
        <Detail entry={entry} />
      </div>
      {/* Beside the sentence, and in little room under it, the time first. */}
      <div className="flex w-full shrink-0 flex-row-reverse items-start justify-end gap-3 ps-4.5 sm:w-auto sm:flex-row sm:ps-0">
        <RoomLink entry={entry} />
        <time dateTime={new Date(entry.at).toISOString()} className="figures mt-px shrink-0 text-sm text-text-3">
          {formats.time(entry.at)}
        </time>
      </div>
    </li>
  );

  function sentence(): string {
    const { kind, detail = "" } = entry;
    const member = entry.member ?? t("activity.someMember");
    const room = entry.room ?? t("activity.someRoom");
    if (kind === "room_renamed" && detail !== "") return t("activity.nowCalled", { before: detail, room });
    if (kind === "door_opened" && detail !== "") return t("activity.letInBy", { member, room, by: detail });
    if (kind === "role_changed" && detail === "trusted") return t("activity.nowTrusted", { member, room });
    if (kind === "role_changed" && detail === "member") return t("activity.nowMember", { member, room });
    if (kind === "rules_changed" && detail === "sealed") return t("activity.nowSealed", { room });
    if (kind === "rules_changed" && detail === "open") return t("activity.nowOpen", { room });
    return t(`activity.kinds.${kind}`, { member, room });
  }
});

/**
 * What these say in `detail` is in their sentence, or is no words for a person: settings are told by their names in the
 * file, rules and roles by those of the contract, and of being removed a server says nothing but that.
 */
const WITHOUT_DETAIL: ReadonlySet<Activity["kind"]> = new Set([
  "settings_changed",
  "room_renamed",
  "kicked",
  "door_opened",
  "role_changed",
  "rules_changed",
]);

/** What the system said of these names the file or the device, which the words for all of them do not. */
const WITH_ORIGINAL: ReadonlySet<Activity["kind"]> = new Set(["file_damaged", "tunnel_failed"]);

/** Why, where there is a why. */
function Detail({ entry: { kind, code = "", detail = "" } }: { readonly entry: Activity }) {
  const { t } = useTranslation();
  if (WITHOUT_DETAIL.has(kind) || (code === "" && detail === "")) return null;
  // A device's name is written as it is.
  const why = kind === "tunnel_up" ? detail : failureText(t, { code, message: detail });
  return (
    <>
      <p className="text-pretty text-sm text-text-2 [overflow-wrap:anywhere]">
        <bdi>{why}</bdi>
      </p>
      {WITH_ORIGINAL.has(kind) && knownFailure(code) !== undefined && detail !== "" && (
        <Original text={detail} isAside />
      )}
    </>
  );
}

/** Leads to the room, as long as this computer is in it. */
function RoomLink({ entry: { roomId } }: { readonly entry: Activity }) {
  const { t } = useTranslation();
  const { go } = useActions();
  const isThere = useHost(({ rooms }) => roomId !== undefined && rooms[roomId] !== undefined);
  if (roomId === undefined || !isThere) return null;
  return (
    <button
      type="button"
      className="hit shrink-0 text-sm text-text-2 underline decoration-line-strong underline-offset-3 hover:text-text"
      onClick={() => go({ screen: "room", roomId })}
    >
      {t("activity.openRoom")}
    </button>
  );
}
