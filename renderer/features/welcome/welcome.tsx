import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ServerChoice } from "../../../shared/ipc/settings.ts";
import { MAX_USERNAME_LENGTH } from "../../../shared/ipc/settings.ts";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import type { OpenDialog } from "../../store/model.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { Mark } from "../shell/mark.tsx";
import { NetworkPicture } from "./network-picture.tsx";
import { ServerPicker } from "./server-picker.tsx";

/** Whoever sets up a network wants others in it; what is chosen is in plain sight, and one click away from less. */
function openToOthers(choice: ServerChoice): ServerChoice {
  return choice.kind === "embedded" ? { ...choice, reach: "network" } : choice;
}

/** The first screen there ever is: a name, a server, and one click to a room. */
export function Welcome() {
  const { t } = useTranslation();
  const { ask, saveSettings, openDialog } = useActions();
  const settings = useHost((host) => host.settings);
  const self = useHost((host) => host.self);
  const [name, setName] = useState(settings.username || self.username);
  const [server, setServer] = useState(() => openToOthers(settings.server));
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const finish = async (then?: OpenDialog) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    const named = name.trim() === self.username ? undefined : await ask("setUsername", { username: name.trim() });
    if (named && !named.ok) {
      setBusy(false);
      return setProblem(failureText(t, named.error));
    }
    if (then) openDialog(then);
    await saveSettings({ server, username: name.trim(), welcomed: true });
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return setProblem(t("failures.invalid_username"));
    if (server.kind === "url" && server.url.trim() === "") return setProblem(t("welcome.serverMissing"));
    const { submitter } = event.nativeEvent as SubmitEvent;
    const answer = submitter instanceof HTMLButtonElement ? submitter.value : "";
    void finish(answer === "create" || answer === "join" ? { kind: answer } : undefined);
  };

  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto grid min-h-full max-w-245 items-center gap-7 px-5 py-6 sm:px-10 min-[50rem]:grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)] min-[50rem]:gap-10 lg:gap-16">
        <div className="flex flex-col items-start">
          <Mark size={40} />
          <h1 className="mt-5 text-balance font-semibold text-2xl tracking-tight">{t("welcome.title")}</h1>
          <p className="mt-2.5 max-w-100 text-pretty text-lg text-text-2">{t("welcome.lead")}</p>
          <div className="mt-8 hidden w-full min-[50rem]:block">
            <NetworkPicture width={380} label={t("welcome.pictureLabel")} />
          </div>
        </div>
        <form onSubmit={submit} noValidate className="card w-full p-5 sm:p-6">
          <Field
            label={t("welcome.name")}
            hint={t("welcome.nameHint")}
            value={name}
            maxLength={MAX_USERNAME_LENGTH}
            onChange={({ target }) => setName(target.value)}
            dir="auto"
            autoFocus
          />
          <ServerPicker choice={server} onChange={setServer} />
          <FormProblem text={problem} />
          <div className="mt-5 grid grid-cols-[repeat(auto-fit,minmax(min(100%,9rem),1fr))] gap-2">
            <Button type="submit" value="create" look="primary" size="large" busy={isBusy}>
              {t("welcome.create")}
            </Button>
            <Button type="submit" value="join" size="large" disabled={isBusy}>
              {t("welcome.join")}
            </Button>
          </div>
          <Button type="submit" value="skip" look="quiet" size="small" disabled={isBusy} className="mt-2 w-full">
            {t("welcome.skip")}
          </Button>
        </form>
      </div>
    </main>
  );
}
