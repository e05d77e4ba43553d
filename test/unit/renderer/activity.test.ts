import { describe, expect, it } from "vitest";
import { FILTERS, groupByDay, toneOf } from "../../../renderer/features/activity/entries.ts";
import en from "../../../renderer/i18n/en.json" with { type: "json" };
import { ACTIVITY_KINDS, type Activity } from "../../../shared/ipc/app.ts";

const noon = new Date(2026, 10, 21, 12).getTime();
const HOUR = 3_600_000;
const entry = (at: number, kind: Activity["kind"]): Activity => ({ at, kind });

describe("the list of what happened", () => {
  it("is grouped by the calendar's days, the newest first in both", () => {
    const days = groupByDay(
      {
        9: entry(noon - 25 * HOUR, "started"),
        10: entry(noon - HOUR, "room_created"),
        11: entry(noon, "member_joined"),
      },
      "all",
    );
    expect(days.map(({ entries }) => entries.map(({ entry: { kind } }) => kind))).toEqual([
      ["member_joined", "room_created"],
      ["started"],
    ]);
    expect(days.map(({ at }) => at)).toEqual([noon, noon - 25 * HOUR]);
  });

  it("orders by sequence, whatever a clock that was set back says", () => {
    const [day] = groupByDay({ 2: entry(noon, "started"), 10: entry(noon - HOUR, "server_online") }, "all");
    expect(day?.entries.map(({ key }) => key)).toEqual(["10", "2"]);
  });

  it("starts a day anew where a filter leaves nothing of it", () => {
    const days = groupByDay({ 1: entry(noon, "started"), 2: entry(noon, "server_lost") }, "members");
    expect(days).toEqual([]);
  });

  it.each(["server_lost", "tunnel_failed", "kicked", "room_closed", "refused", "key_changed", "turned_away"] as const)(
    "counts %s among the problems, and shows it as one",
    (kind) => {
      expect(groupByDay({ 1: entry(noon, kind) }, "problems")).toHaveLength(1);
      expect(toneOf(entry(noon, kind))).toBe("bad");
    },
  );

  it("has a sentence for every kind and a name for every filter", () => {
    expect(Object.keys(en.activity.kinds).sort()).toEqual([...ACTIVITY_KINDS].sort());
    expect(Object.keys(en.activity.filters)).toEqual([...FILTERS]);
  });
});
