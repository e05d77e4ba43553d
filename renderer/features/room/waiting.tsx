import { DoorClosed } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { useHost, useHostList } from "../../store/context.ts";
import { othersIn } from "../../store/rooms.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Badge } from "../../ui/badge.tsx";
import { SafetyWords } from "../trust/safety-words.tsx";
import type { MemberRef } from "./member-ref.ts";

/** This computer came with the PIN alone: what it waits for, what to read to those inside, and who they are. */
export function Waiting({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? "");
  const isWaiting = useHost(({ rooms }) => rooms[roomId]?.trust.waiting ?? false);
  const selfKey = useHost(({ self }) => self.publicKey);
  const words = useHost(({ rooms }) => rooms[roomId]?.members[selfKey]?.words ?? "");
  return (
    <section className="card p-5 sm:p-7" aria-label={t("waiting.label")}>
      <div className="mx-auto max-w-125">
        <span className="grid size-12 place-items-center rounded-full bg-wait-soft text-wait-text">
          <DoorClosed size={24} strokeWidth={1.8} className={isWaiting ? "breathing" : ""} aria-hidden="true" />
        </span>
        <div role="status" className="mt-4">
          <h2 className="wrap-anywhere text-balance font-semibold text-xl tracking-tight">
            {isWaiting ? t("waiting.title", { room: name }) : t("waiting.titleNobody")}
          </h2>
          <p className="mt-1.5 text-pretty text-text-2">
            {isWaiting ? t("waiting.detail") : t("waiting.detailNobody")}
          </p>
        </div>
        <div className="mt-5 rounded-card bg-well px-4 py-3.5">
          <h3 className="mb-1.5 text-sm text-text-2">{t("waiting.words")}</h3>
          <SafetyWords words={words} label={t("compare.yours")} size="large" />
        </div>
        <p className="mt-2 text-pretty text-text-3 text-xs">{t("waiting.wordsWhy")}</p>
        <Inside roomId={roomId} />
      </div>
    </section>
  );
}

/** Those who can be asked. */
function Inside({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const keys = useHostList(({ rooms }): readonly PublicKey[] =>
    rooms[roomId] ? othersIn(rooms[roomId]).map(({ publicKey }) => publicKey) : [],
  );
  if (keys.length === 0) return null;
  return (
    <>
      <h3 className="mt-6 font-medium text-sm">{t("waiting.inside")}</h3>
      <ul className="mt-2 flex flex-wrap gap-2">
        {keys.map((publicKey) => (
          <Person key={publicKey} roomId={roomId} publicKey={publicKey} />
        ))}
      </ul>
    </>
  );
}

function Person({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const role = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.role ?? "member");
  return (
    <li className="flex min-w-0 max-w-full items-center gap-2 rounded-full border border-line py-1 ps-1 pe-3">
      <Avatar publicKey={publicKey} name={name} size={26} />
      <bdi className="min-w-0 truncate">{name}</bdi>
      {role !== "member" && <Badge>{t(`member.roles.${role}`)}</Badge>}
    </li>
  );
}
