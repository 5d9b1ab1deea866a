import { Badge, SegmentedControl } from '@mantine/core';
import type { ReactElement } from 'react';
import { useForecast } from '../../api/queries.js';
import type { Experiment, Forecast, ForecastResult } from '../../api/types.js';
import { count, difference, percent, plural, range } from '../../format/index.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { IntervalBar, symmetricDomain } from '../../charts/interval-bar.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { whyMissing } from './survival-reasons.js';

const HORIZONS = ['14', '21', '28'];
const points = (value: number): string => difference(value, 'share');

/** What the first days say about later retention: labelled as a forecast, with its record, and never a verdict. */
export function ForecastPanel({ experiment }: { experiment: Experiment }): ReactElement {
  const [chosen, setChosen] = useUrlState('horizon');
  const horizon = HORIZONS.includes(chosen) ? chosen : '28';
  const query = useForecast(experiment.key, Number(horizon));
  return (
    <Panel
      title={`Forecast: effect on day-${horizon} retention`}
      note={
        <>
          <Badge component="span" variant="outline" color="gray" size="sm" mr={6}>
            Forecast, not a result
          </Badge>
          Predicted from the first days of this experiment by what such days meant in others. It plays no part
          in the verdict.
        </>
      }
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Forecast for"
          data={HORIZONS.map((day) => ({ value: day, label: `Day ${day}` }))}
          value={horizon}
          onChange={(day) => setChosen(day === '28' ? null : day)}
        />
      }
    >
      <QueryBoundary
        query={query}
        what="forecast"
        lines={4}
        isEmpty={({ status }) => status !== 'ok'}
        empty={
          <StateMessage icon="clock" title="Not enough history for a forecast">
            {query.data?.reason}
          </StateMessage>
        }
      >
        {(forecast) => <Loaded experiment={experiment} forecast={forecast} />}
      </QueryBoundary>
    </Panel>
  );
}

/** How the forecasts of other experiments compare with what happened then. */
function recordOf({ record, history, day, signals, signalDays }: Forecast): string {
  const learned = `Learned from ${count(history.units)} units of ${plural(history.experiments, 'other experiment')}: ${signals.join(', ')} of days 0 to ${signalDays} explain ${percent(history.explained)} of who is back on day ${day}.`;
  if (record === null || record.arms === 0) return `${learned} How good such forecasts are is not known.`;
  const known = `Forecast without themselves, ${record.covered} of ${plural(record.arms, 'of their arms', 'of their arms')} came out within the interval (${percent(record.coverage, 0)})`;
  const recall =
    record.recall === null
      ? 'none had a clear effect, so recall is not known'
      : `${record.foreseen} of ${plural(record.clear, 'clear effect')} were foreseen (recall ${percent(record.recall, 0)})`;
  return `${learned} ${known}; ${recall}; ${plural(record.falseAlarms, 'false alarm')}.`;
}

const HEADINGS = {
  arm: 'Arm',
  estimate: 'Forecast difference',
  lower: 'Lower',
  upper: 'Upper',
  control: 'Units, baseline',
  treatment: 'Units, arm',
};

function Loaded({ experiment, forecast }: { experiment: Experiment; forecast: Forecast }): ReactElement {
  const titleOf = (arm: string): string => experiment.arms.find(({ key }) => key === arm)?.title ?? arm;
  const domain = symmetricDomain(forecast.results.flatMap(({ lower, upper }) => [lower, upper]));
  const columns: Column<ForecastResult>[] = [
    { key: 'arm', title: 'Arm', cell: ({ arm }) => titleOf(arm) },
    {
      key: 'interval',
      title: 'Interval',
      quiet: true,
      // Without direction and colour: a forecast is no evidence for or against an arm.
      cell: ({ estimate, lower, upper }) => (
        <IntervalBar estimate={estimate} lower={lower} upper={upper} domain={domain} direction="unclear" />
      ),
    },
    {
      key: 'estimate',
      title: 'Forecast difference',
      align: 'right',
      cell: ({ estimate, lower, upper, reason }) =>
        estimate === null ? (
          <Missing reason={whyMissing(reason)} />
        ) : (
          <div>
            {points(estimate)} ({range({ lower, upper }, points)})
            <div className="mq-muted">{percent(1 - forecast.alpha, 0)} forecast interval</div>
          </div>
        ),
    },
    {
      key: 'units',
      title: 'Units with their first week over',
      align: 'right',
      cell: ({ control, treatment }) => `${count(treatment)} and ${count(control)}`,
    },
  ];
  return (
    <ChartFrame
      title={`Forecast of day ${forecast.day}`}
      summary={recordOf(forecast)}
      headings={HEADINGS}
      rows={forecast.results.map(({ arm, estimate, lower, upper, control, treatment }) => ({
        id: arm,
        cells: { arm, estimate, lower, upper, control, treatment },
      }))}
    >
      <DataTable
        caption="Forecast by arm"
        columns={columns}
        rows={forecast.results}
        rowKey={({ arm }) => arm}
        dense
      />
    </ChartFrame>
  );
}
