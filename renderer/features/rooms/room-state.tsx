import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useHost } from "../../store/context.ts";

/** A room's state in words. */
export function RoomState({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const isOff = useHost(({ wanted }) => !wanted);
  const state = useHost(({ rooms }) => rooms[roomId]?.state);
  const others = useHost(
    ({ rooms }) => Object.values(rooms[roomId]?.members ?? {}).filter((member) => member.state !== "self").length,
  );
  const reached = useHost(
    ({ rooms }) => Object.values(rooms[roomId]?.members ?? {}).filter((member) => member.state === "connected").length,
  );
  if (isOff) return t("rooms.state.off");
  if (state === "entering" || (state === "reconnecting" && reached === 0)) return t(`rooms.state.${state}`);
  if (others === 0) return t("rooms.onlyYou");
  return t("rooms.reached", { reached, count: others });
}
