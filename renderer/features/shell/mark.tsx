/** The product's mark: three machines, joined directly; one of them is you. */
export function Mark({ size = 28 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="8.5" className="fill-ink" />
      <path
        d="M16 9.5 9.5 21.5h13z"
        fill="none"
        strokeWidth="2"
        strokeLinejoin="round"
        className="stroke-on-ink opacity-45"
      />
      <circle cx="16" cy="9.5" r="3.6" className="fill-live" />
      <circle cx="9.5" cy="21.5" r="3.6" className="fill-on-ink" />
      <circle cx="22.5" cy="21.5" r="3.6" className="fill-on-ink" />
    </svg>
  );
}
