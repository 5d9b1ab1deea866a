import type { ReactElement } from 'react';
import type { Experiment, Retention } from '../../api/types.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint, BandSeries } from '../../charts/band-chart.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { count, percent, range } from '../../format/index.js';
import { armLegend } from './arm-legend.js';
import { armSeries } from './arm-series.js';
import { KINDS, daysOf, immature, pointOf } from './retention-kinds.js';

const HEADINGS = {
  day: 'Day',
  arm: 'Arm',
  share: 'Retained',
  lower: 'Lower',
  upper: 'Upper',
  retained: 'Retained units',
  matured: 'Matured units',
  enrolled: 'Enrolled units',
};
const COUNTS = new Set(['retained', 'matured', 'enrolled']);

function pointsOf(data: Retention): BandPoint[] {
  return daysOf(data).map((day) => ({
    x: String(day),
    values: Object.fromEntries(
      data.arms.map((arm) => {
        const point = pointOf(arm, day);
        return [
          arm.arm,
          { value: point?.share ?? null, lower: point?.lower ?? null, upper: point?.upper ?? null },
        ];
      }),
    ),
  }));
}

function rowsOf(data: Retention): TwinRow[] {
  return data.arms.flatMap(({ arm, points }) =>
    points.map(({ day, share, lower, upper, retained, matured, enrolled }) => ({
      id: `${arm}/${day}`,
      cells: { day: KINDS[data.kind].point(day), arm, share, lower, upper, retained, matured, enrolled },
    })),
  );
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return COUNTS.has(key) ? count(value) : percent(value);
}

function summaryOf(data: Retention, series: readonly BandSeries[]): string {
  const parts = data.arms.map(({ arm, points, enrolled }) => {
    const last = points.filter((point) => point.matured > 0 && point.share !== null).at(-1);
    const title = series.find((entry) => entry.key === arm)?.title ?? arm;
    if (last === undefined) return `${title}: nobody matured`;
    const when = KINDS[data.kind].point(last.day).toLowerCase();
    return `${title}: ${percent(last.share)} (${range(last, (value) => percent(value))}) on ${when}, ${count(last.matured)} of ${count(enrolled)} matured`;
  });
  return `${parts.join('; ')}. Bands are ${percent(1 - data.alpha, 0)} Wilson intervals, point by point.`;
}

/** Share of matured units that came back, with Wilson bands; what is not mature is hatched. */
export function RetentionChart({
  experiment,
  data,
}: {
  experiment: Experiment;
  data: Retention;
}): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.arms.some(({ arm }) => arm === key));
  const { title, axis, point } = KINDS[data.kind];
  return (
    <ChartFrame
      title={title}
      summary={summaryOf(data, series)}
      headings={HEADINGS}
      rows={rowsOf(data)}
      format={text}
      legend={armLegend(series)}
    >
      <BandChart
        series={series}
        points={pointsOf(data)}
        formatX={(day) => point(Number(day))}
        formatY={(value) => percent(value, 0)}
        labelX={axis}
        hatch={immature(data)}
      />
    </ChartFrame>
  );
}
