import { memo, useMemo } from "react";
import { encode } from "uqr";

/** A quiet zone of four modules is what the standard (ISO/IEC 18004) asks of a reader's surroundings. */
const QUIET_ZONE = 4;

/** Always dark on light, whatever the theme: many readers know nothing else. */
export const QrCode = memo(function QrCode({ text, label, size = 168 }: QrCodeProps) {
  const { path, modules } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      width={size}
      height={size}
      viewBox={`0 0 ${modules} ${modules}`}
      shapeRendering="crispEdges"
      className="shrink-0 rounded-card"
    >
      <rect width={modules} height={modules} fill="#fff" />
      <path d={path} fill="#14161a" />
    </svg>
  );
});

export interface QrCodeProps {
  readonly text: string;
  readonly label: string;
  readonly size?: number;
}

function drawn(text: string) {
  const { data, size } = encode(text, { ecc: "M", border: QUIET_ZONE });
  let path = "";
  data.forEach((row, y) => {
    row.forEach((isDark, x) => {
      if (isDark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return { path, modules: size };
}
