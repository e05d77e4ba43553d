import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useHost, useModel } from "../../store/context.ts";
import { last, SAMPLE_COUNT } from "../../store/samples.ts";
import { AreaChart } from "../../ui/area-chart.tsx";
import { Card } from "./card.tsx";
import { refusedPackets } from "./members.ts";

/** Bytes a second: under it, an idle tunnel's keepalives would look like traffic. */
const MIN_SCALE = 10_000;

/** What goes through the tunnel: the last minute, and the sum since the start. */
export function Throughput() {
  const { t } = useTranslation();
  const { rate, bytes, number } = useFormats();
  const { inBps, outBps } = useModel(({ total }) => total);
  const traffic = useHost((host) => host.traffic);
  const down = rate(last(inBps) ?? 0);
  const up = rate(last(outBps) ?? 0);
  const dropped = Object.values(traffic.dropped).reduce((sum, count) => sum + count, 0);
  const refused = useHost(refusedPackets);
  return (
    <Card title={t("diagnostics.throughput")}>
      <dl className="mt-2 mb-3 flex flex-wrap gap-x-6 gap-y-1">
        <Figure color="bg-text-2" term={t("diagnostics.down")} value={down} />
        <Figure color="bg-focus" term={t("diagnostics.up")} value={up} />
      </dl>
      <AreaChart
        area={inBps}
        line={outBps}
        capacity={SAMPLE_COUNT}
        minScale={MIN_SCALE}
        label={t("diagnostics.throughputLabel", { down, up })}
      />
      <p className="figures mt-3 text-pretty text-sm text-text-2">
        {t("diagnostics.totals", { down: bytes(traffic.bytesIn), up: bytes(traffic.bytesOut) })}{" "}
        {dropped > 0 && t("diagnostics.dropped", { count: dropped, number: number(dropped) })}{" "}
        {refused > 0 && t("diagnostics.refused", { count: refused, number: number(refused) })}
      </p>
    </Card>
  );
}

function Figure({ color, term, value }: { readonly color: string; readonly term: string; readonly value: string }) {
  return (
    <div className="flex items-baseline gap-2">
      <span aria-hidden="true" className={`size-2 self-center rounded-full ${color}`} />
      <dt className="text-sm text-text-2">{term}</dt>
      <dd className="figures font-medium">{value}</dd>
    </div>
  );
}
