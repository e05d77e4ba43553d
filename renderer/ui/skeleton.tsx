import { cx } from "./classes.ts";

/** The place of something that is about to come, at its size, so that nothing jumps when it does. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={cx("breathing block rounded-md bg-well", className)} />;
}
