import { DoorOpen, ShieldX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { UiRoom } from "../../../shared/ipc/app.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHost, useHostList } from "../../store/context.ts";
import { doorkeepersOf, visitorsOf } from "../../store/rooms.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Button } from "../../ui/button.tsx";
import { SafetyWords } from "../trust/safety-words.tsx";
import type { MemberRef } from "./member-ref.ts";

/** More than these at once are a crowd that somebody may have made up: it must not push the members out of sight. */
const MAX_CARDS = 3;

/** Whoever came without the room's key, above everything else: nobody stands there unseen. */
export function Door({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { list } = useFormats();
  const keys = useHostList(({ rooms }) => visitors(rooms[roomId]).map(({ publicKey }) => publicKey));
  const names = useHostList(({ rooms }) => visitors(rooms[roomId]).map(({ username }) => username));
  const [isWhole, setWhole] = useState(false);
  return (
    <>
      <p role="status" className="sr-only">
        {names.length > 0 && t("door.announced", { names: list(names.slice(0, MAX_CARDS)) })}
      </p>
      {keys.length > 0 && (
        <section aria-label={t("door.title")} className="mb-4 grid gap-3">
          {keys.slice(0, isWhole ? keys.length : MAX_CARDS).map((publicKey) => (
            <Visitor key={publicKey} roomId={roomId} publicKey={publicKey} />
          ))}
          {!isWhole && keys.length > MAX_CARDS && (
            <Button onClick={() => setWhole(true)}>{t("door.showAll", { count: keys.length })}</Button>
          )}
        </section>
      )}
    </>
  );
}

function visitors(room: UiRoom | undefined): readonly MemberView[] {
  return room ? visitorsOf(room) : [];
}

function Visitor({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const { day } = useFormats();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const words = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.words ?? "");
  const canLetIn = useHost(({ rooms }) => rooms[roomId]?.trust.canLetIn ?? false);
  const changed = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.changedKey);
  const wasRemoved = useHost(({ rooms }) => rooms[roomId]?.trust.removed[publicKey] !== undefined);
  return (
    <article className="enter-rise @container/visitor rounded-card border border-wait/55 bg-wait-soft p-4">
      <div className="flex items-start gap-3.5">
        <span className="relative">
          <Avatar publicKey={publicKey} name={name} size={44} />
          <span className="absolute -end-1.5 -bottom-1.5 grid size-5.5 place-items-center rounded-full bg-surface text-wait-text shadow-card">
            <DoorOpen size={13} strokeWidth={2.2} aria-hidden="true" />
          </span>
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="wrap-anywhere font-semibold text-lg tracking-tight">{t("door.who", { name })}</h2>
          <p className="mt-0.5 text-pretty text-sm text-text-2">
            {wasRemoved ? t("door.wasRemoved", { name }) : t("door.why")} {canLetIn && t("door.how", { name })}
          </p>
        </div>
      </div>
      {changed && (
        <p className="mt-3 flex items-start gap-2 font-medium text-bad-text text-sm">
          <ShieldX size={17} aria-hidden="true" className="mt-px shrink-0" />
          <span>
            {t("changed.title", { name })}. {t("changed.detail", { name, day: day(changed.since) })}
          </span>
        </p>
      )}
      <div className="mt-3.5 rounded-control bg-surface px-4 py-3">
        <p className="mb-1 text-text-3 text-xs">{t("compare.theirs", { name })}</p>
        <SafetyWords words={words} label={t("compare.theirs", { name })} />
      </div>
      {canLetIn ? <Answer roomId={roomId} publicKey={publicKey} /> : <Doorkeepers roomId={roomId} />}
    </article>
  );
}

function Answer({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const { order, toast } = useActions();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const [busy, setBusy] = useState<"letIn" | "turnAway">();
  const params = { roomId, member: publicKey };
  const values = { name };
  const letIn = async () => {
    setBusy("letIn");
    await order("letIn", params, { kind: "said", key: "door.letInDone", values });
    setBusy(undefined);
  };
  const turnAway = async () => {
    setBusy("turnAway");
    const isDone = await order("turnAway", params);
    // Whoever was turned away by mistake is still there.
    const action = { kind: "letIn", run: () => void letIn() } as const;
    if (isDone) toast("plain", { kind: "said", key: "door.turnedAwayDone", values }, action);
    setBusy(undefined);
  };
  return (
    <div className="mt-3.5 flex flex-wrap gap-2 *:flex-1 @sm/visitor:*:flex-none">
      <Button look="primary" busy={busy === "letIn"} onClick={() => void letIn()}>
        {t("door.letIn")}
      </Button>
      <Button busy={busy === "turnAway"} onClick={() => void turnAway()}>
        {t("door.turnAway")}
      </Button>
    </div>
  );
}

/** More names than this are a crowd: any of them will do. */
const MAX_NAMED = 3;

/** Who can answer, where this computer cannot. */
function Doorkeepers({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { choice } = useFormats();
  const names = useHostList(({ rooms }) => {
    const keepers = rooms[roomId] ? doorkeepersOf(rooms[roomId]) : [];
    return keepers.slice(0, MAX_NAMED).map(({ username }) => username);
  });
  return (
    <p className="mt-3 text-pretty text-sm text-text-2">
      {names.length > 0 ? t("door.others", { names: choice(names) }) : t("door.nobody")}
    </p>
  );
}
