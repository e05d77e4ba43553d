import { Check, Copy, KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { Failure } from "../../../shared/base/result.ts";
import type { Invitation } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { useCopy } from "../../ui/copyable.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { InvitationRow } from "./invitation-row.tsx";
import { LocalServer } from "./local-server.tsx";

export default function InviteDialog({ roomId, onClose }: { readonly roomId: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { ask } = useActions();
  const name = useHost(({ rooms }) => Object.values(rooms).find((room) => room.roomId === roomId)?.name ?? roomId);
  // What others dial changes when the server is opened to the network: the invitation is made anew then.
  const server = useHost((host) => `${host.server.url} ${host.server.publicUrl ?? ""}`);
  const hasDoor = useHost(({ rooms }) => rooms[roomId as RoomId]?.trust.seal !== "open");
  const [invitation, setInvitation] = useState<Invitation>();
  const [failure, setFailure] = useState<Failure>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the server's address is a reason to ask again.
  useEffect(() => {
    let isCurrent = true;
    void ask("invite", { roomId }).then((made) => {
      if (!isCurrent) return;
      if (made.ok) setInvitation(made.value);
      setFailure(made.ok ? undefined : made.error);
    });
    return () => {
      isCurrent = false;
    };
  }, [ask, roomId, server]);

  return (
    <Dialog
      open
      size="medium"
      onClose={onClose}
      title={t("invite.title", { name })}
      {...(invitation && {
        description: t(
          `invite.${invitation.sealed ? "descriptionSealed" : hasDoor ? "descriptionDoor" : "description"}`,
        ),
      })}
    >
      {failure && (
        <Banner tone="bad" title={t("invite.failed")}>
          {failureText(t, failure)}
        </Banner>
      )}
      {invitation && !invitation.reachable && <LocalServer />}
      {invitation ? <Details invitation={invitation} /> : !failure && <Skeleton className="h-52" />}
    </Dialog>
  );
}

function Details({ invitation }: { readonly invitation: Invitation }) {
  const { t } = useTranslation();
  const [isCopied, copy] = useCopy();
  const { link, roomId, pin, server, name, sealed } = invitation;
  const seal = useHost(({ rooms }) => rooms[roomId]?.trust.seal);
  const hasDoor = seal !== "open";
  // Without the PIN: what is sent in one message should not be enough.
  const text = t("invite.allText", { name, link, id: roomId, server });
  return (
    <div className="flex flex-col gap-6 sm:flex-row">
      <div className="min-w-0 flex-1">
        {hasDoor && !sealed && <NoKey isKnown={seal === "sealed"} />}
        <dl className="divide-y divide-line rounded-card border border-line">
          <InvitationRow label={t("invite.link")} value={link} />
          <InvitationRow label={t("invite.pin")} value={pin} large />
        </dl>
        {sealed && (
          <p className="mt-3 flex items-start gap-2.5 text-pretty text-sm text-text-2">
            <KeyRound size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-wait-text" />
            {t("invite.isKey")}
          </p>
        )}
        <Button
          look="primary"
          className="mt-4 w-full sm:w-auto"
          icon={isCopied ? <Check size={16} /> : <Copy size={16} />}
          onClick={() => copy(text)}
        >
          {isCopied ? t("common.copied") : t("invite.copyAll")}
        </Button>
        <h3 className="mt-6 font-medium text-sm">{t("invite.byId")}</h3>
        {hasDoor && <p className="mt-0.5 text-pretty text-sm text-text-2">{t("invite.byIdSealed")}</p>}
        <dl className="mt-2 divide-y divide-line rounded-card border border-line">
          <InvitationRow label={t("invite.id")} value={roomId} />
          <InvitationRow label={t("invite.server")} value={server} />
        </dl>
      </div>
      <figure className="flex flex-col items-center gap-2.5 self-center sm:self-start">
        <div className="rounded-card border border-line">
          <QrCode text={link} label={t("invite.qr")} />
        </div>
        <figcaption className="max-w-42 text-center text-text-3 text-xs">
          {sealed ? t("invite.qrKey") : t("invite.qrHint")}
        </figcaption>
      </figure>
    </div>
  );
}

/** Why this computer's link opens no door. */
function NoKey({ isKnown }: { readonly isKnown: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="mb-4">
      <Banner tone="wait" title={t("invite.noKey")}>
        {isKnown ? t("invite.noKeyDetail") : t("invite.noKeyOutside")}
      </Banner>
    </div>
  );
}
