import { memo } from "react";

export interface AreaChartProps {
  /** From old to new, two series on one scale: the first as an area, the second as a line. */
  readonly area: readonly number[];
  readonly line: readonly number[];
  /** How many values the full width stands for; a shorter list starts further in. */
  readonly capacity: number;
  /** The smallest full scale, in the unit of the values. */
  readonly minScale: number;
  /** What it shows, in words. */
  readonly label: string;
}

const WIDTH = 600;
const HEIGHT = 120;

/** Two rates over the last minute. It stretches to the width it is given; strokes keep theirs. */
export const AreaChart = memo(function AreaChart({ area, line, capacity, minScale, label }: AreaChartProps) {
  const max = Math.max(minScale, ...area, ...line);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className="h-30 w-full rtl:-scale-x-100"
    >
      {[0.25, 0.5, 0.75].map((share) => (
        <line
          key={share}
          x1="0"
          x2={WIDTH}
          y1={HEIGHT * share}
          y2={HEIGHT * share}
          className="stroke-line"
          strokeDasharray="2 4"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      {area.length > 1 && (
        <path d={`${pathOf(area, max, capacity)}V${HEIGHT}H${xOf(0, area.length, capacity)}Z`} className="fill-well" />
      )}
      <Line values={area} max={max} capacity={capacity} className="stroke-text-2" />
      <Line values={line} max={max} capacity={capacity} className="stroke-focus" />
    </svg>
  );
});

interface LineProps {
  readonly values: readonly number[];
  readonly max: number;
  readonly capacity: number;
  readonly className: string;
}

function Line({ values, max, capacity, className }: LineProps) {
  if (values.length < 2) return null;
  return (
    <path
      d={pathOf(values, max, capacity)}
      fill="none"
      className={className}
      strokeWidth="1.5"
      strokeLinejoin="round"
      vectorEffect="non-scaling-stroke"
    />
  );
}

function xOf(i: number, count: number, capacity: number): number {
  return ((capacity - count + i) / Math.max(1, capacity - 1)) * WIDTH;
}

function pathOf(values: readonly number[], max: number, capacity: number): string {
  return values
    .map((value, i) => `${i === 0 ? "M" : "L"}${xOf(i, values.length, capacity).toFixed(1)} ${y(value, max)}`)
    .join("");
}

/** The stroke at full scale stays inside. */
function y(value: number, max: number): string {
  return (HEIGHT - 2 - (value / max) * (HEIGHT - 4)).toFixed(1);
}
