import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Operations } from '../../api/types.js';
import { count, duration, humanise } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';

type Queue = Operations['queues'][number];

/** A queue is behind once its oldest job waited this long. */
const BEHIND_SECONDS = 60;
/** A process that was not seen for this long has stopped. */
const GONE_SECONDS = 60;

function QueueState({ queue }: { queue: Queue }): ReactElement {
  if (queue.failed > 0) return <Pill tone="bad" icon="warning" label="Has failed jobs" />;
  if ((queue.oldestAgeSeconds ?? 0) > BEHIND_SECONDS) return <Pill tone="bad" icon="clock" label="Behind" />;
  return <Pill tone="good" icon="check" label="Keeps up" />;
}

const QUEUES: Column<Queue>[] = [
  { key: 'name', title: 'Queue', cell: (queue) => humanise(queue.name) },
  { key: 'state', title: 'State', cell: (queue) => <QueueState queue={queue} /> },
  { key: 'waiting', title: 'Waiting', align: 'right', cell: (queue) => count(queue.waiting) },
  { key: 'active', title: 'Active', align: 'right', cell: (queue) => count(queue.active) },
  { key: 'delayed', title: 'Delayed', align: 'right', cell: (queue) => count(queue.delayed) },
  { key: 'failed', title: 'Failed', align: 'right', cell: (queue) => count(queue.failed) },
  {
    key: 'oldest',
    title: 'Oldest waits',
    align: 'right',
    cell: (queue) =>
      queue.oldestAgeSeconds === null ? <Missing reason="Nothing waits" /> : duration(queue.oldestAgeSeconds),
  },
];

export function Queues({ queues }: { queues: readonly Queue[] }): ReactElement {
  return (
    <Panel title="Queues" note="Depth and age: an old job means that a worker is missing or stuck." flush>
      {queues.length === 0 ? (
        <StateMessage title="No queue is known">No worker has registered yet.</StateMessage>
      ) : (
        <DataTable caption="Queues" columns={QUEUES} rows={queues} rowKey={(queue) => queue.name} dense />
      )}
    </Panel>
  );
}

type Age = Operations['policies'][number];

const AUDIT_WORDS = {
  ok: 'Passed',
  'too-few': 'Too few decisions',
  alarm: 'Look at it',
  failed: 'Failed, see the policy',
} as const;

const AGES: Column<Age>[] = [
  { key: 'id', title: 'Policy', cell: (policy) => <Link to={`/policies/${policy.id}`}>{policy.id}</Link> },
  {
    key: 'version',
    title: 'Serving',
    align: 'right',
    cell: (policy) => policy.servingVersion ?? <Missing reason="No snapshot" />,
  },
  {
    key: 'age',
    title: 'Age',
    align: 'right',
    cell: (policy) =>
      policy.snapshotAgeSeconds === null ? (
        <Missing reason="No snapshot" />
      ) : (
        duration(policy.snapshotAgeSeconds)
      ),
  },
  {
    key: 'pending',
    title: 'Pending rewards',
    align: 'right',
    cell: (policy) => count(policy.pendingRewards),
  },
  {
    key: 'audit',
    title: 'Propensity audit',
    cell: ({ audit }) =>
      audit ? (
        <span title={audit.reasons.join(' ')}>{AUDIT_WORDS[audit.status]}</span>
      ) : (
        <Missing reason="Not audited yet" />
      ),
  },
];

export function SnapshotAges({ policies }: { policies: readonly Age[] }): ReactElement {
  return (
    <Panel title="Snapshots being served" flush>
      {policies.length === 0 ? (
        <StateMessage title="No policy is registered" />
      ) : (
        <DataTable
          caption="Snapshots being served"
          columns={AGES}
          rows={policies}
          rowKey={(policy) => policy.id}
          dense
        />
      )}
    </Panel>
  );
}

type Process = Operations['processes'][number];

function alive(process: Process): boolean {
  return Date.now() - new Date(process.lastSeenAt).getTime() < GONE_SECONDS * 1000;
}

const PROCESSES: Column<Process>[] = [
  { key: 'role', title: 'Process', cell: (process) => humanise(process.role) },
  {
    key: 'state',
    title: 'State',
    cell: (process) =>
      alive(process) ? (
        <Pill tone="good" icon="check" label="Alive" />
      ) : (
        <Pill tone="bad" icon="cross" label="Gone" />
      ),
  },
  { key: 'started', title: 'Started', cell: (process) => <When at={process.startedAt} /> },
  { key: 'seen', title: 'Last seen', cell: (process) => <When at={process.lastSeenAt} /> },
];

export function Processes({ processes }: { processes: readonly Process[] }): ReactElement {
  return (
    <Panel title="Processes" flush>
      {processes.length === 0 ? (
        <StateMessage title="No process has reported" />
      ) : (
        <DataTable
          caption="Processes"
          columns={PROCESSES}
          rows={processes}
          rowKey={(process) => `${process.role}/${process.startedAt}`}
          dense
        />
      )}
    </Panel>
  );
}
