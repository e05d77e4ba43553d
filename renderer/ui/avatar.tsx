import { memo } from "react";

/**
 * A face for a key: the same everywhere, and hard to make alike on purpose for two. The name's first letter on a colour,
 * and a pattern of the key around it.
 */
export const Avatar = memo(function Avatar({
  publicKey,
  name,
  size = 36,
}: {
  readonly publicKey: string;
  readonly name: string;
  readonly size?: number;
}) {
  const bits = hash(publicKey);
  const hue = bits % 360;
  const other = (hue + 35 + ((bits >>> 9) % 50)) % 360;
  return (
    <svg width={size} height={size} viewBox="0 0 36 36" className="shrink-0" aria-hidden="true">
      <rect width="36" height="36" rx="11" fill={`oklch(0.62 0.1 ${hue})`} />
      <path d={PATTERNS[(bits >>> 17) % PATTERNS.length]} fill={`oklch(0.54 0.105 ${other})`} />
      <text x="18" y="23.4" textAnchor="middle" fontSize="15" fontWeight="600" fill="#fff">
        {firstLetter(name)}
      </text>
    </svg>
  );
});

/** All inside of the rounded square. */
const PATTERNS = [
  "M0 25 36 7v18a11 11 0 0 1-11 11H11A11 11 0 0 1 0 25z",
  "M0 11 36 29a11 11 0 0 1-11 7H11A11 11 0 0 1 0 25z",
  "M18 0h7a11 11 0 0 1 11 11v14a11 11 0 0 1-11 11h-7z",
  "M0 18h36v7a11 11 0 0 1-11 11H11A11 11 0 0 1 0 25z",
  "M36 14v11a11 11 0 0 1-11 11H11c16 0 25-9 25-22z",
  "M0 22a25 25 0 0 1 22 14H11A11 11 0 0 1 0 25z",
];

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstLetter(name: string): string {
  for (const { segment } of graphemes.segment(name.trim())) return segment.toLocaleUpperCase();
  return "";
}

/** FNV-1a, 32 bits: spread, not security. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
