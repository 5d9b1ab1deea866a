import type { ReactElement } from 'react';
import type { AssignmentHealth } from '../../../api/assignment-health.js';
import { BandChart } from '../../../charts/band-chart.js';
import type { BandPoint } from '../../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../../charts/chart-frame.js';
import { seriesLook } from '../../../charts/palette.js';
import { count, plural, shortDate } from '../../../format/index.js';

/** Days with something, and all days between: a day without a row had none. */
function daysOf({ states, entered }: AssignmentHealth): string[] {
  const known = [...states.flatMap(({ days }) => days), ...entered].map(({ day }) => day).sort();
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return [];
  const days: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** Units per day in each state that was noted at a time, beside the units that entered. */
export function TrendChart({ health }: { health: AssignmentHealth }): ReactElement | null {
  const shown = health.states.filter(({ days }) => days.length > 0);
  const days = daysOf(health);
  if (shown.length === 0) return null;
  const unitsOn = (found: readonly { day: string; units: number }[], day: string): number =>
    found.find((one) => one.day === day)?.units ?? 0;
  const points: BandPoint[] = days.map((day) => ({
    x: day,
    values: Object.fromEntries(
      shown.map((one) => [one.state, { value: unitsOn(one.days, day), lower: null, upper: null }]),
    ),
  }));
  const headings = {
    day: 'Day',
    entered: 'Units that entered',
    ...Object.fromEntries(shown.map(({ state, title }) => [state, title])),
  };
  const sums = shown.map((one) => {
    const units = one.days.reduce((sum, day) => sum + day.units, 0);
    return `${one.title}: ${plural(units, 'unit')} on ${plural(one.days.length, 'day')}`;
  });
  return (
    <ChartFrame
      title={`Faulty assignment by day, ${health.experiment}`}
      summary={`${sums.join('. ')}.`}
      headings={headings}
      rows={days.map((day) => ({
        id: day,
        cells: {
          day,
          entered: unitsOn(health.entered, day),
          ...Object.fromEntries(shown.map((one) => [one.state, unitsOn(one.days, day)])),
        },
      }))}
      format={(_key, value) => (typeof value === 'number' ? count(value) : (value ?? '—'))}
      legend={shown.map(({ state, title }, index) => {
        const { color, dash } = seriesLook(index + 1);
        return (
          <LegendItem key={state} color={color} label={title} {...(dash === undefined ? {} : { dash })} />
        );
      })}
    >
      <BandChart
        series={shown.map(({ state, title }, index) => ({ key: state, title, look: index + 1 }))}
        points={points}
        formatX={shortDate}
        formatY={count}
        zero
        whole
        labelX="Day"
      />
    </ChartFrame>
  );
}
