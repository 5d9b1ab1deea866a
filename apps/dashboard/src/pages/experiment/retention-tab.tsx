import { Skeleton } from '@mantine/core';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { useRetention } from '../../api/queries.js';
import type { Experiment, Retention } from '../../api/types.js';
import { count, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { NotStarted } from './not-started.js';

const RetentionChart = lazy(async () => ({ default: (await import('./retention-chart.js')).RetentionChart }));

/** Share of matured units that came back, by day since first exposure. */
export function RetentionTab({ experiment }: { experiment: Experiment }): ReactElement {
  const query = useRetention(experiment.key);
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  return (
    <QueryBoundary
      query={query}
      what="retention"
      lines={8}
      isEmpty={(data) => data.arms.every((arm) => arm.points.every((point) => point.matured === 0))}
      empty={
        <Panel title="Retention">
          <StateMessage icon="clock" title="Nobody has matured yet">
            Day 1 is known two days after the first exposure. Until then a share would only count those who
            came early.
          </StateMessage>
        </Panel>
      }
    >
      {(data) => (
        <div className={layout.stack}>
          <Panel
            title="Retention curve"
            note="Only units that have been in the experiment long enough count on each day; a shorter window never stands in for a longer one."
          >
            <Suspense fallback={<Skeleton height={280} />}>
              <RetentionChart experiment={experiment} data={data} />
            </Suspense>
          </Panel>
          <Panel title="Matured units" note="The number behind each point of the curve." flush>
            <Matured experiment={experiment} data={data} />
          </Panel>
        </div>
      )}
    </QueryBoundary>
  );
}

const DAYS = [1, 3, 7, 14, 21, 28];

function Matured({ experiment, data }: { experiment: Experiment; data: Retention }): ReactElement {
  type Row = Retention['arms'][number];
  const columns: Column<Row>[] = [
    {
      key: 'arm',
      title: 'Arm',
      cell: (row) => experiment.arms.find((arm) => arm.key === row.arm)?.title ?? row.arm,
    },
    ...DAYS.map((day): Column<Row> => ({
      key: String(day),
      title: `Day ${day}`,
      align: 'right',
      cell: (row) => <Cell row={row} day={day} />,
    })),
  ];
  return (
    <DataTable caption="Matured units per day" columns={columns} rows={data.arms} rowKey={(row) => row.arm} />
  );
}

function Cell({ row, day }: { row: Retention['arms'][number]; day: number }): ReactElement {
  const point = row.points.find((entry) => entry.day === day);
  if (point === undefined || point.matured === 0)
    return <Missing reason={`Nobody has been in for ${day + 1} days yet`} />;
  return (
    <div>
      {percent(point.share)}
      <div className="mq-muted">
        {count(point.retained)} of {count(point.matured)}
      </div>
    </div>
  );
}
