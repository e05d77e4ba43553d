import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { isReached } from "../../../shared/ipc/members.ts";
import { useHost } from "../../store/context.ts";
import { isOutside, othersIn } from "../../store/rooms.ts";
import { useCountdown } from "../shell/use-countdown.ts";

/** A room's state in words. */
export function RoomState({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const turn = useCountdown(useHost(({ rooms }) => rooms[roomId]?.queuedUntil));
  const isOff = useHost(({ wanted }) => !wanted);
  const state = useHost(({ rooms }) => rooms[roomId]?.state);
  const outside = useHost(({ rooms }) => {
    const room = rooms[roomId];
    return room && isOutside(room) ? (room.trust.waiting ? "waiting" : "nobody") : undefined;
  });
  const others = useHost(({ rooms }) => (rooms[roomId] ? othersIn(rooms[roomId]).length : 0));
  const reached = useHost(({ rooms }) => Object.values(rooms[roomId]?.members ?? {}).filter(isReached).length);
  if (isOff) return t("rooms.state.off");
  if (turn !== undefined) return t("rooms.state.queued", { when: turn });
  if (state === "entering" || (state === "reconnecting" && reached === 0)) return t(`rooms.state.${state}`);
  if (outside !== undefined) return t(outside === "waiting" ? "rooms.atDoor" : "rooms.outside");
  if (others === 0) return t("rooms.onlyYou");
  return t("rooms.reached", { reached, count: others });
}
