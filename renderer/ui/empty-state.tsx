import type { ReactNode } from "react";

export interface EmptyStateProps {
  readonly picture?: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Nothing here yet: what would be here, and how to get it. */
export function EmptyState({ picture, title, children, actions }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center px-4 py-12 text-center">
      {picture !== undefined && <div className="mb-5 text-text-3">{picture}</div>}
      <h2 className="text-balance font-semibold text-lg tracking-tight">{title}</h2>
      {children !== undefined && <div className="mt-1.5 text-pretty text-text-2">{children}</div>}
      {actions !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
