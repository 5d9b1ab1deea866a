import type { ReactElement } from 'react';
import type { Experiment, Retention } from '../../api/types.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint, BandSeries } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { count, percent, range } from '../../format/index.js';
import { armSeries } from './arm-series.js';

const HEADINGS = {
  day: 'Day',
  arm: 'Arm',
  share: 'Retained',
  lower: 'Lower',
  upper: 'Upper',
  matured: 'Matured units',
};

function pointsOf(data: Retention): BandPoint[] {
  const days = [...new Set(data.arms.flatMap((arm) => arm.points.map((point) => point.day)))].sort(
    (a, b) => a - b,
  );
  return days.map((day) => ({
    x: String(day),
    values: Object.fromEntries(
      data.arms.map(({ arm, points }) => {
        const point = points.find((entry) => entry.day === day && entry.matured > 0);
        return [
          arm,
          { value: point?.share ?? null, lower: point?.lower ?? null, upper: point?.upper ?? null },
        ];
      }),
    ),
  }));
}

function rowsOf(data: Retention): TwinRow[] {
  return data.arms.flatMap(({ arm, points }) =>
    points.map(({ day, share, lower, upper, matured }) => ({
      id: `${arm}/${day}`,
      cells: { day: String(day), arm, share, lower, upper, matured },
    })),
  );
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return key === 'matured' ? count(value) : percent(value);
}

function summaryOf(data: Retention, series: readonly BandSeries[]): string {
  const parts = data.arms.map(({ arm, points }) => {
    const last = points.filter((point) => point.matured > 0 && point.share !== null).at(-1);
    const title = series.find((entry) => entry.key === arm)?.title ?? arm;
    if (last === undefined) return `${title}: nobody matured`;
    return `${title}: ${percent(last.share)} (${range(last, (value) => percent(value))}) on day ${last.day}, ${count(last.matured)} matured`;
  });
  return `${parts.join('; ')}.`;
}

export function RetentionChart({
  experiment,
  data,
}: {
  experiment: Experiment;
  data: Retention;
}): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.arms.some(({ arm }) => arm === key));
  return (
    <ChartFrame
      title="Retention curve"
      summary={summaryOf(data, series)}
      headings={HEADINGS}
      rows={rowsOf(data)}
      format={text}
      legend={series.map(({ key, title, look }) => {
        const { color, dash } = seriesLook(look);
        return <LegendItem key={key} color={color} label={title} {...(dash === undefined ? {} : { dash })} />;
      })}
    >
      <BandChart
        series={series}
        points={pointsOf(data)}
        formatX={(day) => `Day ${day}`}
        formatY={(value) => percent(value, 0)}
        labelX="Days since first exposure"
      />
    </ChartFrame>
  );
}
