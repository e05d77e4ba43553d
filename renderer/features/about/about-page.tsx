import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Mark } from "../shell/mark.tsx";

/** What this is, which version, who this computer is, and under which terms. */
export function AboutPage() {
  const { t } = useTranslation();
  const { version, surface, platform } = useHost(({ app }) => app);
  const { publicKey, ipv4, ipv6 } = useHost(({ self }) => self);
  const secrets = useHost((host) => host.secrets);
  return (
    <div className="max-w-160">
      <div className="mb-6 flex items-center gap-3.5">
        <Mark />
        <div>
          <h1 className="font-semibold text-xl tracking-tight">{t("shell.product")}</h1>
          <p className="text-text-2">{t("about.version", { version })}</p>
        </div>
      </div>
      <p className="mb-6 text-pretty text-text-2">{t("about.what")}</p>
      <dl className="card divide-y divide-line">
        <Row term={t("about.key")}>
          <Copyable text={publicKey} label={t("about.key")} />
        </Row>
        <Row term={t("about.ipv4")}>
          <Copyable text={ipv4} label={t("about.ipv4")} />
        </Row>
        <Row term={t("about.ipv6")}>
          <Copyable text={ipv6} label={t("about.ipv6")} />
        </Row>
        <Row term={t("about.secrets")}>{t(`about.secretStores.${secretStore(secrets)}`)}</Row>
        <Row term={t("about.surface")}>
          {t(`about.surfaces.${surface}`)} · {t(`about.platforms.${platform}`)}
        </Row>
        <Row term={t("about.licence")}>{t("about.licenceName")}</Row>
      </dl>
    </div>
  );
}

function Row({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-3">
      <dt className="w-40 shrink-0 text-text-2">{term}</dt>
      <dd className="min-w-0 flex-1 basis-60 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function secretStore(kind: string): "keychain" | "file" | "sealed" {
  if (kind === "keychain") return "keychain";
  return kind === "sealed-file" ? "sealed" : "file";
}
