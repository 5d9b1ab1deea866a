import type { ReactElement } from 'react';
import { useId } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { AXIS, TOOLTIP_STYLE, seriesLook } from './palette.js';

export interface BandSeries {
  key: string;
  title: string;
  /** Index into the palette; the control is 0. */
  look: number;
}

/** One position on the x axis: per series its value and the ends of its band. */
export interface BandPoint {
  x: string;
  values: Record<string, { value: number | null; lower: number | null; upper: number | null }>;
}

/** Something that happened at one position of the x axis. */
export interface BandMark {
  x: string;
  label: string;
}

interface BandChartProps {
  series: readonly BandSeries[];
  points: readonly BandPoint[];
  formatX: (x: string) => string;
  formatY: (y: number) => string;
  /** Draws a line at zero, for lifts. */
  zero?: boolean;
  /** Every day counts the same: the axis holds all of them. */
  whole?: boolean;
  muted?: boolean;
  marks?: readonly BandMark[];
  height?: number;
  labelX: string;
  /** Values hold until the next point, as a survival curve does. */
  step?: boolean;
  /** Hatches the part of the x axis that is not known yet, and says what it is. */
  hatch?: { from: string; to: string; label: string } | undefined;
}

type Datum = Record<string, string | number | null | [number, number]>;

function datum(point: BandPoint, limit: number): Datum {
  const row: Datum = { x: point.x };
  for (const [key, { value, lower, upper }] of Object.entries(point.values)) {
    row[key] = value;
    // An interval without an end fills the plot on that side.
    row[`${key}:band`] =
      value === null || (lower === null && upper === null) ? null : [lower ?? -limit, upper ?? limit];
  }
  return row;
}

/** The early days of a sequential interval are wide; the axis follows the later ones and cuts those off. */
export function bandTicks(points: readonly BandPoint[], zero: boolean, whole = false): number[] {
  const late = points.slice(zero && !whole ? Math.floor(points.length / 4) : 0);
  const ends = late.flatMap((point) =>
    Object.values(point.values).flatMap(({ value, lower, upper }) => [value, lower, upper]),
  );
  const finite = ends.filter((end): end is number => end !== null && Number.isFinite(end));
  if (finite.length === 0) return [-1, 0, 1];
  return niceTicks(Math.min(...finite, ...(zero ? [0] : [])), Math.max(...finite, ...(zero ? [0] : [])));
}

/** Round steps that hold both ends; at most eight. */
export function niceTicks(low: number, high: number): number[] {
  const rough = (high - low || Math.abs(high) || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((multiple) => multiple * power >= rough) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** A dotted line with its words where something happened. */
function markLines(marks: readonly BandMark[] = []): ReactElement[] {
  return marks.map(({ x, label }) => (
    <ReferenceLine
      key={`${x}/${label}`}
      x={x}
      stroke="var(--mq-text)"
      strokeDasharray="2 3"
      label={{ value: label, position: 'insideTopLeft', fill: 'var(--mq-muted)', fontSize: 11 }}
    />
  ));
}

/** Lines with bands, one per series. */
export function BandChart(props: BandChartProps): ReactElement {
  const {
    series,
    points,
    formatX,
    formatY,
    zero = false,
    whole = false,
    muted = false,
    height = 280,
    labelX,
    step = false,
    hatch,
  } = props;
  const shape = step ? 'stepAfter' : 'linear';
  const pattern = useId();
  const ticks = bandTicks(points, zero, whole);
  const domain: [number, number] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const limit = Math.max(Math.abs(domain[0]), Math.abs(domain[1])) * 10;
  return (
    <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 640, height }}>
      <ComposedChart
        data={points.map((point) => datum(point, limit))}
        margin={{ top: 8, right: 12, bottom: 18, left: 4 }}
        style={{ opacity: muted ? 0.45 : 1 }}
      >
        <CartesianGrid stroke="var(--mq-line)" vertical={false} />
        {hatch === undefined ? null : (
          <>
            <defs>
              <pattern
                id={pattern}
                width="8"
                height="8"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
              >
                <line x1="0" y1="0" x2="0" y2="8" stroke="var(--mq-line-strong)" strokeWidth="2.5" />
              </pattern>
            </defs>
            <ReferenceArea
              x1={hatch.from}
              x2={hatch.to}
              fill={`url(#${pattern})`}
              fillOpacity={0.6}
              label={{ value: hatch.label, fill: 'var(--mq-text)', fontSize: 12, fontWeight: 600 }}
            />
          </>
        )}
        <XAxis
          dataKey="x"
          {...AXIS}
          tickFormatter={formatX}
          minTickGap={28}
          label={{
            value: labelX,
            position: 'insideBottom',
            offset: -12,
            fill: 'var(--mq-muted)',
            fontSize: 12,
          }}
        />
        <YAxis {...AXIS} width={62} domain={domain} ticks={ticks} allowDataOverflow tickFormatter={formatY} />
        <Tooltip
          contentStyle={TOOLTIP_STYLE}
          labelFormatter={(label) => formatX(String(label))}
          formatter={(value, name) => [tooltipText(value, formatY), name]}
          isAnimationActive={false}
        />
        {markLines(props.marks)}
        {zero ? <ReferenceLine y={0} stroke="var(--mq-s0)" strokeDasharray="4 3" /> : null}
        {series.map(({ key, title, look }) => (
          <Area
            key={`${key}:band`}
            dataKey={`${key}:band`}
            name={`${title}, interval`}
            type={shape}
            stroke="none"
            fill={seriesLook(look).color}
            fillOpacity={0.16}
            isAnimationActive={false}
            activeDot={false}
          />
        ))}
        {series.map(({ key, title, look }) => (
          <Line
            key={key}
            dataKey={key}
            name={title}
            type={shape}
            stroke={seriesLook(look).color}
            strokeWidth={2.25}
            strokeDasharray={seriesLook(look).dash ?? '0'}
            dot={points.length < 3 ? { r: 3 } : false}
            isAnimationActive={false}
          />
        ))}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

function tooltipText(value: unknown, format: (y: number) => string): string {
  if (Array.isArray(value)) return value.map((end) => format(Number(end))).join(' to ');
  return typeof value === 'number' ? format(value) : '—';
}
