import { Suspense } from "react";
import { useActions, useHost, useModel } from "../store/context.ts";
import { later } from "./later.ts";

const CreateDialog = later(() => import("./rooms/create-dialog.tsx"));
const JoinDialog = later(() => import("./rooms/join-dialog.tsx"));
const InviteDialog = later(() => import("./rooms/invite-dialog.tsx"));
const Palette = later(() => import("./palette/palette.tsx"));
const LinkDialog = later(() => import("./rooms/link-dialog.tsx"));

/** The dialogs that can be opened from anywhere. A link that waits for an answer comes before what was open. */
export function Dialogs() {
  const dialog = useModel((model) => model.dialog);
  const link = useHost((host) => host.link);
  const { closeDialog } = useActions();
  return (
    <Suspense>
      {link && <LinkDialog link={link} />}
      {!link && dialog?.kind === "create" && <CreateDialog onClose={closeDialog} />}
      {!link && dialog?.kind === "join" && <JoinDialog link={dialog.link ?? ""} onClose={closeDialog} />}
      {!link && dialog?.kind === "invite" && <InviteDialog roomId={dialog.roomId} onClose={closeDialog} />}
      {!link && dialog?.kind === "palette" && <Palette onClose={closeDialog} />}
    </Suspense>
  );
}
