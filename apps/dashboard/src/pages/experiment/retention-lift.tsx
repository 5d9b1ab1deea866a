import type { ReactElement } from 'react';
import type { Effect, Experiment, Retention } from '../../api/types.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint } from '../../charts/band-chart.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, difference, intervalName, lift, range } from '../../format/index.js';
import { armLegend } from './arm-legend.js';
import { armSeries } from './arm-series.js';
import { KINDS, daysOf, immature } from './retention-kinds.js';

const HEADINGS = {
  day: 'Day',
  arm: 'Arm',
  lift: 'Lift',
  liftLower: 'Lower',
  liftUpper: 'Upper',
  difference: 'Difference',
  n: 'Matured units',
};

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  if (key === 'n') return count(value);
  return key === 'difference' ? difference(value, 'share') : lift(value);
}

const unitsOf = (effect: Effect): number => effect.control.n + effect.treatment.n;

/** Lift of retention against the baseline at every point, with the interval of the experiment's estimator. */
export function RetentionLift({
  experiment,
  data,
}: {
  experiment: Experiment;
  data: Retention;
}): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.lifts.some(({ arm }) => arm === key));
  const kind = KINDS[data.kind];
  const points = daysOf(data).map((day): BandPoint => ({
    x: String(day),
    values: Object.fromEntries(
      data.lifts.map(({ arm, points: own }) => {
        const relative = own.find((point) => point.day === day)?.effect.relative;
        const interval = relative?.interval;
        return [
          arm,
          {
            value: relative?.estimate ?? null,
            lower: interval?.lower ?? null,
            upper: interval?.upper ?? null,
          },
        ];
      }),
    ),
  }));
  const rows = data.lifts.flatMap(({ arm, points: own }) =>
    own.map(({ day, effect }) => ({
      id: `${arm}/${day}`,
      cells: {
        day: kind.point(day),
        arm,
        lift: effect.relative.estimate,
        liftLower: effect.relative.interval?.lower ?? null,
        liftUpper: effect.relative.interval?.upper ?? null,
        difference: effect.estimate,
        n: unitsOf(effect),
      },
    })),
  );
  const parts = data.lifts.map(({ arm, points: own }) => {
    const last = own.filter(({ effect }) => effect.relative.estimate !== null).at(-1);
    const title = series.find((entry) => entry.key === arm)?.title ?? arm;
    if (last === undefined) return `${title}: no lift can be given yet`;
    const { relative } = last.effect;
    return `${title}: ${lift(relative.estimate)} (${intervalName(relative.interval)} ${range(relative.interval, lift)}) on ${kind.point(last.day).toLowerCase()}, n ${count(unitsOf(last.effect))}`;
  });
  return (
    <ChartFrame
      title={`Lift of ${kind.title.toLowerCase()}`}
      summary={`${parts.join('; ')}.`}
      headings={HEADINGS}
      rows={rows}
      format={text}
      legend={armLegend(series)}
    >
      <BandChart
        series={series}
        points={points}
        formatX={(day) => kind.point(Number(day))}
        formatY={lift}
        labelX={kind.axis}
        hatch={immature(data)}
        zero
      />
    </ChartFrame>
  );
}
