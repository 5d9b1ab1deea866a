import type { ReactElement } from 'react';
import type { PowerPoint } from '../../api/types-power.js';
import { BandChart } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { count, percent } from '../../format/index.js';

const HEADINGS = { day: 'Day', units: 'Units', lift: 'Smallest lift', fixedLift: 'Smallest lift, read once' };

/** Lifts above are no plan; they would flatten the rest of the curve. */
const HIGHEST_SHOWN = 2;

/** Smallest lift that can be found, by days of running. */
export function PowerCurve({ points }: { points: readonly PowerPoint[] }): ReactElement {
  const shown = points.filter(({ lift }) => lift !== null && lift <= HIGHEST_SHOWN);
  const last = shown.at(-1);
  const value = (lift: number | null) => ({ value: lift, lower: null, upper: null });
  return (
    <ChartFrame
      title="Smallest lift by days"
      summary={
        last === undefined
          ? 'No lift below 200 % can be found within 84 days.'
          : `After ${count(last.day)} days a lift of ${percent(last.lift, 1)} can be found, with ${count(last.units)} units.`
      }
      headings={HEADINGS}
      rows={points.map(({ day, units, lift, fixedLift }) => ({
        id: String(day),
        cells: { day, units, lift, fixedLift },
      }))}
      format={(key, cell) => {
        if (typeof cell !== 'number') return cell ?? 'none';
        return key === 'day' || key === 'units' ? count(cell) : percent(cell, 1);
      }}
      legend={
        <>
          <LegendItem color={seriesLook(1).color} label="with the chosen estimator" />
          <LegendItem color={seriesLook(2).color} dash={seriesLook(2).dash ?? '4 3'} label="read once" />
        </>
      }
    >
      <BandChart
        series={[
          { key: 'lift', title: 'With the chosen estimator', look: 1 },
          { key: 'fixed', title: 'Read once', look: 2 },
        ]}
        points={shown.map(({ day, lift, fixedLift }) => ({
          x: String(day),
          values: { lift: value(lift), fixed: value(fixedLift) },
        }))}
        formatX={(day) => `${day} d`}
        formatY={(lift) => percent(lift, 1)}
        height={220}
        labelX="Days of running"
      />
    </ChartFrame>
  );
}
