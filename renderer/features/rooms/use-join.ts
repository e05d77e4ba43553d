import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions } from "../../store/context.ts";

/** Joins, and goes to the room. The server may take its time, so the caller shows `isBusy`. */
export function useJoin(onJoined: () => void) {
  const { t } = useTranslation();
  const { ask, go, toast } = useActions();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const join = async (roomId: string, pin: string) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    const result = await ask("join", { roomId, pin });
    setBusy(false);
    if (!result.ok) return setProblem(failureText(t, result.error));
    toast("good", { kind: "said", key: "join.done", values: { name: result.value.name || roomId } });
    go({ screen: "room", roomId: result.value.roomId });
    onJoined();
  };
  return { join, isBusy, problem };
}
