import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useExperiments } from '../../api/queries.js';
import type { ExperimentRow } from '../../api/types.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { HealthMark } from '../../ui/status.js';

interface Alarm {
  readonly experiment: ExperimentRow;
  readonly check: NonNullable<NonNullable<ExperimentRow['summary']>['alarms']>[number];
}

const COLUMNS: readonly Column<Alarm>[] = [
  { key: 'status', title: 'State', cell: ({ check }) => <HealthMark status={check.status} /> },
  {
    key: 'check',
    title: 'Check',
    cell: ({ experiment, check }) => (
      <Link to={`/experiments/${experiment.key}/health#${check.key}`}>{check.title}</Link>
    ),
  },
  { key: 'experiment', title: 'Experiment', cell: ({ experiment }) => experiment.title },
];

/** What fails or warns in experiments that are under way, the failing first: where to look when one is called. */
export function Alarms(): ReactElement {
  return (
    <Panel
      title="Health of experiments"
      note="Checks that fail or warn of something broken, in experiments that are under way. As of the last roll-up."
      flush
    >
      <QueryBoundary query={useExperiments()} what="experiments" lines={3}>
        {({ items }) => <Firing rows={items} />}
      </QueryBoundary>
    </Panel>
  );
}

function Firing({ rows }: { rows: readonly ExperimentRow[] }): ReactElement {
  const alarms = rows
    .filter(({ status }) => status === 'running' || status === 'paused')
    .flatMap((experiment) => (experiment.summary?.alarms ?? []).map((check) => ({ experiment, check })))
    .sort((a, b) => Number(b.check.status === 'fail') - Number(a.check.status === 'fail'));
  return alarms.length === 0 ? (
    <StateMessage icon="check" title="Nothing fires">
      No check of a running experiment fails or warns of something broken.
    </StateMessage>
  ) : (
    <DataTable
      caption="Checks that fire"
      columns={COLUMNS}
      rows={alarms}
      rowKey={({ experiment, check }) => `${experiment.key}/${check.key}`}
      step={20}
      dense
    />
  );
}
