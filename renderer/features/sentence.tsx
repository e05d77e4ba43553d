import { useTranslation } from "react-i18next";
import type { Saying } from "../../shared/ipc/app.ts";
import { useSaid } from "../i18n/saying.ts";
import { CommandLine } from "../ui/command-line.tsx";

/** What keeps a value's own direction of writing (i18n/isolate.ts): a command taken out of its sentence leaves them behind. */
const ISOLATES = /[\u2066-\u2069]/g;

/** A sentence of the program's in the person's language, and the line for a terminal that is in it. */
export function Sentence({ saying }: { readonly saying: Saying }) {
  const { t } = useTranslation();
  const { text, original, isForeign } = useSaid()(saying);
  const command = saying.values?.command;
  if (typeof command !== "string") {
    return (
      <>
        {isForeign ? <Original text={text} /> : <p>{text}</p>}
        {original !== undefined && <Original text={original} isAside />}
      </>
    );
  }
  const [before = "", after = ""] = text.split(command).map((part) => part.replace(ISOLATES, "").trim());
  return (
    <>
      <p>{before}</p>
      <CommandLine text={command} label={t("diagnostics.command")} />
      {after !== "" && <p>{after}</p>}
    </>
  );
}

/** What the system or the program said, in English, as it said it: for whoever looks it up, or reports it. */
export function Original({ text, isAside = false }: { readonly text: string; readonly isAside?: boolean }) {
  return (
    <p className={isAside ? "wrap-anywhere text-text-3 text-xs" : "wrap-anywhere"}>
      <bdi dir="ltr" lang="en">
        {text}
      </bdi>
    </p>
  );
}
