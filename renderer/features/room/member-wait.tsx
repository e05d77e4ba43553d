import { useTranslation } from "react-i18next";

/** There is no way to this member yet, or none any more. */
export function MemberWait({ state }: { readonly state: "connecting" | "reconnecting" }) {
  const { t } = useTranslation();
  return <span className="block whitespace-nowrap text-sm text-wait-text">{t(`member.${state}`)}</span>;
}
