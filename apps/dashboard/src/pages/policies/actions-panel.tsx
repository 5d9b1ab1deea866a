import type { ReactElement } from 'react';
import { usePolicyActions } from '../../api/queries.js';
import type { Policy, PolicyAction } from '../../api/types.js';
import { IntervalTrack } from '../../charts/interval-track.js';
import { count, decimal, percent, probability, range } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Figure, Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { useUrlState } from '../../ui/url-state.js';
import { RetireButton } from './retire.js';
import { SubjectField } from './subject-field.js';
import styles from './policies.module.css';

const STATUS = {
  'warm-up': { icon: 'clock', label: 'Warm-up' },
  active: { icon: 'play', tone: 'good', label: 'Active' },
  frozen: { icon: 'snow', label: 'Frozen' },
  retired: { icon: 'stop', label: 'Retired' },
} as const satisfies Record<PolicyAction['status'], object>;

function columns(rows: readonly PolicyAction[], policy: Policy): Column<PolicyAction>[] {
  const most = Math.max(1e-9, ...rows.map((row) => row.ipwUpper ?? row.ipwMean ?? 0));
  return [
    {
      key: 'action',
      title: 'Action',
      cell: (row) => (
        <div className={styles.name}>
          {row.title || row.id}
          <span className={styles.note}>{row.id}</span>
        </div>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      cell: ({ firstSeen, status }) => (
        <div className={styles.pair}>
          <span>
            <Pill {...STATUS[status]} />
          </span>
          <span className={styles.note}>
            first served <When at={firstSeen} />
          </span>
        </div>
      ),
    },
    {
      key: 'now',
      title: 'Probability now',
      align: 'right',
      cell: (row) => (
        <div className={styles.pair}>
          <Figure text={probability(row.probabilityNow)} reason="Depends on the context of each request" />
          <span className={styles.note}>
            {policy.floor > 0 ? `floor ${percent(policy.floor)}` : 'no floor'}
          </span>
        </div>
      ),
    },
    { key: 'decisions', title: 'Decisions', align: 'right', cell: (row) => count(row.decisions) },
    {
      key: 'rewarded',
      title: 'Rewards settled',
      align: 'right',
      cell: (row) => (
        <div className={styles.pair}>
          {count(row.rewarded)}
          <span className={styles.note}>
            {percent(row.decisions === 0 ? null : row.rewarded / row.decisions)}
          </span>
        </div>
      ),
    },
    {
      key: 'value',
      title: 'Mean reward, weighted by inverse probability',
      cell: (row) => <Value row={row} most={most} />,
    },
    {
      key: 'naive',
      title: 'Plain mean (biased)',
      align: 'right',
      cell: (row) => <Figure text={decimal(row.meanReward, 3)} reason="No reward has settled" />,
    },
    {
      key: 'retire',
      title: 'Change',
      align: 'right',
      cell: (row) => <RetireButton policy={policy} action={row} />,
    },
  ];
}

function Value({ row, most }: { row: PolicyAction; most: number }): ReactElement {
  if (row.ipwMean === null)
    return <Missing reason="No reward has settled, or propensities are too small to weight by" />;
  const interval = { lower: row.ipwLower, upper: row.ipwUpper };
  return (
    <div className={styles.bar}>
      <IntervalTrack estimate={row.ipwMean} lower={row.ipwLower} upper={row.ipwUpper} most={most} />
      <div className={styles.pair}>
        <strong>{decimal(row.ipwMean, 3)}</strong>
        <span className={styles.note}>
          {range(interval, (value) => decimal(value, 3))}, n {count(row.rewarded)}
        </span>
      </div>
    </div>
  );
}

/** What each action has earned, most served first. */
export function ActionsPanel({ policy }: { policy: Policy }): ReactElement {
  const [subject, setSubject] = useUrlState('subject');
  const query = usePolicyActions(policy.id, subject || null);
  return (
    <Panel
      title="Actions"
      note="A bandit serves its favourites more often, so plain means are biased; the weighted mean corrects for the probability of each serving."
      actions={<SubjectField key={subject} subject={subject} setSubject={setSubject} />}
      flush
    >
      <QueryBoundary
        query={query}
        what="actions"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage
            icon="policies"
            title={subject === '' ? 'No action was served yet' : `No action was served for ${subject}`}
          />
        }
      >
        {(page) => {
          const rows = [...page.items].sort((a, b) => b.decisions - a.decisions);
          return (
            <DataTable
              caption="Actions"
              columns={columns(rows, policy)}
              rows={rows}
              rowKey={(row) => row.id}
              step={20}
            />
          );
        }}
      </QueryBoundary>
    </Panel>
  );
}
