/**
 * What happens in a room: machines joined directly (solid), a server that only introduces them (dashed). Labels are the
 * caller's; without, it is decoration beside words.
 */
export function NetworkPicture({ width = 320, label }: { readonly width?: number; readonly label?: string }) {
  return (
    <svg
      width={width}
      viewBox="0 0 320 168"
      className="max-w-full"
      role="img"
      aria-label={label}
      aria-hidden={label === undefined}
    >
      <g fill="none" className="stroke-line-strong" strokeWidth="1.5" strokeDasharray="1 6" strokeLinecap="round">
        <path d="M160 40 56 116" />
        <path d="M160 40v72" />
        <path d="M160 40l104 76" />
      </g>
      <g fill="none" className="stroke-live" strokeWidth="2.5" strokeLinecap="round">
        <path d="M84 126h48" />
        <path d="M188 126h48" />
        <path d="M66 146c50 26 138 26 188 0" />
      </g>
      <Server />
      <Machine x={32} isYou />
      <Machine x={136} />
      <Machine x={240} />
    </svg>
  );
}

function Server() {
  return (
    <g className="fill-surface stroke-line-strong" strokeWidth="1.5">
      <rect x="142" y="10" width="36" height="15" rx="4" />
      <rect x="142" y="28" width="36" height="15" rx="4" />
      <g stroke="none" className="fill-line-strong">
        <circle cx="150" cy="17.5" r="2" />
        <circle cx="150" cy="35.5" r="2" />
      </g>
    </g>
  );
}

function Machine({ x, isYou = false }: { readonly x: number; readonly isYou?: boolean }) {
  return (
    <g transform={`translate(${x} 108)`}>
      <rect
        width="48"
        height="32"
        rx="6"
        strokeWidth="1.75"
        className={isYou ? "fill-ink stroke-ink" : "fill-surface stroke-text-2"}
      />
      <path d="M17 40h14" strokeWidth="2.5" strokeLinecap="round" className={isYou ? "stroke-ink" : "stroke-text-2"} />
      <circle cx="24" cy="16" r="5" className="fill-live" />
    </g>
  );
}
