import type { ReactElement } from 'react';

interface HistogramProps {
  /** Share of the units per bin, in [0, 1]; the last one may be the tail. */
  shares: readonly number[];
  /** The last bin holds everything above the axis; it is hatched. */
  hasTail: boolean;
  /** Highest share of all histograms that are compared. */
  most: number;
  color: string;
  className: string | undefined;
  id: string;
  /** Where a dashed line stands, in bins from the left; null or absent: none. */
  mark?: number | null;
}

/** Bars of one arm on the axis that all arms share. The figures stand in the table twin. */
export function Histogram({
  shares,
  hasTail,
  most,
  color,
  className,
  id,
  mark = null,
}: HistogramProps): ReactElement {
  const gap = hasTail ? 1 : 0;
  const width = shares.length + gap;
  return (
    <svg className={className} viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" aria-hidden="true">
      <defs>
        <pattern id={id} width="0.22" height="100" patternUnits="userSpaceOnUse">
          <rect width="0.11" height="100" fill={color} />
        </pattern>
      </defs>
      {shares.map((share, bin) => {
        const isTail = hasTail && bin === shares.length - 1;
        const height = most > 0 ? Math.max(share > 0 ? 1.5 : 0, (share / most) * 98) : 0;
        return (
          <rect
            key={bin}
            x={bin + 0.06 + (isTail ? gap : 0)}
            width={0.88}
            y={100 - height}
            height={height}
            fill={isTail ? `url(#${id})` : color}
          />
        );
      })}
      {mark === null ? null : (
        <line
          x1={mark}
          x2={mark}
          y1={0}
          y2={100}
          stroke="var(--mq-text)"
          strokeDasharray="3 3"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}
