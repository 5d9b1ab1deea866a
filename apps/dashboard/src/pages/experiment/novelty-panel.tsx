import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Experiment } from '../../api/types.js';
import type { Novelty, NoveltyArm } from '../../api/types-units.js';
import { useNovelty } from '../../api/unit-queries.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { count, decimal, lift, pValue, percent, plural } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { armSeries } from './arm-series.js';

interface NoveltyPanelProps {
  experiment: Experiment;
  metric: string;
  muted: boolean;
}

const EMPTY = {
  fixed_window: {
    title: 'This metric looks at one day only',
    text: 'A retention metric has a single value per unit, so there is nothing to follow by days. Choose a metric of activity.',
  },
  not_by_day: {
    title: 'This metric has no value of a single day',
    text: 'Funnels, quantiles and times to an event look at all the days of a unit together. Choose a metric of activity.',
  },
  not_old_enough: {
    title: 'Nobody has been in for a week yet',
    text: 'Only units with all the days behind them count, so that every day is about the same units.',
  },
} as const;

/** Lift by days since first exposure: does it fade (novelty) or grow (still adapting)? */
export function NoveltyPanel({ experiment, metric, muted }: NoveltyPanelProps): ReactElement {
  return (
    <QueryBoundary query={useNovelty(experiment.key, metric)} what="novelty" lines={6}>
      {(data) =>
        data.reason === null ? (
          <Shown experiment={experiment} data={data} muted={muted} />
        ) : (
          <StateMessage icon="clock" title={EMPTY[data.reason].title}>
            {EMPTY[data.reason].text}
          </StateMessage>
        )
      }
    </QueryBoundary>
  );
}

const HEADINGS = {
  day: 'Days since first exposure',
  arm: 'Arm',
  control: 'Control',
  treatment: 'Arm’s value',
  lift: 'Lift',
  lower: 'Lower',
  upper: 'Upper',
};

function twinRows(data: Novelty): TwinRow[] {
  return data.arms.flatMap(({ arm, points }) =>
    points.map(({ day, control, treatment, lift: value, lower, upper }) => ({
      id: `${arm}/${day}`,
      cells: { day: String(day), arm, control, treatment, lift: value, lower, upper },
    })),
  );
}

function pointsOf(data: Novelty): BandPoint[] {
  return Array.from({ length: data.days ?? 0 }, (_, day) => ({
    x: String(day),
    values: Object.fromEntries(
      data.arms.map(({ arm, points }) => {
        const point = points[day];
        return [
          arm,
          { value: point?.lift ?? null, lower: point?.lower ?? null, upper: point?.upper ?? null },
        ];
      }),
    ),
  }));
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return key === 'control' || key === 'treatment' ? decimal(value) : lift(value);
}

function Shown({
  experiment,
  data,
  muted,
}: {
  experiment: Experiment;
  data: Novelty;
  muted: boolean;
}): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.arms.some(({ arm }) => arm === key));
  const titleOf = (arm: string): string => series.find(({ key }) => key === arm)?.title ?? arm;
  const warned = data.arms.filter(({ warning }) => warning !== null);
  return (
    <div className={layout.stack}>
      {warned.map((arm) => (
        <Alert key={arm.arm} color="orange" variant="light" title={`NOVELTY: ${titleOf(arm.arm)}`}>
          {arm.note} {trendText(arm)}
        </Alert>
      ))}
      <ChartFrame
        title={`Lift by days since exposure ${data.metric}`}
        summary={summaryOf(data, titleOf)}
        headings={HEADINGS}
        rows={twinRows(data)}
        format={text}
        legend={series.map(({ key, title, look }) => {
          const { color, dash } = seriesLook(look);
          return (
            <LegendItem key={key} color={color} label={title} {...(dash === undefined ? {} : { dash })} />
          );
        })}
      >
        <BandChart
          series={series}
          points={pointsOf(data)}
          formatX={(day) => `Day ${day}`}
          formatY={lift}
          zero
          whole
          muted={muted}
          labelX="Days since first exposure"
        />
      </ChartFrame>
    </div>
  );
}

function trendText({ trend, qValue }: NoveltyArm): string {
  if (trend === null) return '';
  const range = `${lift(trend.lower)} to ${lift(trend.upper)}`;
  return `The lift changes by ${lift(trend.slope)} a day (${range}), q ${pValue(qValue)}.`;
}

function summaryOf(data: Novelty, titleOf: (arm: string) => string): string {
  const { matured, enrolled, sample } = data.units;
  const who = `${count(matured)} of ${plural(enrolled, 'unit')} have all ${data.days ?? 0} days behind them`;
  const part = sample < 1 ? `, a random ${percent(sample, 0)} of which is read` : '';
  const trends = data.arms.map((arm) => `${titleOf(arm.arm)}: ${arm.note} ${trendText(arm)}`.trim());
  return `${who}${part}. ${trends.join(' ')} Bands are 95% confidence intervals of single days.`;
}
