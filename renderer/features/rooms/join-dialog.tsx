import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { AppReplies } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { ReachSwitch, ruleFor } from "../trust/reach-switch.tsx";
import { EntryNote } from "./entry-note.tsx";
import { isPin } from "./pin.ts";
import { PinField } from "./pin-field.tsx";
import { isSameServer } from "./same-server.ts";
import { ServerChange } from "./server-change.tsx";
import { TurnNote } from "./turn-note.tsx";
import { secretsOf, useJoin } from "./use-join.ts";

type Link = AppReplies["readLink"];

const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/;
const LINK = /^\s*govpn:/i;

/** A pasted link fills in everything but the PIN, which never travels with it. */
export default function JoinDialog({ link: given, onClose }: { readonly link: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { ask } = useActions();
  const server = useHost((host) => host.server);
  const { join, isBusy, problem } = useJoin(onClose);
  const [text, setText] = useState(given);
  const [link, setLink] = useState<Link>();
  const [linkProblem, setLinkProblem] = useState<string>();
  const [pin, setPin] = useState("");
  const [reach, setReach] = useState<boolean>();
  const hasKey = link?.key !== undefined;
  const isReachable = reach ?? hasKey;
  const [isTried, setTried] = useState(false);
  const pinField = useRef<HTMLInputElement>(null);

  useEffect(() => {
    setLink(undefined);
    setLinkProblem(undefined);
    if (!LINK.test(text)) return;
    let isCurrent = true;
    void ask("readLink", { link: text.trim() }).then((read) => {
      if (!isCurrent) return;
      if (read.ok) setLink(read.value);
      else setLinkProblem(failureText(t, read.error));
      if (read.ok) pinField.current?.focus();
    });
    return () => {
      isCurrent = false;
    };
  }, [text, ask, t]);

  const roomId = link?.roomId ?? text.trim();
  const isRoomId = ROOM_ID.test(roomId);
  const queuedUntil = useHost(({ rooms }) => rooms[roomId as RoomId]?.queuedUntil);
  const otherServer = link?.server !== undefined && !isSameServer(link.server, server) ? link.server : undefined;
  const idProblem = linkProblem ?? (isTried && !isRoomId ? t("failures.invalid_room_id") : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isRoomId && isPin(pin) && otherServer === undefined) {
      void join({ roomId, pin, ...secretsOf(link), inbound: ruleFor(isReachable) });
    }
  };

  return (
    <Dialog open onClose={onClose} title={t("join.title")} description={t("join.description")}>
      <form onSubmit={submit} noValidate>
        <Field
          label={t("join.idOrLink")}
          placeholder={t("join.idOrLinkExample")}
          value={text}
          mono
          dir="ltr"
          onChange={({ target }) => setText(target.value)}
          hint={link?.name}
          problem={idProblem}
          autoFocus={given === ""}
        />
        <PinField
          ref={pinField}
          className="mt-2"
          label={t("join.pin")}
          hint={t("join.pinHint")}
          pin={pin}
          onChange={setPin}
          isTried={isTried}
          autoFocus={given !== ""}
        />
        <div className="mt-2 rounded-card border border-line">
          <ReachSwitch on={isReachable} onChange={setReach} />
        </div>
        <div className="mt-3.5">
          <EntryNote hasKey={hasKey} />
        </div>
        {otherServer !== undefined && <ServerChange url={otherServer} />}
        <TurnNote until={queuedUntil} />
        <FormProblem text={problem} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={isBusy} disabled={otherServer !== undefined}>
            {t("join.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
