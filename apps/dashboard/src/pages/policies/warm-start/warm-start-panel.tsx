import { Button, Progress } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useWrite } from '../../../api/mutations.js';
import { offPolicyPath } from '../../../api/off-policy.js';
import type { OffPolicyDetail } from '../../../api/off-policy.js';
import type { Policy } from '../../../api/types.js';
import { useWarmStarts } from '../../../api/warm-starts.js';
import type { WarmSource, WarmStart } from '../../../api/warm-starts.js';
import { count, dateTime, decimal, humanise, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { When } from '../../../ui/details.js';
import { Figure } from '../../../ui/estimate.js';
import { Icon } from '../../../ui/icon.js';
import { Panel } from '../../../ui/panel.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';
import styles from '../policies.module.css';
import { WarmStartDialog } from './warm-start-dialog.js';
import { NotSaved } from '../../../ui/not-saved.js';

const TONE = { queued: 'plain', running: 'good', succeeded: 'good', failed: 'bad' } as const;
const ICON = { queued: 'clock', running: 'play', succeeded: 'check', failed: 'cross' } as const;

function sourceName(source: WarmSource): string {
  if (source.kind === 'policy') return `Log of ${source.policyId}`;
  return `${source.arms === null ? 'All arms' : `Arms ${source.arms.join(', ')}`} of ${source.experiment}`;
}

function heldOutText({ heldOut }: WarmStart): string {
  if (heldOut === null) return 'nothing';
  return heldOut.by === 'time'
    ? `the newest ${percent(heldOut.share, 0)}`
    : `${percent(heldOut.share, 0)} of the units`;
}

function columns(judge: (warm: WarmStart) => ReactElement | null): Column<WarmStart>[] {
  return [
    {
      key: 'source',
      title: 'Learned from',
      cell: (warm) => (
        <div className={styles.pair}>
          <span>{sourceName(warm.source)}</span>
          <span className={styles.note}>
            {dateTime(warm.from)} to {dateTime(warm.to)}
          </span>
        </div>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      cell: (warm) => (
        <div className={styles.pair}>
          <Pill tone={TONE[warm.status]} icon={ICON[warm.status]} label={humanise(warm.status)} />
          {warm.status === 'running' ? (
            <Progress
              value={warm.progress * 100}
              w={120}
              aria-label={`Progress ${percent(warm.progress, 0)}`}
            />
          ) : null}
          {warm.error === null ? null : <span className={styles.note}>{warm.error}</span>}
        </div>
      ),
    },
    {
      key: 'decisions',
      title: 'Decisions learned',
      align: 'right',
      cell: (warm) => `${count(warm.decisions)} of ${count(warm.matching)}`,
    },
    {
      key: 'reward',
      title: 'Mean reward',
      align: 'right',
      cell: (warm) => <Figure text={decimal(warm.meanReward, 3)} reason="Nothing was learned yet" />,
    },
    { key: 'held', title: 'Held out', cell: heldOutText },
    { key: 'version', title: 'Snapshot', align: 'right', cell: (warm) => warm.version ?? '—' },
    { key: 'asked', title: 'Asked for', cell: (warm) => <When at={warm.createdAt} /> },
    { key: 'judge', title: 'Judge', quiet: true, align: 'right', cell: judge },
  ];
}

/** Where a policy's first knowledge comes from; before it has learned anything, the way to give it some. */
export function WarmStartPanel({ policy }: { policy: Policy }): ReactElement | null {
  const [asking, setAsking] = useState(false);
  const items = useWarmStarts(policy.id).data?.items ?? [];
  const untouched = policy.servingVersion === null;
  if (items.length === 0 && !untouched) return null;
  const open = items.some(({ status }) => status === 'queued' || status === 'running');
  return (
    <Panel
      title="Warm start"
      note="Learned from the log of others before its own first traffic, by its own reward definition."
      actions={
        untouched && !open ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="play" size={14} />}
            onClick={() => setAsking(true)}
          >
            Learn from a log
          </Button>
        ) : undefined
      }
      flush={items.length > 0}
    >
      {items.length === 0 ? (
        <StateMessage icon="policies" title="It has learned nothing yet">
          Let it learn from the log of another policy or of an experiment, so that it does not begin blind.
        </StateMessage>
      ) : (
        <WarmStarts items={items} policy={policy} />
      )}
      {asking ? <WarmStartDialog policy={policy} close={() => setAsking(false)} /> : null}
    </Panel>
  );
}

function WarmStarts({ items, policy }: { items: readonly WarmStart[]; policy: Policy }): ReactElement {
  const write = useWrite<OffPolicyDetail>(['/v1/policies']);
  const navigate = useNavigate();
  const judge = ({ status, source, heldOut }: WarmStart): ReactElement | null => {
    if (status !== 'succeeded' || source.kind !== 'policy' || heldOut === null) return null;
    const { from, to } = heldOut;
    return (
      <Button
        size="compact-sm"
        variant="default"
        loading={write.isPending}
        onClick={() =>
          write.mutate(
            {
              path: offPolicyPath(source.policyId),
              body: { candidate: { policyId: policy.id }, from, to },
            },
            { onSuccess: ({ id }) => void navigate(`/policies/${source.policyId}/lab?run=${id}`) },
          )
        }
      >
        Judge it on the rest
      </Button>
    );
  };
  return (
    <>
      <DataTable
        caption="Warm starts"
        columns={columns(judge)}
        rows={items}
        rowKey={(warm) => String(warm.id)}
      />
      <NotSaved title="It was not judged" error={write.error} />
    </>
  );
}
