import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PublicKey } from "../../../shared/base/brand.ts";
import type { SpeedTest } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHostList } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { Select } from "../../ui/select.tsx";
import { Card } from "./card.tsx";
import { connectedMembers } from "./members.ts";

/** Each way: long enough to be past a connection's first hesitation, short enough to be waited for. */
const SECONDS = 5;

/** How much goes through to a member, measured by sending as much as goes. */
export function SpeedTestCard() {
  const { t } = useTranslation();
  const { ask } = useActions();
  const members = useHostList(connectedMembers);
  const [chosen, setChosen] = useState<PublicKey>();
  const [run, setRun] = useState<"idle" | "running" | SpeedTest>("idle");
  const [problem, setProblem] = useState<string>();
  const member = members.find(({ publicKey }) => publicKey === chosen) ?? members[0];
  const key = member?.publicKey;
  // A figure belongs to whom it was measured with.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the member is what matters, not what is set
  useEffect(() => {
    setRun("idle");
    setProblem(undefined);
  }, [key]);
  const start = async () => {
    if (!key || run === "running") return;
    setRun("running");
    setProblem(undefined);
    const result = await ask("speedTest", { member: key, seconds: SECONDS });
    setRun(result.ok ? result.value : "idle");
    if (!result.ok) setProblem(failureText(t, result.error));
  };
  return (
    <Card title={t("speed.title")} detail={t(member ? "speed.detail" : "diagnostics.nobody")}>
      {member && (
        <>
          <div className="mt-3 flex flex-wrap gap-2">
            <Select
              aria-label={t("speed.member")}
              value={member.publicKey}
              options={members.map(({ publicKey, username }) => ({ value: publicKey, label: username }))}
              onChange={setChosen}
              className="min-w-0 flex-1"
            />
            <Button busy={run === "running"} onClick={() => void start()}>
              {t(run === "running" ? "speed.running" : "speed.start")}
            </Button>
          </div>
          <FormProblem text={problem} />
          <div aria-live="polite">{typeof run === "object" && <Figures test={run} />}</div>
        </>
      )}
    </Card>
  );
}

function Figures({ test }: { readonly test: SpeedTest }) {
  const { t } = useTranslation();
  const { number, milliseconds } = useFormats();
  const mbit = (value: number) =>
    t("speed.mbit", { value: number(value >= 100 ? Math.round(value) : +value.toFixed(1)) });
  const figures = [
    [t("speed.down"), mbit(test.downMbps)],
    [t("speed.up"), mbit(test.upMbps)],
    [t("speed.idle"), milliseconds(test.idleRttMs)],
    [t("speed.loaded"), milliseconds(test.loadedRttMs)],
  ];
  return (
    <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-3">
      {figures.map(([term, value]) => (
        <div key={term}>
          <dt className="text-sm text-text-2">{term}</dt>
          <dd className="figures font-semibold text-lg tracking-tight">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
