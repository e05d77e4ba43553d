import { CircleAlert } from "lucide-react";

/** Why what was asked for did not happen, above the buttons that ask for it again. */
export function FormProblem({ text }: { readonly text: string | undefined }) {
  return (
    <div role="alert" className="empty:hidden">
      {text !== undefined && (
        <p className="mt-4 flex items-start gap-2 rounded-control bg-bad-soft px-3 py-2.5 text-sm">
          <CircleAlert size={17} aria-hidden="true" className="mt-px shrink-0 text-bad-text" />
          <span className="wrap-anywhere min-w-0">{text}</span>
        </p>
      )}
    </div>
  );
}
