import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import type { MemberRef } from "../room/member-ref.ts";
import { SafetyWords } from "./safety-words.tsx";

interface CompareDialogProps extends MemberRef {
  readonly onClose: () => void;
}

/** Two people read words to each other: that nobody is in between is what no program can tell them. */
export default function CompareDialog({ roomId, publicKey, onClose }: CompareDialogProps) {
  const shown = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]);
  // As it was when the words were read: a member who goes meanwhile does not take the question along.
  const [known] = useState(shown);
  const member = shown ?? known;
  if (!member) return null;
  return member.state === "self" ? (
    <OwnWords words={member.words} onClose={onClose} />
  ) : (
    <Compare roomId={roomId} member={member} onClose={onClose} />
  );
}

function OwnWords({ words, onClose }: { readonly words: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open onClose={onClose} title={t("compare.yours")} description={t("compare.yoursDetail")}>
      <Panel title={t("compare.yours")} words={words} isFirst />
    </Dialog>
  );
}

interface CompareProps {
  readonly roomId: MemberRef["roomId"];
  readonly member: MemberView;
  readonly onClose: () => void;
}

function Compare({ roomId, member, onClose }: CompareProps) {
  const { t } = useTranslation();
  const { order } = useActions();
  const { publicKey, username: name, words, compared, changedKey } = member;
  const selfKey = useHost(({ self }) => self.publicKey);
  const ownWords = useHost(({ rooms }) => rooms[roomId]?.members[selfKey]?.words ?? "");
  const [isDifferent, setDifferent] = useState(false);

  const match = () => {
    onClose();
    const done = { kind: "said", key: "compare.done", values: { name } } as const;
    // Whoever reads the right words is who the name belongs to, whatever key was known before.
    if (changedKey) void order("acceptKey", { roomId, member: publicKey });
    void order("setCompared", { member: publicKey, compared: true }, done);
  };
  const takeBack = () => {
    onClose();
    const done = { kind: "said", key: "compare.takenBack", values: { name } } as const;
    void order("setCompared", { member: publicKey, compared: false }, done);
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("compare.title", { name })}
      description={t("compare.description", { name })}
    >
      <div className="grid gap-3">
        <Panel title={t("compare.theirs", { name })} words={words} isFirst />
        <Panel title={t("compare.yours")} words={ownWords} />
      </div>
      {isDifferent ? (
        <Different roomId={roomId} member={member} onClose={onClose} />
      ) : compared ? (
        <>
          <p className="mt-4 flex items-center gap-2 text-sm">
            <ShieldCheck size={17} aria-hidden="true" className="shrink-0 text-live-text" />
            {t("compare.compared")}
          </p>
          <DialogActions>
            <Button onClick={takeBack}>{t("compare.takeBack")}</Button>
            <Button look="primary" onClick={onClose}>
              {t("common.close")}
            </Button>
          </DialogActions>
        </>
      ) : (
        <DialogActions>
          <Button onClick={() => setDifferent(true)}>{t("compare.differ")}</Button>
          <Button look="primary" onClick={match}>
            {t("compare.match")}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

interface PanelProps {
  readonly title: string;
  readonly words: string;
  /** The ones to look at first. */
  readonly isFirst?: boolean;
}

function Panel({ title, words, isFirst = false }: PanelProps) {
  return (
    <section className="rounded-card bg-well px-4 py-3.5">
      <h3 className="mb-1.5 text-sm text-text-2">{title}</h3>
      <SafetyWords words={words} label={title} size={isFirst ? "large" : "medium"} />
    </section>
  );
}

/** What different words mean, and the next step that keeps this computer safe. */
function Different({ roomId, member: { publicKey, username: name, standing }, onClose }: CompareProps) {
  const { t } = useTranslation();
  const { openDialog, order } = useActions();
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  const canTurnAway = useHost(({ rooms }) => rooms[roomId]?.trust.canLetIn ?? false) && standing === "door";
  const answers = {
    turnAway: () => void order("turnAway", { roomId, member: publicKey }),
    remove: () => openDialog({ kind: "kick", roomId, publicKey }),
    close: () =>
      void order(
        "setInbound",
        { roomId, member: publicKey, rule: { mode: "none" } },
        { kind: "said", key: "reach.saved", values: { name } },
      ),
  };
  const answer = canTurnAway ? "turnAway" : isOwner ? "remove" : "close";
  return (
    <div className="mt-4">
      <Banner tone="alarm" title={t("compare.differTitle", { name })}>
        {t("compare.differDetail", { name })}
      </Banner>
      <DialogActions>
        <Button onClick={onClose}>{t("common.close")}</Button>
        <Button
          look="danger"
          onClick={() => {
            onClose();
            answers[answer]();
          }}
        >
          {t(`compare.answers.${answer}`, { name })}
        </Button>
      </DialogActions>
    </div>
  );
}
