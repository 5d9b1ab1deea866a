import { Button, Progress } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useTradeOffRun, useTradeOffRuns } from '../../../api/trade-offs.js';
import type { TradeOffRun } from '../../../api/trade-offs.js';
import type { Policy } from '../../../api/types.js';
import { duration, humanise, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { When } from '../../../ui/details.js';
import { Icon } from '../../../ui/icon.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';
import { useUrlState } from '../../../ui/url-state.js';
import styles from '../policies.module.css';
import { CurveView } from './curve-view.js';
import { StartDialog } from './start-dialog.js';

/** What other weights of play, completion, return and diversity would bring, and a policy of the point that is chosen. */
export function TradeOffsTab({ policy }: { policy: Policy }): ReactElement {
  const runs = useTradeOffRuns(policy.id);
  return (
    <div className={layout.stack}>
      <QueryBoundary query={runs} what="trade-offs" lines={6}>
        {({ items }) => <Curve policy={policy} runs={items} />}
      </QueryBoundary>
      <Panel
        title="Runs"
        note="Each learns from the first four fifths of the data and tries every setting on lists of the last fifth. Nobody is served by it."
        actions={<Start policy={policy} />}
        flush
      >
        <QueryBoundary
          query={runs}
          what="runs"
          isEmpty={({ items }) => items.length === 0}
          empty={
            <StateMessage icon="chart" title="Nothing was computed yet">
              Start a run to see what other weights would bring.
            </StateMessage>
          }
        >
          {({ items }) => <Runs items={items} />}
        </QueryBoundary>
      </Panel>
    </div>
  );
}

function Start({ policy }: { policy: Policy }): ReactElement {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Icon name="play" size={14} />}
        onClick={() => setAsking(true)}
      >
        Compute trade-offs
      </Button>
      {asking ? <StartDialog policy={policy} close={() => setAsking(false)} /> : null}
    </>
  );
}

/** The run of the address, else the newest that has a curve. */
function Curve({ policy, runs }: { policy: Policy; runs: readonly TradeOffRun[] }): ReactElement | null {
  const [wanted] = useUrlState('run');
  const run = wanted === '' ? runs.find(({ status }) => status === 'succeeded')?.id : wanted;
  return run === undefined ? null : <OneCurve key={run} policy={policy} run={run} />;
}

function OneCurve({ policy, run }: { policy: Policy; run: string }): ReactElement {
  return (
    <QueryBoundary query={useTradeOffRun(policy.id, run)} what="curve" lines={8}>
      {({ result, status, error }) =>
        result === null ? (
          <StateMessage icon="clock" title={status === 'failed' ? 'The run failed' : 'The run has not ended'}>
            {error ?? 'Its curve stands here when it has.'}
          </StateMessage>
        ) : (
          <CurveView policy={policy} run={run} result={result} />
        )
      }
    </QueryBoundary>
  );
}

const TONE = { queued: 'plain', running: 'good', succeeded: 'good', failed: 'bad' } as const;
const ICON = { queued: 'clock', running: 'play', succeeded: 'check', failed: 'cross' } as const;

const COLUMNS: readonly Column<TradeOffRun>[] = [
  { key: 'at', title: 'Asked for', cell: ({ createdAt }) => <When at={createdAt} /> },
  {
    key: 'status',
    title: 'Status',
    cell: ({ status, error }) => (
      <div className={styles.pair}>
        <Pill tone={TONE[status]} icon={ICON[status]} label={humanise(status)} />
        {error === null ? null : <span className={styles.note}>{error}</span>}
      </div>
    ),
  },
  {
    key: 'progress',
    title: 'Progress',
    cell: ({ status, progress }) =>
      status === 'running' ? (
        <Progress value={progress * 100} w={140} aria-label={`Progress ${percent(progress, 0)}`} />
      ) : (
        percent(progress, 0)
      ),
  },
  { key: 'actor', title: 'By', cell: ({ actor }) => actor },
  {
    key: 'took',
    title: 'Took',
    align: 'right',
    cell: ({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null
        ? '—'
        : duration((new Date(finishedAt).getTime() - new Date(startedAt).getTime()) / 1000),
  },
];

function Runs({ items }: { items: readonly TradeOffRun[] }): ReactElement {
  const [, show] = useUrlState('run');
  const columns: Column<TradeOffRun>[] = [
    ...COLUMNS,
    {
      key: 'show',
      title: 'Curve',
      quiet: true,
      cell: (run) =>
        run.status === 'succeeded' ? (
          <Button variant="subtle" size="compact-xs" onClick={() => show(run.id)}>
            Show<span className="mq-muted">&nbsp;{run.id.slice(-6)}</span>
          </Button>
        ) : null,
    },
  ];
  return (
    <DataTable caption="Trade-off runs" columns={columns} rows={items} rowKey={({ id }) => id} step={10} />
  );
}
