import { useTranslation } from "react-i18next";
import { Checks } from "./checks.tsx";
import { ReportCard } from "./report-card.tsx";
import { RoundTrips } from "./round-trips.tsx";
import { SpeedTestCard } from "./speed-test-card.tsx";
import { Throughput } from "./throughput.tsx";

/** How this computer and its connections are doing, and what to do about what is wrong. */
export function DiagnosticsPage() {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="mb-4 font-semibold text-xl tracking-tight">{t("diagnostics.title")}</h1>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="grid gap-4">
          <Throughput />
          <RoundTrips />
          <SpeedTestCard />
        </div>
        <div className="grid gap-4">
          <Checks />
          <ReportCard />
        </div>
      </div>
    </>
  );
}
