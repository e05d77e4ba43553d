import type { TFunction } from "i18next";
import type { DoctorFinding } from "../../../shared/ipc/app.ts";
import en from "../../i18n/en.json" with { type: "json" };

const RANK: Readonly<Record<DoctorFinding["status"], number>> = { fail: 0, warn: 1, ok: 2, skip: 3 };

/** What needs mending comes first; otherwise in the order they were asked. */
export function worstFirst(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  return findings.toSorted((a, b) => RANK[a.status] - RANK[b.status]);
}

/** A check's name in the person's language; one that is not known yet keeps the host's. */
export function checkTitle(t: TFunction<"app">, id: string, title: string): string {
  const known = Object.hasOwn(en.diagnostics.check, id) ? (id as keyof typeof en.diagnostics.check) : undefined;
  return known ? t(`diagnostics.check.${known}`) : title;
}
