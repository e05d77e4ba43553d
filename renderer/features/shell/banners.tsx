import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useHost, useModel } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { RightsBanner } from "./rights-banner.tsx";
import { useCountdown } from "./use-countdown.ts";

/** What goes on being wrong, above every screen, the worst first and one at a time where one explains the others. */
export function Banners() {
  const linkKind = useModel(({ link }) => link.kind);
  const isServerLost = useHost(
    ({ wanted, server }) => wanted && (server.state === "waiting" || server.state === "stopped"),
  );
  const needsRights = useHost(({ wanted, rights, tunnel }) => wanted && rights !== undefined && tunnel.state !== "up");
  if (linkKind !== "open") return <Above banner={<LinkLost />} />;
  return (
    <>
      {isServerLost && <Above banner={<ServerLost />} />}
      {needsRights && <Above banner={<RightsBanner />} />}
    </>
  );
}

function Above({ banner }: { readonly banner: ReactNode }) {
  return <div className="mb-4">{banner}</div>;
}

function LinkLost() {
  const { t } = useTranslation();
  const { reconnect } = useActions();
  return (
    <Banner
      tone="bad"
      title={t("link.lost")}
      actions={
        <Button size="small" onClick={reconnect}>
          {t("link.retry")}
        </Button>
      }
    >
      {t("link.lostDetail")}
    </Banner>
  );
}

function ServerLost() {
  const { t } = useTranslation();
  const { retryNow } = useActions();
  const url = useHost(({ server }) => server.url);
  const code = useHost(({ server }) => server.code);
  const reason = useHost(({ server }) => server.reason ?? "");
  const when = useCountdown(useHost(({ server }) => server.retryAt));
  return (
    <Banner
      tone="wait"
      title={t("server.lostTitle")}
      actions={
        <Button size="small" onClick={() => void retryNow()}>
          {t("server.retry")}
        </Button>
      }
    >
      {code !== undefined && <p>{failureText(t, { code, message: reason })}</p>}
      {when === undefined ? t("server.lostDetailNow", { url }) : t("server.lostDetail", { url, when })}
    </Banner>
  );
}
