import { Select, Skeleton } from '@mantine/core';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { useCatalog, useSurvival } from '../../api/queries.js';
import type { ArmSurvival, Experiment, Survival } from '../../api/types.js';
import { count, dateTime, pValue, percent, shortDate } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { SurvivalSummary } from './survival-summary.js';

const chart = () => import('./survival-chart.js');
const SurvivalChart = lazy(async () => ({ default: (await chart()).SurvivalChart }));

const CHURN = 'cancel';

/** Which outcome the time is counted to; cancellation unless the address says otherwise. */
export function EventSelect(): ReactElement {
  const [event, setEvent] = useUrlState('event');
  const known = useCatalog().data?.outcomes ?? [];
  const chosen = event || CHURN;
  return (
    <Select
      label="Time to"
      w={220}
      data={[...new Set([CHURN, ...known, chosen])]}
      value={chosen}
      onChange={(value) => setEvent(value === CHURN ? null : value)}
      searchable
      allowDeselect={false}
    />
  );
}

/** Time from first exposure to an outcome: curves, at-risk table, restricted means and tests. */
export function SurvivalView({ experiment }: { experiment: Experiment }): ReactElement {
  const [event] = useUrlState('event');
  const query = useSurvival(experiment.key, event || CHURN);
  return (
    <QueryBoundary
      query={query}
      what="time to event"
      lines={8}
      isEmpty={(data) => data.arms.every(({ days }) => days.length <= 1)}
      empty={
        <Panel title="Time to event">
          <StateMessage icon="clock" title="Nobody has been followed for a whole day yet">
            The curve begins 24 hours after the first exposure.
          </StateMessage>
        </Panel>
      }
    >
      {(data) => <Loaded experiment={experiment} data={data} />}
    </QueryBoundary>
  );
}

function Loaded({ experiment, data }: { experiment: Experiment; data: Survival }): ReactElement {
  return (
    <>
      <Panel
        title={`Time to ${data.event}`}
        note={
          <>
            <strong>
              Exposures from {shortDate(data.window.from)}, followed to {dateTime(data.asOf)}.
            </strong>{' '}
            Share of units without the event (Kaplan-Meier). A unit that is still without it is censored on
            its last whole day.
          </>
        }
      >
        {data.events === 0 ? (
          <StateMessage icon="chart" title={`No unit has sent ${data.event} since its first exposure`}>
            All {count(data.units)} units are still without it, so there is no curve to compare.
          </StateMessage>
        ) : (
          <div className={layout.stack}>
            <Suspense fallback={<Skeleton height={280} />}>
              <SurvivalChart experiment={experiment} data={data} />
            </Suspense>
            <AtRisk experiment={experiment} data={data} />
          </div>
        )}
      </Panel>
      {data.events === 0 ? null : (
        <Panel title={`Days without ${data.event}`} note={<SummaryNote data={data} />} flush>
          <SurvivalSummary experiment={experiment} data={data} />
        </Panel>
      )}
    </>
  );
}

function SummaryNote({ data }: { data: Survival }): ReactElement {
  const horizon =
    data.tau === null
      ? 'No day is supported by every arm yet, so there is no mean.'
      : `Means are over the first ${count(data.tau)} days: ${data.tauRule}.`;
  const overall =
    data.arms.length > 2 && data.logRank.status === 'ok'
      ? ` Log-rank test of all arms: p ${pValue(data.logRank.pValue)}.`
      : '';
  return (
    <>
      {horizon}
      {overall} The mean needs no assumption about hazards; one hazard ratio describes the arms only if the
      ratio is the same at all times. All of this is for one look at the planned end, and no part of the
      verdict.
    </>
  );
}

/** About seven days spread over the follow-up, first and last among them. */
function daysShown(data: Survival): number[] {
  const last = Math.max(0, ...data.arms.map(({ days }) => days.length - 1));
  const step = Math.max(1, Math.ceil(last / 6));
  return [...new Set([...Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step), last])];
}

function AtRisk({ experiment, data }: { experiment: Experiment; data: Survival }): ReactElement {
  const columns: Column<ArmSurvival>[] = [
    {
      key: 'arm',
      title: 'At risk',
      cell: (row) => experiment.arms.find(({ key }) => key === row.arm)?.title ?? row.arm,
    },
    ...daysShown(data).map((day): Column<ArmSurvival> => ({
      key: String(day),
      title: `Day ${day}`,
      align: 'right',
      cell: ({ days }) => {
        const at = days[day];
        if (at === undefined) return <Missing reason={`Nobody of this arm was followed to day ${day}`} />;
        return (
          <div>
            {count(at.atRisk)}
            <div className="mq-muted">{percent(at.survival)}</div>
          </div>
        );
      },
    })),
  ];
  return (
    <DataTable
      caption="Units at risk per day"
      columns={columns}
      rows={data.arms}
      rowKey={({ arm }) => arm}
      dense
    />
  );
}
