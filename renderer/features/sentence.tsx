import { useTranslation } from "react-i18next";
import type { Saying } from "../../shared/ipc/app.ts";
import { capitalised } from "../i18n/failures.ts";
import { useSaid } from "../i18n/saying.ts";
import { CommandLine } from "../ui/command-line.tsx";

/** A sentence of the program's in the person's language, and the line for a terminal that it ends with. */
export function Sentence({ saying }: { readonly saying: Saying }) {
  const { t } = useTranslation();
  const { text, original } = useSaid()(saying);
  const command = saying.values?.command;
  const [before = "", after = ""] = typeof command === "string" ? text.split(command) : [text];
  return (
    <>
      <p dir="auto">{capitalised(before.trim())}</p>
      {typeof command === "string" && <CommandLine text={command} label={t("diagnostics.command")} />}
      {after.trim() !== "" && <p dir="auto">{after.trim()}</p>}
      {original !== undefined && <Original text={original} />}
    </>
  );
}

/** What the system said, as it said it: for whoever looks it up, or reports it. */
export function Original({ text }: { readonly text: string }) {
  return (
    <p dir="ltr" lang="en" className="wrap-anywhere text-start text-text-3 text-xs">
      {text}
    </p>
  );
}
