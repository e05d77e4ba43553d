import { Dices } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SwitchRow } from "../settings/setting-row.tsx";
import { ReachSwitch, ruleFor } from "../trust/reach-switch.tsx";
import { isPin, newPin } from "./pin.ts";
import { PinField } from "./pin-field.tsx";
import { MAX_ROOM_NAME_LENGTH } from "./room-name.ts";
import { TurnNote } from "./turn-note.tsx";

export default function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { ask, go, openDialog, toast } = useActions();
  const [name, setName] = useState("");
  const [pin, setPin] = useState(newPin);
  const [isSealed, setSealed] = useState(true);
  // Until the person says otherwise, a room with a lock may be trusted, and one without may not.
  const [reach, setReach] = useState<boolean>();
  const isReachable = reach ?? isSealed;
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const queuedUntil = useHost(({ creationQueuedUntil }) => creationQueuedUntil);
  const isNamed = name.trim() !== "";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!isNamed || !isPin(pin) || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    const result = await ask("create", {
      name: name.trim(),
      pin,
      sealed: isSealed,
      inbound: ruleFor(isReachable),
    });
    setBusy(false);
    if (!result.ok) return setProblem(failureText(t, result.error));
    const { roomId } = result.value;
    toast("good", { kind: "said", key: "create.done", values: { name: result.value.name } });
    go({ screen: "room", roomId });
    openDialog({ kind: "invite", roomId });
  };

  return (
    <Dialog open onClose={onClose} title={t("create.title")} description={t("create.description")}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label={t("create.name")}
          placeholder={t("create.nameExample")}
          value={name}
          maxLength={MAX_ROOM_NAME_LENGTH}
          onChange={({ target }) => setName(target.value)}
          problem={isTried && !isNamed ? t("failures.invalid_room_name") : undefined}
          dir="auto"
          autoFocus
        />
        <PinField
          className="mt-2"
          label={t("create.pin")}
          hint={t("create.pinHint")}
          pin={pin}
          onChange={setPin}
          isTried={isTried}
          trailing={
            <IconButton
              label={t("create.newPin")}
              icon={<Dices size={17} />}
              size="small"
              className="me-1.5"
              onClick={() => setPin(newPin())}
            />
          }
        />
        <div className="mt-2 divide-y divide-line rounded-card border border-line">
          <SwitchRow
            label={t("seal.switch")}
            detail={isSealed ? t("seal.switchOn") : t("seal.switchOff")}
            checked={isSealed}
            onChange={setSealed}
          />
          <ReachSwitch on={isReachable} onChange={setReach} />
        </div>
        <TurnNote until={queuedUntil} />
        <FormProblem text={problem} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={isBusy}>
            {t("create.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
