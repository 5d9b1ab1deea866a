import { Skeleton } from '@mantine/core';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { useRetention } from '../../api/queries.js';
import type { Experiment, Retention, RetentionKind } from '../../api/types.js';
import { count, percent, shortDate } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { KINDS, pointOf } from './retention-kinds.js';

const RetentionChart = lazy(async () => ({ default: (await import('./retention-chart.js')).RetentionChart }));
const RetentionLift = lazy(async () => ({ default: (await import('./retention-lift.js')).RetentionLift }));

/** Retention of one kind: curve, who is behind it, and lift. */
export function RetentionView({
  experiment,
  kind,
}: {
  experiment: Experiment;
  kind: RetentionKind;
}): ReactElement {
  const query = useRetention(experiment.key, kind);
  return (
    <QueryBoundary
      query={query}
      what="retention"
      lines={8}
      isEmpty={(data) => data.arms.every((arm) => arm.points.every((point) => point.matured === 0))}
      empty={
        <Panel title="Retention">
          <StateMessage icon="clock" title="Nobody has matured yet">
            {kind === 'window'
              ? 'Week 1 is known eight days after the first exposure.'
              : 'Day 1 is known two days after the first exposure.'}{' '}
            Until then a share would only count those who came early.
          </StateMessage>
        </Panel>
      }
    >
      {(data) => <Loaded experiment={experiment} data={data} />}
    </QueryBoundary>
  );
}

function windowOf({ window: { from, to, activityThrough } }: Retention): string {
  return `First exposures ${shortDate(from)} to ${shortDate(to)}, activity through ${shortDate(activityThrough)} (UTC).`;
}

function Loaded({ experiment, data }: { experiment: Experiment; data: Retention }): ReactElement {
  const kind = KINDS[data.kind];
  const baseline = experiment.arms.find((arm) => arm.key === data.baseline)?.title ?? data.baseline;
  return (
    <>
      <Panel
        title={kind.title}
        note={
          <>
            <strong>{windowOf(data)}</strong> {kind.means} Only units that have been in long enough count at
            each point; a shorter window never stands in for a longer one.
          </>
        }
      >
        <div className={layout.stack}>
          <Suspense fallback={<Skeleton height={280} />}>
            <RetentionChart experiment={experiment} data={data} />
          </Suspense>
          <Matured experiment={experiment} data={data} />
        </div>
      </Panel>
      <Panel
        title={`Lift against ${baseline}`}
        note={`On the matured units of each point, by the experiment’s estimator (${data.estimator}). Many points are looked at, so one that stands out alone is no evidence; the verdict uses the registered metrics only.`}
      >
        <Suspense fallback={<Skeleton height={280} />}>
          <RetentionLift experiment={experiment} data={data} />
        </Suspense>
      </Panel>
    </>
  );
}

function Matured({ experiment, data }: { experiment: Experiment; data: Retention }): ReactElement {
  type Row = Retention['arms'][number];
  const kind = KINDS[data.kind];
  const columns: Column<Row>[] = [
    {
      key: 'arm',
      title: 'Matured units',
      cell: (row) => experiment.arms.find((arm) => arm.key === row.arm)?.title ?? row.arm,
    },
    ...kind.table.map((day): Column<Row> => ({
      key: String(day),
      title: kind.point(day),
      align: 'right',
      cell: (row) => <Cell row={row} day={day} matures={kind.matures(day)} />,
    })),
  ];
  return (
    <DataTable
      caption={data.kind === 'window' ? 'Matured units per week' : 'Matured units per day'}
      columns={columns}
      rows={data.arms}
      rowKey={(row) => row.arm}
      dense
    />
  );
}

function Cell({
  row,
  day,
  matures,
}: {
  row: Retention['arms'][number];
  day: number;
  matures: number;
}): ReactElement {
  const point = pointOf(row, day);
  if (point === undefined || point.matured === 0)
    return <Missing reason={`Not yet mature: nobody has been in for ${matures + 1} days`} />;
  return (
    <div>
      {percent(point.share)}
      <div className="mq-muted">
        {count(point.retained)} of {count(point.matured)}
      </div>
      <div className="mq-muted">
        {count(point.matured)}/{count(point.enrolled)} mature
      </div>
    </div>
  );
}
