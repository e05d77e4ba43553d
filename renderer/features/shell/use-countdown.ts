import { useEffect, useState } from "react";
import { useFormats } from "../../i18n/format.ts";

const TICK_MS = 1_000;

/** "in 5 seconds", counting down; undefined when nothing is waited for or its time has come. */
export function useCountdown(at: number | undefined): string | undefined {
  const { relative } = useFormats();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [at]);
  return at === undefined || at - now < TICK_MS / 2 ? undefined : relative(at, now);
}
