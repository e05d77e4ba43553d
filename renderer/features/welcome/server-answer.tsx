import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ServerTest } from "../../../shared/ipc/app.ts";
import { failureText } from "../../i18n/failures.ts";
import { useFormats } from "../../i18n/format.ts";
import { useSaid } from "../../i18n/saying.ts";
import { useActions } from "../../store/context.ts";

/** Long enough for a pause in typing. */
const SETTLE_MS = 600;
/** A scheme and something after it, or what may be a whole name, an address or a port: not the first letters of one. */
const ENOUGH = /^wss?:\/\/.|^localhost|[.:][^/]/i;

/** Tries the address as it is typed, and says what came of it. */
export function ServerAnswer({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const { milliseconds } = useFormats();
  const said = useSaid();
  const { ask } = useActions();
  const [test, setTest] = useState<ServerTest | "testing">();
  useEffect(() => {
    setTest(undefined);
    if (!ENOUGH.test(url.trim())) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      setTest("testing");
      void ask("testServer", { url: url.trim() }).then((result) => {
        if (!isCurrent) return;
        setTest(result.ok ? result.value : { url, reachable: false, why: [{ text: failureText(t, result.error) }] });
      });
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [url, ask, t]);
  if (test === undefined) return null;
  if (test === "testing") return t("welcome.testing");
  if (test.reachable)
    return <span className="text-live-text">{t("welcome.reachable", { ms: milliseconds(test.ms) })}</span>;
  const [why = "", ...advice] = test.why.map((saying) => said(saying).text);
  return (
    <>
      <span className="block text-bad-text">{why}</span>
      {advice.map((sentence) => (
        <span key={sentence} className="block">
          {sentence}
        </span>
      ))}
    </>
  );
}
