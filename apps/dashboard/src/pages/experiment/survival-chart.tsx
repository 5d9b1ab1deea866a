import type { ReactElement } from 'react';
import type { ArmSurvival, Experiment, Survival } from '../../api/types.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint } from '../../charts/band-chart.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, percent, range } from '../../format/index.js';
import { armLegend } from './arm-legend.js';
import { armSeries } from './arm-series.js';

const HEADINGS = {
  day: 'Day',
  arm: 'Arm',
  survival: 'Without the event',
  lower: 'Lower',
  upper: 'Upper',
  atRisk: 'At risk',
  events: 'Events',
  censored: 'Censored',
};
const SHARES = new Set(['survival', 'lower', 'upper']);

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return SHARES.has(key) ? percent(value) : count(value);
}

/** The longest follow-up of any arm. */
export const lastDayOf = (data: Survival): number =>
  Math.max(0, ...data.arms.map(({ days }) => days.length - 1));

function pointsOf(data: Survival): BandPoint[] {
  return Array.from({ length: lastDayOf(data) + 1 }, (_, day) => ({
    x: String(day),
    values: Object.fromEntries(
      data.arms.map(({ arm, days }) => {
        const at = days[day];
        return [arm, { value: at?.survival ?? null, lower: at?.lower ?? null, upper: at?.upper ?? null }];
      }),
    ),
  }));
}

function sentence({ days, events, units }: ArmSurvival, title: string): string {
  const last = days.at(-1);
  if (last === undefined) return `${title}: nobody was exposed`;
  const band = last.lower === null ? '' : ` (${range(last, (value) => percent(value))})`;
  return `${title}: ${percent(last.survival)}${band} after ${last.day} days, ${count(events)} events among ${count(units)} units`;
}

/** Kaplan-Meier curves with Greenwood's log-log bands. */
export function SurvivalChart({
  experiment,
  data,
}: {
  experiment: Experiment;
  data: Survival;
}): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.arms.some(({ arm }) => arm === key));
  const titleOf = (arm: string): string => series.find(({ key }) => key === arm)?.title ?? arm;
  return (
    <ChartFrame
      title={`Time to ${data.event}`}
      summary={`${data.arms.map((arm) => sentence(arm, titleOf(arm.arm))).join('; ')}. Bands are ${percent(1 - data.alpha, 0)} Greenwood intervals on the log-log scale, day by day.`}
      headings={HEADINGS}
      rows={data.arms.flatMap(({ arm, days }) =>
        days.map(({ day, survival, lower, upper, atRisk, events, censored }) => ({
          id: `${arm}/${day}`,
          cells: { day: `Day ${day}`, arm, survival, lower, upper, atRisk, events, censored },
        })),
      )}
      format={text}
      legend={armLegend(series)}
    >
      <BandChart
        series={series}
        points={pointsOf(data)}
        formatX={(day) => `Day ${day}`}
        formatY={(value) => percent(value, 1)}
        labelX="Days of 24 hours since first exposure"
        step
      />
    </ChartFrame>
  );
}
