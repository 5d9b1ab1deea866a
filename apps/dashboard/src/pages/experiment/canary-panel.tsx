import { Alert, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Experiment } from '../../api/types.js';
import type { EventRates, RatePoint } from '../../api/types-rates.js';
import { useEventRates } from '../../api/unit-queries.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandPoint } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { count, dateTime, shortDate, decimal, lift, pValue, percent } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { armSeries } from './arm-series.js';

interface CanaryPanelProps {
  experiment: Experiment;
  muted: boolean;
}

/** Whether an event happens to more units of an arm than of control, from the first hour on. */
export function CanaryPanel({ experiment, muted }: CanaryPanelProps): ReactElement {
  const [event, setEvent] = useUrlState('event');
  return (
    <QueryBoundary query={useEventRates(experiment.key, event || null)} what="rates of events" lines={6}>
      {(data) =>
        data.event === null ? (
          <StateMessage icon="clock" title="No event yet">
            No outcome has been sent for the units of this experiment since they were exposed.
          </StateMessage>
        ) : (
          <div className={layout.stack}>
            <Select
              label="Event"
              w={280}
              data={data.events.map(({ event: name, units }) => ({
                value: name,
                label: `${name} (${count(units)})`,
              }))}
              value={data.event}
              onChange={setEvent}
            />
            <Shown experiment={experiment} data={data} muted={muted} />
          </div>
        )
      }
    </QueryBoundary>
  );
}

const HEADINGS = {
  at: 'Time (UTC)',
  arm: 'Arm',
  control: 'Control units with it',
  controlExposed: 'Control units exposed',
  treatment: 'Arm’s units with it',
  treatmentExposed: 'Arm’s units exposed',
  ratio: 'Ratio of rates',
  lower: 'Lower',
  upper: 'Upper',
  pValue: 'p, always valid',
};

const RATIOS: ReadonlySet<string> = new Set(['ratio', 'lower', 'upper']);

function text(key: string, value: string | number | null): string {
  if (value === null) return key === 'upper' ? 'no limit' : '—';
  if (typeof value === 'string') return value;
  if (key === 'pValue') return pValue(value);
  return RATIOS.has(key) ? decimal(value) : count(value);
}

const shownTime = (at: string, step: EventRates['step']): string =>
  step === 'hour' ? dateTime(at) : shortDate(at);

function twinRows({ comparisons, step }: EventRates): TwinRow[] {
  return comparisons.flatMap(({ arm, points }) =>
    points.map(({ at, control, treatment, ratio, lower, upper, pValue: p }) => ({
      id: `${arm}/${at}`,
      cells: {
        at: shownTime(at, step),
        arm,
        control: control.units,
        controlExposed: control.exposed,
        treatment: treatment.units,
        treatmentExposed: treatment.exposed,
        ratio,
        lower,
        upper,
        pValue: p,
      },
    })),
  );
}

/** A ratio as what it is above or below control's rate; 0 is the same rate. */
const excess = (ratio: number | null | undefined): number | null =>
  ratio === null || ratio === undefined ? null : ratio - 1;

function chartPoints({ comparisons }: EventRates): BandPoint[] {
  const times = comparisons[0]?.points.map(({ at }) => at) ?? [];
  return times.map((at, i) => ({
    x: at,
    values: Object.fromEntries(
      comparisons.map(({ arm, points }) => {
        const { ratio, lower, upper } = points[i] ?? {};
        return [arm, { value: excess(ratio), lower: excess(lower), upper: excess(upper) }];
      }),
    ),
  }));
}

interface ShownProps extends CanaryPanelProps {
  data: EventRates;
}

function Shown({ experiment, data, muted }: ShownProps): ReactElement {
  const series = armSeries(experiment).filter(({ key }) => data.comparisons.some(({ arm }) => arm === key));
  const titleOf = (arm: string): string => series.find(({ key }) => key === arm)?.title ?? arm;
  const harmful = data.events.find(({ event }) => event === data.event)?.harmful === true;
  const above = data.comparisons.filter(({ points }) => isAbove(points.at(-1)));
  return (
    <>
      {harmful && above.length > 0 ? (
        <Alert color="orange" variant="light" title={`More ${data.event ?? ''} than in control`}>
          {above.map(({ arm, points }) => `${titleOf(arm)}: ${sentence(points.at(-1))}`).join(' ')}
        </Alert>
      ) : null}
      <ChartFrame
        title={`Rate of ${data.event ?? ''} against control`}
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
          points={chartPoints(data)}
          formatX={(at) => shownTime(at, data.step)}
          formatY={lift}
          zero
          muted={muted}
          labelX={data.step === 'hour' ? 'Hour' : 'Day'}
        />
      </ChartFrame>
    </>
  );
}

const isAbove = (point: RatePoint | undefined): boolean => (point?.lower ?? 0) > 1;

function sentence(point: RatePoint | undefined): string {
  if (!point || point.ratio === null) return 'nothing to divide by: control has none yet.';
  const upper = point.upper === null ? 'no limit' : decimal(point.upper);
  const range =
    point.lower === null ? 'no single ratio fits all phases' : `${decimal(point.lower)} to ${upper}`;
  return `${decimal(point.ratio)} times control’s rate (${range}), p ${pValue(point.pValue)}.`;
}

function summaryOf(data: EventRates, titleOf: (arm: string) => string): string {
  const [counted, one] = data.clusterBy === null ? ['units', 'unit'] : ['clusters', data.clusterBy];
  const shares = data.arms.map(
    ({ arm, units, exposed, share }) =>
      `${titleOf(arm)} ${count(units)} of ${count(exposed)} ${counted}${share === null ? '' : ` (${percent(share, 2)})`}`,
  );
  const found = data.comparisons.map(({ arm, points }) => `${titleOf(arm)}: ${sentence(points.at(-1))}`);
  return `${data.event ?? ''} since exposure, each ${one} counted once: ${shares.join(', ')}. ${found.join(' ')} Bands are ${percent(1 - data.alpha, 0)} confidence sequences, valid at any look. Counted ${dateTime(data.asOf)}.`;
}
