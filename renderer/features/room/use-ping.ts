import { useFormats } from "../../i18n/format.ts";
import { useActions } from "../../store/context.ts";

const PING_COUNT = 4;

/** Asks a member's machine for a sign of life, and says how it went. */
export function usePing(): (publicKey: string, name: string) => Promise<void> {
  const { ask, tellFailure, toast } = useActions();
  const { milliseconds } = useFormats();
  return async (member, name) => {
    const result = await ask("ping", { member, count: PING_COUNT });
    if (!result.ok) return tellFailure(result.error);
    const { rttMs, sent } = result.value;
    if (rttMs.length === 0) return toast("bad", { kind: "said", key: "member.pingLost", values: { name } });
    const values = { name, ms: milliseconds(Math.min(...rttMs)), answered: rttMs.length, sent };
    toast("good", { kind: "said", key: "member.pinged", values });
  };
}
