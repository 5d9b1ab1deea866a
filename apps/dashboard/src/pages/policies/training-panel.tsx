import { Button, Progress } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useTrainingRuns } from '../../api/queries.js';
import type { Policy, TrainingRun } from '../../api/types.js';
import { dateTime, duration, humanise, percent } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { evaluationText } from './evaluation.js';
import { RunDetail } from './model/run-detail.js';
import styles from './policies.module.css';

const TONE = { queued: 'plain', running: 'good', succeeded: 'good', failed: 'bad' } as const;
const ICON = { queued: 'clock', running: 'play', succeeded: 'check', failed: 'cross' } as const;

function took(run: TrainingRun): string {
  if (run.startedAt === null || run.finishedAt === null) return '—';
  return duration((new Date(run.finishedAt).getTime() - new Date(run.startedAt).getTime()) / 1000);
}

const COLUMNS: Column<TrainingRun>[] = [
  { key: 'created', title: 'Asked for', cell: (run) => <When at={run.createdAt} /> },
  {
    key: 'status',
    title: 'Status',
    cell: (run) => (
      <div className={styles.pair}>
        <Pill tone={TONE[run.status]} icon={ICON[run.status]} label={humanise(run.status)} />
        {run.error === null ? null : <span className={styles.note}>{run.error}</span>}
      </div>
    ),
  },
  {
    key: 'progress',
    title: 'Progress',
    cell: (run) =>
      run.status === 'running' ? (
        <Progress value={run.progress * 100} w={140} aria-label={`Progress ${percent(run.progress, 0)}`} />
      ) : (
        percent(run.progress, 0)
      ),
  },
  { key: 'cut', title: 'Data up to', cell: (run) => (run.cutAt === null ? '—' : dateTime(run.cutAt)) },
  {
    key: 'evaluation',
    title: 'On later data',
    cell: (run) => <span className={styles.note}>{evaluationText(run.evaluation)}</span>,
  },
  { key: 'took', title: 'Took', align: 'right', cell: took },
  { key: 'snapshot', title: 'Snapshot', align: 'right', cell: (run) => run.snapshotVersion ?? '—' },
];

export function TrainingPanel({ policy }: { policy: Policy }): ReactElement {
  const query = useTrainingRuns(policy.id, true);
  const [asking, setAsking] = useState(false);
  const write = useWrite([`/v1/policies/${segment(policy.id)}`]);
  const start = (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<Icon name="play" size={14} />}
      onClick={() => setAsking(true)}
    >
      Train now
    </Button>
  );
  const close = (): void => {
    setAsking(false);
    write.reset();
  };
  return (
    <Panel
      title="Training runs"
      note="Each fits on data up to a date and is judged on what happened after it."
      actions={start}
      flush
    >
      <QueryBoundary
        query={query}
        what="training runs"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="clock" title="Not trained yet">
            Until it is, the surface’s default order is served.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Training runs"
            columns={COLUMNS}
            rows={page.items}
            rowKey={(run) => run.id}
            rowName={(run) => `run ${run.id}`}
            detail={(run) => <RunDetail policy={policy} run={run} />}
          />
        )}
      </QueryBoundary>
      <ConfirmDialog
        opened={asking}
        title={`Train ${policy.title}`}
        confirmLabel="Train"
        reason="none"
        pending={write.isPending}
        error={write.error}
        onConfirm={() =>
          write.mutate(
            { path: `/v1/policies/${segment(policy.id)}/training-runs`, body: { promote: 'auto' } },
            { onSuccess: close },
          )
        }
        onClose={close}
      >
        It runs in its own process on all outcomes up to now. The result serves if it is no worse than the
        serving snapshot on later data.
      </ConfirmDialog>
    </Panel>
  );
}
