import { History } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useHost } from "../../store/context.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { ActivityRow } from "./activity-row.tsx";
import { FILTERS, type Filter, groupByDay } from "./entries.ts";

/** What happened and when, newest first. */
export function ActivityPage() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<Filter>("all");
  return (
    <>
      <h1 className="mb-4 font-semibold text-xl tracking-tight">{t("activity.title")}</h1>
      <Tabs
        label={t("activity.filter")}
        value={filter}
        onChange={setFilter}
        tabs={FILTERS.map((value) => ({
          value,
          label: t(`activity.filters.${value}`),
          content: <Entries filter={value} />,
        }))}
      />
    </>
  );
}

function Entries({ filter }: { readonly filter: Filter }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const activity = useHost((host) => host.activity);
  const days = groupByDay(activity, filter);
  if (days.length === 0) {
    return (
      <EmptyState picture={<History size={40} strokeWidth={1.25} />} title={t(`activity.empty.${filter}`)}>
        {t("activity.emptyDetail")}
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-6">
      {days.map(({ at, entries }) => (
        <section key={at}>
          <h2 className="mb-2 font-medium text-sm text-text-3">{formats.day(at)}</h2>
          <ol className="card divide-y divide-line">
            {entries.map(({ key, entry }) => (
              <ActivityRow key={key} entry={entry} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
