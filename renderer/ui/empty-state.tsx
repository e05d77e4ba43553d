import type { ReactNode } from "react";

export interface EmptyStateProps {
  readonly picture?: ReactNode;
  readonly title: string;
  /** The only heading of its page, or one under the page's own. */
  readonly level?: 1 | 2;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Nothing here yet: what would be here, and how to get it. */
export function EmptyState({ picture, title, level = 2, children, actions }: EmptyStateProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-96 flex-col items-center px-4 py-12 text-center">
      {picture !== undefined && <div className="mb-5 text-text-3">{picture}</div>}
      <Heading className="text-balance font-semibold text-lg tracking-tight">{title}</Heading>
      {children !== undefined && <div className="mt-1.5 text-pretty text-text-2">{children}</div>}
      {actions !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
