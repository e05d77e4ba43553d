import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { MAX_ROOM_NAME_LENGTH } from "../rooms/room-name.ts";

/** The new name is shown at once; if the server does not agree, the old one comes back and a message says why. */
export function RenameDialog({ roomId, onClose }: { readonly roomId: RoomId; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { rename, toast } = useActions();
  const current = useHost(({ rooms }) => rooms[roomId]?.name ?? "");
  const [name, setName] = useState(current);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "") return setProblem(t("failures.invalid_room_name"));
    if (wanted === current) return onClose();
    setBusy(true);
    const result = await rename(roomId, wanted);
    setBusy(false);
    if (!result.ok) return setProblem(failureText(t, result.error));
    toast(
      "good",
      { kind: "said", key: "rename.done", values: { name: wanted } },
      { kind: "undo", run: () => void rename(roomId, current) },
    );
    onClose();
  };

  return (
    <Dialog open onClose={onClose} title={t("rename.title")}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label={t("rename.name")}
          value={name}
          maxLength={MAX_ROOM_NAME_LENGTH}
          onChange={({ target }) => setName(target.value)}
          onFocus={({ target }) => target.select()}
          problem={problem}
          dir="auto"
          autoFocus
        />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={isBusy}>
            {t("rename.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
