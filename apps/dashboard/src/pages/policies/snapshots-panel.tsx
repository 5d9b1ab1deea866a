import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useSnapshots } from '../../api/queries.js';
import type { Policy, Snapshot } from '../../api/types.js';
import { count, dateTime, decimal, humanise } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Hint, When } from '../../ui/details.js';
import { Figure } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { evaluationText } from './evaluation.js';
import { PromoteDialog, verb } from './promote-dialog.js';
import styles from './policies.module.css';

function State({ snapshot }: { snapshot: Snapshot }): ReactElement {
  if (snapshot.serving) return <Pill tone="solid" icon="play" label="Serving" />;
  if (snapshot.status === 'rejected') return <Pill tone="bad" icon="cross" label="Rejected" />;
  return <Pill label={humanise(snapshot.status)} />;
}

function columns(choose: (snapshot: Snapshot) => void, serving: number | null): Column<Snapshot>[] {
  return [
    {
      key: 'version',
      title: 'Snapshot',
      cell: (snapshot) => (
        <div className={styles.pair}>
          <strong>{snapshot.version}</strong>
          <Hint text={`SHA-256 ${snapshot.sha256}`}>
            <span className={`mq-mono ${styles.note ?? ''}`}>{snapshot.sha256.slice(0, 10)}</span>
          </Hint>
        </div>
      ),
    },
    {
      key: 'state',
      title: 'State',
      cell: (snapshot) => (
        <div className={styles.pair}>
          <State snapshot={snapshot} />
          {snapshot.reason === null ? null : <span className={styles.note}>{snapshot.reason}</span>}
        </div>
      ),
    },
    { key: 'rows', title: 'Rewards used', align: 'right', cell: (snapshot) => count(snapshot.rowsUsed) },
    {
      key: 'reward',
      title: 'Mean reward',
      align: 'right',
      cell: (snapshot) => <Figure text={decimal(snapshot.meanReward, 3)} reason="No reward was used" />,
    },
    {
      key: 'evaluation',
      title: 'Evaluation',
      cell: (snapshot) => <span className={styles.note}>{evaluationText(snapshot.evaluation)}</span>,
    },
    {
      key: 'through',
      title: 'Learned through',
      cell: (snapshot) => (snapshot.learnedThrough === null ? '—' : dateTime(snapshot.learnedThrough)),
    },
    { key: 'created', title: 'Created', cell: (snapshot) => <When at={snapshot.createdAt} /> },
    {
      key: 'promote',
      title: 'Promote',
      quiet: true,
      align: 'right',
      cell: (snapshot) =>
        snapshot.serving || snapshot.status === 'rejected' ? null : (
          <Button
            variant="default"
            size="compact-sm"
            aria-label={`${verb(snapshot.version, serving)} to snapshot ${snapshot.version}`}
            onClick={() => choose(snapshot)}
          >
            {verb(snapshot.version, serving)}
          </Button>
        ),
    },
  ];
}

export function SnapshotsPanel({ policy }: { policy: Policy }): ReactElement {
  const query = useSnapshots(policy.id);
  const [chosen, setChosen] = useState<Snapshot | null>(null);
  return (
    <Panel
      title="Snapshots"
      note="Immutable versions of what the policy has learned. One serves; a pointer decides which."
      flush
    >
      <QueryBoundary
        query={query}
        what="snapshots"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="policies" title="No snapshot yet">
            {policy.learns === 'never'
              ? 'This policy learns nothing and needs none.'
              : 'The first one is made after the first rewards have settled.'}
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Snapshots"
            columns={columns(setChosen, policy.servingVersion)}
            rows={page.items}
            rowKey={(snapshot) => String(snapshot.version)}
            step={25}
          />
        )}
      </QueryBoundary>
      {chosen === null ? null : (
        <PromoteDialog policy={policy} version={chosen.version} close={() => setChosen(null)} />
      )}
    </Panel>
  );
}
