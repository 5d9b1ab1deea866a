import type { ReactElement } from 'react';
import { useReportSeries } from '../../api/queries.js';
import type { ReportSettings } from '../../api/queries.js';
import type { Experiment, ReportSeries, SeriesPoint } from '../../api/types.js';
import { BandChart } from '../../charts/band-chart.js';
import type { BandMark, BandPoint, BandSeries } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { count, lift, range, shortDate } from '../../format/index.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { armSeries } from './arm-series.js';

interface LiftOverTimeProps {
  experiment: Experiment;
  metric: string;
  estimator: string | null;
  settings: ReportSettings;
  muted: boolean;
  /** Changes of the experiment while it ran. */
  marks?: readonly BandMark[];
}

const HEADINGS = {
  day: 'Day',
  arm: 'Arm',
  liftEstimate: 'Lift',
  liftLower: 'Lower',
  liftUpper: 'Upper',
  n: 'Units',
};

function treatmentArms(experiment: Experiment): BandSeries[] {
  return armSeries(experiment).filter((series) => series.look !== 0);
}

function byDay(points: readonly SeriesPoint[]): BandPoint[] {
  const days = new Map<string, BandPoint>();
  for (const point of points) {
    const day = days.get(point.day) ?? { x: point.day, values: {} };
    day.values[point.arm] = { value: point.liftEstimate, lower: point.liftLower, upper: point.liftUpper };
    days.set(point.day, day);
  }
  return [...days.values()].sort((a, b) => a.x.localeCompare(b.x));
}

function twin(point: SeriesPoint): TwinRow {
  const { day, arm, liftEstimate, liftLower, liftUpper, n } = point;
  return { id: `${day}/${arm}`, cells: { day, arm, liftEstimate, liftLower, liftUpper, n } };
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return key === 'n' ? count(value) : lift(value);
}

function summaryOf(points: readonly SeriesPoint[], arms: readonly BandSeries[]): string {
  const parts = arms.map((arm) => {
    const last = points.filter((point) => point.arm === arm.key && point.liftEstimate !== null).at(-1);
    if (last === undefined) return `${arm.title}: no lift can be given yet`;
    const interval = range({ lower: last.liftLower, upper: last.liftUpper }, lift);
    return `${arm.title} stands at ${lift(last.liftEstimate)} (${interval}) on ${shortDate(last.day)}, n ${count(last.n)}`;
  });
  return `${parts.join('; ')}.`;
}

function marksText(marks: readonly BandMark[]): string {
  if (marks.length === 0) return '';
  return ` Changed while running: ${marks.map(({ x, label }) => `${shortDate(x)} (${label})`).join(', ')}.`;
}

/** Cumulative lift of one metric with its band, day by day. */
export function LiftOverTime(props: LiftOverTimeProps): ReactElement {
  const { experiment, metric, estimator, settings, muted, marks = [] } = props;
  const query = useReportSeries(experiment.key, metric, estimator, settings);
  return (
    <QueryBoundary
      query={query}
      what="lift over time"
      isEmpty={(series) => series.points.every((point) => point.liftEstimate === null)}
      empty={
        <StateMessage icon="chart" title="No day with a lift yet">
          The first point appears once both arms have outcomes.
        </StateMessage>
      }
    >
      {(series) => <Chart series={series} experiment={experiment} muted={muted} marks={marks} />}
    </QueryBoundary>
  );
}

function Chart({
  series,
  experiment,
  muted,
  marks,
}: {
  series: ReportSeries;
  experiment: Experiment;
  muted: boolean;
  marks: readonly BandMark[];
}): ReactElement {
  const arms = treatmentArms(experiment);
  const treated = series.points.filter((point) => arms.some((arm) => arm.key === point.arm));
  return (
    <ChartFrame
      title={`Lift over time ${series.metric}`}
      summary={`${summaryOf(treated, arms)}${marksText(marks)}`}
      headings={HEADINGS}
      rows={treated.map(twin)}
      format={text}
      source={`${experiment.key}, cumulative lift with its interval by ${series.estimator ?? 'the default estimator'}.`}
      legend={arms.map((arm) => {
        const look = seriesLook(arm.look);
        return (
          <LegendItem
            key={arm.key}
            color={look.color}
            label={arm.title}
            {...(look.dash === undefined ? {} : { dash: look.dash })}
          />
        );
      })}
    >
      <BandChart
        series={arms}
        points={byDay(treated)}
        formatX={shortDate}
        formatY={lift}
        zero
        muted={muted}
        marks={marks}
        labelX="Day"
      />
    </ChartFrame>
  );
}
