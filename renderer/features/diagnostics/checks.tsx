import { CircleAlert, CircleCheck, CircleMinus, TriangleAlert } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DoctorFinding } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Sentence } from "../sentence.tsx";
import { Card } from "./card.tsx";
import { checkTitle, worstFirst } from "./findings.ts";

const icons: Readonly<Record<DoctorFinding["status"], ReactNode>> = {
  ok: <CircleCheck size={17} className="text-live-text" />,
  warn: <TriangleAlert size={17} className="text-wait-text" />,
  fail: <CircleAlert size={17} className="text-bad-text" />,
  skip: <CircleMinus size={17} className="text-text-3" />,
};

/** As many lines as there usually are, so that nothing jumps. */
const USUAL_COUNT = 8;

/** What this computer has of what GoVPN needs. Looks by itself when the page is opened; changes nothing. */
export function Checks() {
  const { t } = useTranslation();
  const { ask } = useActions();
  const [findings, setFindings] = useState<readonly DoctorFinding[]>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const look = useCallback(async () => {
    setBusy(true);
    setProblem(undefined);
    const result = await ask("doctor", {});
    setBusy(false);
    if (result.ok) setFindings(worstFirst(result.value));
    else setProblem(failureText(t, result.error));
  }, [ask, t]);
  useEffect(() => void look(), [look]);
  return (
    <Card
      title={t("diagnostics.checks")}
      detail={t("diagnostics.checksDetail")}
      action={
        <Button size="small" busy={isBusy} onClick={() => void look()}>
          {t("diagnostics.again")}
        </Button>
      }
    >
      <FormProblem text={problem} />
      <ul className="mt-3 flex flex-col gap-3" aria-busy={isBusy}>
        {findings?.map((finding) => (
          <Finding key={finding.id} finding={finding} />
        ))}
        {!findings && isBusy && Array.from({ length: USUAL_COUNT }, (_, i) => <Waiting key={String(i)} />)}
      </ul>
    </Card>
  );
}

function Finding({ finding: { id, title, status, detail, fix } }: { readonly finding: DoctorFinding }) {
  const { t } = useTranslation();
  return (
    <li className="flex gap-2.5">
      <span className="mt-0.5 shrink-0" aria-hidden="true">
        {icons[status]}
      </span>
      <div className="min-w-0 flex-1 wrap-anywhere">
        <p>
          {checkTitle(t, id, title)} <span className="sr-only">{t(`diagnostics.status.${status}`)}</span>
        </p>
        <div className="text-pretty text-sm text-text-2">
          {detail.map((saying) => (
            <Sentence key={saying.text} saying={saying} />
          ))}
        </div>
        {fix !== undefined && (
          <div className="mt-1 flex flex-col gap-1 rounded-control bg-well px-2.5 py-1.5 text-pretty text-sm">
            {fix.map((saying) => (
              <Sentence key={saying.text} saying={saying} />
            ))}
          </div>
        )}
      </div>
    </li>
  );
}

function Waiting() {
  return (
    <li className="flex flex-col gap-1.5 py-0.5">
      <Skeleton className="h-4 w-36" />
      <Skeleton className="h-3.5 w-full" />
    </li>
  );
}
