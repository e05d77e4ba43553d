import type { RoomId } from "../../../shared/base/brand.ts";
import type { Place } from "../../../shared/ipc/desktop.ts";
import type { ElectronParts, NotificationPart } from "./electron-parts.ts";
import type { Notice, NoticeWords } from "./notices.ts";

/** Shows the system's notifications. A click on one leads somewhere. */
export class Notifications {
  readonly #electron: Pick<ElectronParts, "createNotification">;
  readonly #open: (place: Place) => void;
  /** Without a reference their clicks would be collected with them. */
  readonly #shown = new Set<NotificationPart>();

  constructor(electron: Pick<ElectronParts, "createNotification">, open: (place: Place) => void) {
    this.#electron = electron;
    this.#open = open;
  }

  show({ title, body }: NoticeWords, place: Place): void {
    const notification = this.#electron.createNotification({ title, body });
    this.#shown.add(notification);
    notification.on("click", () => {
      this.#shown.delete(notification);
      this.#open(place);
    });
    notification.on("close", () => this.#shown.delete(notification));
    notification.show();
  }
}

/** A room that this machine is no longer in has no page. */
export function placeOf(notice: Notice): Place {
  switch (notice.kind) {
    case "members":
    case "door":
    case "key_changed":
    case "let_in":
    case "turned_away":
      return roomPlace(notice.roomId);
    default:
      return { screen: "rooms" };
  }
}

export function roomPlace(roomId: RoomId): Place {
  return { screen: "room", roomId };
}
