import type { ReactNode } from "react";

export interface CardProps {
  readonly title: string;
  readonly detail?: string;
  readonly action?: ReactNode;
  readonly children?: ReactNode;
}

export function Card({ title, detail, action, children }: CardProps) {
  return (
    <section className="card min-w-0 p-4">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="font-medium">{title}</h2>
          {detail !== undefined && <p className="text-pretty text-sm text-text-2">{detail}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}
