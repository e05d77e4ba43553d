import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import type { MemberRef } from "../room/member-ref.ts";
import { RuleChoice } from "./rule-choice.tsx";
import { draftOf, ruleOf } from "./rule-draft.ts";

const NOTHING = { mode: "none" } as const;

/** What one member may begin with this computer. */
export default function ReachDialog({ roomId, publicKey, onClose }: MemberRef & { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { order } = useActions();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const inbound = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.inbound);
  const roomRule = useHost(({ rooms }) => rooms[roomId]?.trust.inbound) ?? NOTHING;
  const [draft, setDraft] = useState(() => draftOf(inbound?.own ? inbound.rule : undefined));
  const [isTried, setTried] = useState(false);
  const refused = inbound?.refused ?? 0;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const rule = ruleOf(draft);
    if (rule === undefined) return;
    onClose();
    const params = { roomId, member: publicKey, ...(rule !== "room" && { rule }) };
    void order("setInbound", params, { kind: "said", key: "reach.saved", values: { name } });
  };

  return (
    <Dialog open onClose={onClose} title={t("reach.title", { name })} description={t("reach.description", { name })}>
      <form onSubmit={submit} noValidate>
        <RuleChoice
          label={t("reach.title", { name })}
          draft={draft}
          onChange={setDraft}
          roomRule={roomRule}
          isTried={isTried}
        />
        {refused > 0 && (
          <p className="figures mt-4 text-sm text-text-2">
            {t("reach.refused", { count: refused, number: number(refused) })}
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary">
            {t("common.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
