import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ServerTest } from "../../../shared/ipc/app.ts";
import { useFormats } from "../../i18n/format.ts";
import { useActions } from "../../store/context.ts";

/** Long enough for a pause in typing. */
const SETTLE_MS = 600;

/** Tries the address as it is typed, and says what came of it. */
export function ServerAnswer({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const { milliseconds } = useFormats();
  const { ask } = useActions();
  const [test, setTest] = useState<ServerTest | "testing">();
  useEffect(() => {
    setTest(undefined);
    if (!/^wss?:\/\/./i.test(url.trim())) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      setTest("testing");
      void ask("testServer", { url: url.trim() }).then((result) => {
        if (!isCurrent) return;
        setTest(result.ok ? result.value : { url, reachable: false, detail: result.error.message });
      });
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [url, ask]);
  if (test === undefined) return null;
  if (test === "testing") return t("welcome.testing");
  if (!test.reachable)
    return <span className="text-bad-text">{t("welcome.unreachable", { detail: test.detail })}</span>;
  return <span className="text-live-text">{t("welcome.reachable", { ms: milliseconds(test.ms ?? 0) })}</span>;
}
