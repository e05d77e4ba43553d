import { lazy, Suspense } from "react";
import { useActions, useHost, useModel } from "../store/context.ts";

/** Each comes with the first time it is opened, so that the first picture does not wait for any. */
const CreateDialog = lazy(() => import("./rooms/create-dialog.tsx"));
const JoinDialog = lazy(() => import("./rooms/join-dialog.tsx"));
const InviteDialog = lazy(() => import("./rooms/invite-dialog.tsx"));
const Palette = lazy(() => import("./palette/palette.tsx"));
const LinkDialog = lazy(() => import("./rooms/link-dialog.tsx"));

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
