import type { ReactElement } from 'react';
import {
  CartesianGrid,
  ErrorBar,
  ResponsiveContainer,
  Scatter,
  ScatterChart as Chart,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { niceTicks } from './band-chart.js';
import { AXIS, TOOLTIP_STYLE } from './palette.js';

/** What a mark stands for, told apart by its shape: a square, a filled circle on the line, an empty circle. */
export type MarkKind = 'current' | 'front' | 'other';

export interface ScatterPoint {
  id: string;
  label: string;
  kind: MarkKind;
  /** No other point beats it in both; the line goes through it. */
  front: boolean;
  x: number;
  y: number;
  /** Half widths of the intervals. */
  spreadX: number;
  spreadY: number;
}

interface ScatterChartProps {
  points: readonly ScatterPoint[];
  labelX: string;
  labelY: string;
  format: (value: number) => string;
  /** Drawn larger, with a ring. */
  chosen: string;
  choose: (id: string) => void;
  height?: number;
}

const domainOf = (values: readonly number[]): { ticks: number[]; domain: [number, number] } => {
  const ticks = niceTicks(Math.min(...values), Math.max(...values));
  return { ticks, domain: [ticks[0] ?? 0, ticks.at(-1) ?? 1] };
};

interface MarkProps {
  cx?: number | undefined;
  cy?: number | undefined;
  payload?: ScatterPoint | undefined;
}

/** A mark; `kind` by its shape, the chosen one by a ring. */
function mark(chosen: string) {
  return function Mark({ cx = 0, cy = 0, payload }: MarkProps): ReactElement {
    const isChosen = payload?.id === chosen;
    const shared = { stroke: 'var(--mq-s1)', strokeWidth: 2, style: { cursor: 'pointer' } };
    return (
      <g>
        {isChosen ? (
          <circle cx={cx} cy={cy} r={11} fill="none" stroke="var(--mq-text)" strokeWidth={2} />
        ) : null}
        {payload?.kind === 'current' ? (
          <rect
            x={cx - 6}
            y={cy - 6}
            width={12}
            height={12}
            {...shared}
            fill="var(--mq-text)"
            stroke="var(--mq-panel)"
          />
        ) : (
          <circle
            cx={cx}
            cy={cy}
            r={payload?.kind === 'front' ? 6 : 4.5}
            {...shared}
            fill={payload?.kind === 'front' ? 'var(--mq-s1)' : 'var(--mq-panel)'}
          />
        )}
      </g>
    );
  };
}

/** Points with their intervals, and a line through those that no other point beats. */
export function ScatterChart(props: ScatterChartProps): ReactElement {
  const { points, labelX, labelY, format, chosen, choose, height = 380 } = props;
  const reach = (at: 'x' | 'y', spread: 'spreadX' | 'spreadY'): number[] =>
    points.flatMap((point) =>
      point.kind === 'other' ? [point[at]] : [point[at] - point[spread], point[at] + point[spread]],
    );
  const [x, y] = [domainOf(reach('x', 'spreadX')), domainOf(reach('y', 'spreadY'))];
  const line = points.filter(({ front }) => front).sort((a, b) => a.x - b.x);
  const pick = (datum: unknown): void => {
    const { payload } = datum as { payload?: ScatterPoint };
    if (payload) choose(payload.id);
  };
  const series = (kind: MarkKind): ScatterPoint[] => points.filter((point) => point.kind === kind);
  const shape = mark(chosen);
  return (
    <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 640, height }}>
      <Chart margin={{ top: 10, right: 20, bottom: 24, left: 12 }}>
        <CartesianGrid stroke="var(--mq-line)" />
        <XAxis
          {...AXIS}
          type="number"
          dataKey="x"
          {...x}
          allowDataOverflow
          tickFormatter={format}
          label={{
            value: labelX,
            position: 'insideBottom',
            offset: -14,
            fill: 'var(--mq-muted)',
            fontSize: 12,
          }}
        />
        <YAxis
          {...AXIS}
          type="number"
          dataKey="y"
          {...y}
          allowDataOverflow
          tickFormatter={format}
          width={74}
          label={{ value: labelY, angle: -90, position: 'insideLeft', fill: 'var(--mq-muted)', fontSize: 12 }}
        />
        <Tooltip
          contentStyle={TOOLTIP_STYLE}
          isAnimationActive={false}
          content={({ payload }) => (
            <Hint point={payload?.[0]?.payload as ScatterPoint | undefined} {...props} />
          )}
        />
        <Scatter
          data={line}
          line={{ stroke: 'var(--mq-s1)', strokeWidth: 1.5, strokeDasharray: '5 3' }}
          shape={() => <g />}
          isAnimationActive={false}
          tooltipType="none"
        />
        <Scatter data={series('other')} shape={shape} onClick={pick} isAnimationActive={false} />
        {(['front', 'current'] as const).map((kind) => (
          <Scatter key={kind} data={series(kind)} shape={shape} onClick={pick} isAnimationActive={false}>
            <ErrorBar dataKey="spreadX" direction="x" stroke="var(--mq-muted)" strokeWidth={1} width={3} />
            <ErrorBar dataKey="spreadY" direction="y" stroke="var(--mq-muted)" strokeWidth={1} width={3} />
          </Scatter>
        ))}
      </Chart>
    </ResponsiveContainer>
  );
}

function Hint({
  point,
  labelX,
  labelY,
  format,
}: Pick<ScatterChartProps, 'labelX' | 'labelY' | 'format'> & {
  point: ScatterPoint | undefined;
}): ReactElement | null {
  if (point === undefined) return null;
  return (
    <div style={{ ...TOOLTIP_STYLE, padding: '6px 10px' }}>
      <strong>{point.label}</strong>
      <div>
        {labelX}: {format(point.x)} ± {format(point.spreadX)}
      </div>
      <div>
        {labelY}: {format(point.y)} ± {format(point.spreadY)}
      </div>
    </div>
  );
}
