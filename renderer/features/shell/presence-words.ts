import type { TFunction } from "i18next";
import type { Presence } from "../../store/presence.ts";

/** @param when "in 5 seconds", where the server is tried again at a known time */
export function presenceWords(t: TFunction<"app">, presence: Presence, when: string | undefined) {
  const { kind } = presence;
  switch (kind) {
    case "connecting": {
      const details = {
        server: t("presence.connectingServer"),
        rooms: t("presence.connectingRooms"),
        members: t("presence.connectingMembers"),
      };
      return { title: t("presence.connecting"), detail: details[presence.what] };
    }
    case "at_door":
      return { title: t("presence.at_door"), detail: t("presence.at_doorDetail", { room: presence.room }) };
    case "connected": {
      const { reached, of, server } = presence;
      if (server === "lost") return { title: t("presence.connected"), detail: t("presence.connectedServerLost") };
      const detail =
        reached === of
          ? t("presence.connectedAll", { count: of })
          : t("presence.connectedDetail", { reached, count: of });
      return { title: t("presence.connected"), detail };
    }
    case "server_lost":
      return {
        title: t("presence.server_lost"),
        detail: when === undefined ? t("presence.server_lostNow") : t("presence.server_lostDetail", { when }),
      };
    default:
      return { title: t(`presence.${kind}`), detail: t(`presence.${kind}Detail`) };
  }
}
