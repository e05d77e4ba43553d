import { useTranslation } from "react-i18next";
import { DEFAULT_SERVER_PORT, type ServerChoice } from "../../../shared/ipc/settings.ts";
import { ChoiceCard } from "../../ui/choice-card.tsx";
import { Field } from "../../ui/field.tsx";
import { ServerAnswer } from "./server-answer.tsx";

type Kind = "network" | "computer" | "url";

export interface ServerPickerProps {
  readonly choice: ServerChoice;
  readonly onChange: (choice: ServerChoice) => void;
}

/** Who introduces the members to each other: this computer, for others or for itself, or a server elsewhere. */
export function ServerPicker({ choice, onChange }: ServerPickerProps) {
  const { t } = useTranslation();
  const kind: Kind = choice.kind === "url" ? "url" : choice.reach;
  const port = choice.kind === "embedded" ? choice.port : DEFAULT_SERVER_PORT;
  const choices: readonly { kind: Kind; title: string; detail: string; make: () => ServerChoice }[] = [
    {
      kind: "network",
      title: t("welcome.serverNetwork"),
      detail: t("welcome.serverNetworkDetail"),
      make: () => ({ kind: "embedded", reach: "network", port }),
    },
    {
      kind: "url",
      title: t("welcome.serverUrl"),
      detail: t("welcome.serverUrlDetail"),
      make: () => ({ kind: "url", url: "" }),
    },
    {
      kind: "computer",
      title: t("welcome.serverComputer"),
      detail: t("welcome.serverComputerDetail"),
      make: () => ({ kind: "embedded", reach: "computer", port }),
    },
  ];
  return (
    <fieldset className="mt-3">
      <legend className="font-medium text-sm">{t("welcome.server")}</legend>
      <p className="mt-0.5 mb-2.5 text-pretty text-text-3 text-xs">{t("welcome.serverHint")}</p>
      <div className="grid gap-2">
        {choices.map((entry) => (
          <ChoiceCard
            key={entry.kind}
            name="server"
            title={entry.title}
            detail={entry.detail}
            checked={kind === entry.kind}
            onChoose={() => onChange(entry.make())}
          />
        ))}
      </div>
      {choice.kind === "url" && (
        <Field
          className="mt-3"
          label={t("welcome.serverAddress")}
          placeholder={t("welcome.serverAddressExample")}
          value={choice.url}
          dir="ltr"
          mono
          inputMode="url"
          hint={<ServerAnswer url={choice.url} />}
          onChange={({ target }) => onChange({ kind: "url", url: target.value })}
        />
      )}
    </fieldset>
  );
}
