import type { Activity, AppState } from "../../shared/ipc/app.ts";
import type { Actions } from "./actions.ts";
import type { Model, Toast } from "./model.ts";

/** What has happened since `before`, from old to new. What had happened before the first state is no news. */
export function newsOf(before: AppState | undefined, { activity }: AppState): readonly Activity[] {
  // Parts of the state that did not change are the same objects.
  if (!before || before.activity === activity) return [];
  const newest = Math.max(0, ...Object.keys(before.activity).map(Number));
  const fresh = Object.keys(activity).map(Number);
  return fresh
    .filter((sequence) => sequence > newest)
    .sort((a, b) => a - b)
    .flatMap((sequence) => activity[sequence] ?? []);
}

const KNOCK = "activity.kinds.door_knock";

/** Says at the window's edge what a person should not find out by chance. */
export function tellNews(
  { kind, roomId, member = "", room = "", publicKey }: Activity,
  { host, place, toasts }: Pick<Model, "host" | "place" | "toasts">,
  { toast, go }: Pick<Actions, "toast" | "go">,
): void {
  const isShown = place.screen === "room" && place.roomId === roomId;
  const say = (tone: Toast["tone"], key: string) =>
    toast(
      tone,
      { kind: "said", key, values: { member, room } },
      ...(roomId === undefined || isShown
        ? []
        : [{ kind: "show", run: () => go({ screen: "room", roomId }) } as const]),
    );
  switch (kind) {
    case "door_knock":
      // The room's own page shows who is there, only who can answer is asked, and a crowd is one message.
      if (toasts.some(({ text }) => text.kind === "said" && text.key === KNOCK && text.values?.room === room)) return;
      if (roomId !== undefined && host?.rooms[roomId]?.trust.canLetIn && !isShown) say("plain", KNOCK);
      return;
    case "key_changed":
      return say("bad", "activity.kinds.key_changed");
    case "let_in":
      return say("good", "activity.kinds.let_in");
    case "turned_away":
      return say("bad", "activity.kinds.turned_away");
    case "owner_changed":
      if (publicKey === host?.self.publicKey) say("good", "news.yours");
      return;
  }
}
