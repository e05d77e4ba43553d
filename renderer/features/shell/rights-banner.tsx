import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { CommandLine } from "../../ui/command-line.tsx";

/** The very thing the banner is about needs no second sentence. */
const PLAIN = "tun_permission";

/** The network device is missing: what works, what does not, and how to mend it for good. */
export function RightsBanner() {
  const { t } = useTranslation();
  const rights = useHost((host) => host.rights);
  const tunnel = useHost((host) => host.tunnel);
  if (!rights) return null;
  return (
    <Banner tone="wait" title={t("rights.title")} {...(rights.kind === "helper" && { actions: <Grant /> })}>
      <p>
        {t("rights.works")} {t("rights.worksNot")}
      </p>
      <p className="mt-1">{t(`rights.${rights.kind}`)}</p>
      {rights.command !== undefined && <CommandLine text={rights.command} label={t("rights.title")} className="mt-2" />}
      {tunnel.state === "failed" && tunnel.code !== PLAIN && (
        <p className="mt-1 text-text-3">{failureText(t, tunnel)}</p>
      )}
    </Banner>
  );
}

function Grant() {
  const { t } = useTranslation();
  const { ask, tellFailure, toast } = useActions();
  const [isAsking, setAsking] = useState(false);
  const grant = async () => {
    setAsking(true);
    const result = await ask("grantRights", {});
    setAsking(false);
    if (result.ok) toast("good", { kind: "said", key: "rights.granted" });
    else tellFailure(result.error);
  };
  return (
    <Button size="small" look="primary" busy={isAsking} onClick={() => void grant()}>
      {t("rights.helperAction")}
    </Button>
  );
}
