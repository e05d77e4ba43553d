import { Skeleton } from "../../ui/skeleton.tsx";

const ROWS = ["first", "second", "third"];

/** Members, about to come. */
export function MemberSkeleton({ label }: { readonly label: string }) {
  return (
    <div role="status" aria-label={label} className="card">
      {ROWS.map((row) => (
        <div key={row} className="flex h-16 items-center gap-3 border-line px-4 not-last:border-b">
          <Skeleton className="size-9 rounded-[11px]" />
          <div className="grid gap-2">
            <Skeleton className="h-3.5 w-32" />
            <Skeleton className="h-3 w-24" />
          </div>
        </div>
      ))}
    </div>
  );
}
