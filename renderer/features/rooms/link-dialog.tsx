import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LinkView } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { ReachSwitch, ruleFor } from "../trust/reach-switch.tsx";
import { EntryNote } from "./entry-note.tsx";
import { isPin } from "./pin.ts";
import { PinField } from "./pin-field.tsx";
import { isSameServer } from "./same-server.ts";
import { ServerChange } from "./server-change.tsx";
import { TurnNote } from "./turn-note.tsx";
import { secretsOf, useJoin } from "./use-join.ts";

/** A link that something opened: shows where it leads, and does nothing until the person says so. */
export default function LinkDialog({ link }: { readonly link: LinkView }) {
  return link.state === "refused" ? <Refused link={link} /> : <Ask link={link} />;
}

function Refused({ link }: { readonly link: Extract<LinkView, { state: "refused" }> }) {
  const { t } = useTranslation();
  const { dismissLink } = useActions();
  return (
    <Dialog
      open
      onClose={() => void dismissLink()}
      title={t("ask.refusedTitle")}
      description={t("ask.refusedDetail")}
      modal="question"
    >
      <FormProblem text={failureText(t, link)} />
      <DialogActions>
        <Button look="primary" onClick={() => void dismissLink()}>
          {t("common.close")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Ask({ link }: { readonly link: Extract<LinkView, { state: "ask" }> }) {
  const { t } = useTranslation();
  const { dismissLink, go } = useActions();
  const server = useHost((host) => host.server);
  const room = useHost(({ rooms }) => rooms[link.roomId]);
  const { join, isBusy, problem } = useJoin(() => void dismissLink());
  // The room is in the list from the asking on, and gone again if the server refuses.
  const isMember = room !== undefined && !isBusy;
  const [pin, setPin] = useState("");
  const [reach, setReach] = useState<boolean>();
  const hasKey = link.key !== undefined;
  const isReachable = reach ?? hasKey;
  const [isTried, setTried] = useState(false);
  const isOther = link.server !== undefined && !isSameServer(link.server, server);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isPin(pin) && !isOther) {
      void join({ roomId: link.roomId, pin, ...secretsOf(link), inbound: ruleFor(isReachable) });
    }
  };
  const open = () => {
    void dismissLink();
    go({ screen: "room", roomId: link.roomId });
  };

  return (
    <Dialog
      open
      onClose={() => void dismissLink()}
      title={link.name === undefined ? t("ask.titleNoName") : t("ask.title", { name: link.name })}
      description={t("ask.description")}
      modal="question"
    >
      <form onSubmit={submit} noValidate>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2 rounded-control bg-well px-3.5 py-3 text-sm">
          <dt className="text-text-2">{t("ask.server")}</dt>
          <dd className="wrap-anywhere">
            <bdi className="font-mono">{link.server ?? server.url}</bdi>{" "}
            <span className="text-text-2">({isOther ? t("ask.otherServer") : t("ask.yourServer")})</span>
          </dd>
          <dt className="text-text-2">{t("ask.room")}</dt>
          <dd className="wrap-anywhere">
            <bdi className="font-mono">{link.roomId}</bdi>
          </dd>
        </dl>
        {isMember ? (
          <p className="mt-4 text-text-2">{t("join.known")}</p>
        ) : (
          <>
            <p className="my-4 text-pretty text-text-2">{t("ask.trust")}</p>
            {isOther && link.server !== undefined ? (
              <ServerChange url={link.server} />
            ) : (
              <>
                <PinField
                  label={t("join.pin")}
                  hint={t("join.pinHint")}
                  pin={pin}
                  onChange={setPin}
                  isTried={isTried}
                  autoFocus
                />
                <div className="mt-2 rounded-card border border-line">
                  <ReachSwitch on={isReachable} onChange={setReach} />
                </div>
                <div className="mt-3.5">
                  <EntryNote hasKey={hasKey} />
                </div>
              </>
            )}
          </>
        )}
        <TurnNote until={isBusy ? room?.queuedUntil : undefined} />
        <FormProblem text={problem} />
        <DialogActions>
          <Button onClick={() => void dismissLink()}>{t("common.cancel")}</Button>
          {isMember ? (
            <Button look="primary" onClick={open}>
              {t("ask.openRoom")}
            </Button>
          ) : (
            <Button type="submit" look="primary" busy={isBusy} disabled={isOther}>
              {t("join.submit")}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}
