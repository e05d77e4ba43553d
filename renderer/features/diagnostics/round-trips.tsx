import { useTranslation } from "react-i18next";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useFormats } from "../../i18n/format.ts";
import { useHostList, useModel } from "../../store/context.ts";
import { noSamples, SAMPLE_COUNT } from "../../store/samples.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Card } from "./card.tsx";
import { connectedMembers } from "./members.ts";

/** How long a member takes to answer, over the last minute. */
export function RoundTrips() {
  const { t } = useTranslation();
  const members = useHostList(connectedMembers);
  return (
    <Card title={t("diagnostics.roundTrips")} {...(members.length === 0 && { detail: t("diagnostics.nobody") })}>
      {members.length > 0 && (
        <ul className="mt-2 max-h-80 overflow-y-auto">
          {members.map((member) => (
            <RoundTrip key={member.publicKey} member={member} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function RoundTrip({ member: { publicKey, username, rttMs } }: { readonly member: MemberView }) {
  const { milliseconds } = useFormats();
  const { t } = useTranslation();
  const samples = useModel((model) => model.samples[publicKey] ?? noSamples);
  const shown = rttMs === undefined ? t("common.nothing") : milliseconds(rttMs);
  return (
    <li className="flex items-center gap-3 py-1.5">
      <span className="min-w-0 flex-1 truncate">
        <bdi>{username}</bdi>
      </span>
      <span className="text-text-2">
        <Sparkline values={samples.rttMs} capacity={SAMPLE_COUNT} width={96} height={22} />
      </span>
      <span className="figures w-16 text-end">{shown}</span>
    </li>
  );
}
