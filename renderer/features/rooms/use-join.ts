import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AppParams, LinkView } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions } from "../../store/context.ts";

/** Joins, and goes to the room. The server may take its time, so the caller shows `isBusy`. */
export function useJoin(onJoined: () => void) {
  const { t } = useTranslation();
  const { ask, go, toast } = useActions();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const join = async (params: AppParams<"join">) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    const result = await ask("join", params);
    setBusy(false);
    if (!result.ok) return setProblem(failureText(t, result.error));
    const { name, trust } = result.value;
    // Without the room's key it is not known yet whether there is a door: the room's page says how it goes on.
    if (trust.seal !== "unknown") {
      toast("good", { kind: "said", key: "join.done", values: { name: name || params.roomId } });
    }
    go({ screen: "room", roomId: result.value.roomId });
    onJoined();
  };
  return { join, isBusy, problem };
}

/** What of a link goes along when joining: the room's key, and by which hash its founder is known. */
export function secretsOf(
  link: Extract<LinkView, { state: "ask" }> | undefined,
): Pick<AppParams<"join">, "key" | "owner"> {
  const { key, owner } = link ?? {};
  return { ...(key !== undefined && { key }), ...(owner !== undefined && { owner }) };
}
