import { memo } from "react";

export interface SparklineProps {
  /** From old to new; null leaves a gap. */
  readonly values: readonly (number | null)[];
  /** How many values the full width stands for; a shorter list starts further in. */
  readonly capacity: number;
  readonly width?: number;
  readonly height?: number;
  /** What it shows, in words; without, it is decoration beside words that say the same. */
  readonly label?: string;
}

/** The smallest full scale, so that a calm line does not look wild: values under it use part of the height. */
const MIN_SCALE = 10;
const PAD = 1.5;

/** A line of recent values, drawn from nought up, so that two of them can be compared by eye. */
export const Sparkline = memo(function Sparkline({ values, capacity, width = 64, height = 20, label }: SparklineProps) {
  const max = Math.max(MIN_SCALE, ...values.map((value) => value ?? 0));
  const x = (i: number) => PAD + ((capacity - values.length + i) / Math.max(1, capacity - 1)) * (width - 2 * PAD);
  const y = (value: number) => height - PAD - (value / max) * (height - 2 * PAD);
  const newest = values[values.length - 1];
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      className="shrink-0 overflow-visible rtl:-scale-x-100"
      role="img"
      aria-label={label}
      aria-hidden={label === undefined}
    >
      <path
        d={`M${PAD} ${height - PAD / 2}H${width - PAD}`}
        stroke="currentColor"
        strokeWidth="1"
        strokeLinecap="round"
        opacity="0.3"
      />
      <path
        d={pathOf(values, x, y)}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.25"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
      {typeof newest === "number" && <circle cx={x(values.length - 1)} cy={y(newest)} r="1.75" fill="currentColor" />}
    </svg>
  );
});

function pathOf(values: readonly (number | null)[], x: (i: number) => number, y: (value: number) => number): string {
  let path = "";
  let isDown = false;
  values.forEach((value, i) => {
    if (value !== null) path += `${isDown ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = value !== null;
  });
  return path;
}
