import { SegmentedControl } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { usePolicyShadow } from '../../../api/policy-health.js';
import type { PolicyShadow } from '../../../api/policy-health.js';
import type { Policy } from '../../../api/types.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { IntervalTrack } from '../../../charts/interval-track.js';
import { count, decimal, percent, range } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Figure, Missing } from '../../../ui/estimate.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { useUrlState } from '../../../ui/url-state.js';
import styles from '../policies.module.css';
import { ShadowControl } from './shadow-control.js';

const SPANS = [
  { value: '1', label: '24 hours' },
  { value: '7', label: '7 days' },
  { value: '28', label: '28 days' },
];

const HEADINGS = {
  shadow: 'Shadow',
  decisions: 'Decisions',
  failed: 'Failed',
  agreement: 'Agreement',
  meanServedProbability: 'Mean probability of the served action',
  rewarded: 'Rewards settled',
  servedReward: 'Served mean reward',
  snips: 'SNIPS',
  snipsLower: 'SNIPS lower',
  snipsUpper: 'SNIPS upper',
  ips: 'IPS',
  effectiveSampleSize: 'Effective sample size',
  largestWeight: 'Largest weight',
  meanWeight: 'Mean weight',
};
const COUNTS = new Set(['decisions', 'failed', 'rewarded', 'effectiveSampleSize']);
const SHARES = new Set(['agreement', 'meanServedProbability']);

/** What another policy would have done and earned on this one's traffic. */
export function ShadowPanel({ policy }: { policy: Policy }): ReactElement {
  const [days, setDays] = useUrlState('days');
  const span = SPANS.find(({ value }) => value === days)?.value ?? '7';
  return (
    <Panel
      title="Shadow"
      note={
        policy.shadow
          ? `${policy.shadow.policyId}${policy.shadow.version === null ? '' : `, snapshot ${policy.shadow.version}`}, is asked about every decision and serves nobody.`
          : 'No policy is attached. A shadow is asked about every decision and serves nobody.'
      }
      actions={
        <>
          <SegmentedControl size="xs" aria-label="Days" data={SPANS} value={span} onChange={setDays} />
          <ShadowControl policy={policy} />
        </>
      }
    >
      <QueryBoundary
        query={usePolicyShadow(policy.id, span)}
        what="shadow"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="policies" title="No shadow was asked in this span">
            Attach a policy to see what it would have done, before it serves anybody.
          </StateMessage>
        }
      >
        {(page) => <Shadows id={policy.id} items={page.items} />}
      </QueryBoundary>
    </Panel>
  );
}

const nameOf = ({ policyId, version }: PolicyShadow): string => `${policyId}, snapshot ${version}`;

/** Policies that learn are asked in one version after the other: the newest first, and no more than fit a page. */
const STEP = 10;

function Shadows({ id, items }: { id: string; items: readonly PolicyShadow[] }): ReactElement {
  const most = Math.max(1e-9, ...items.map((item) => Math.max(item.snipsUpper ?? 0, item.servedReward ?? 0)));
  return (
    <ChartFrame
      title={`Shadow of ${id}`}
      summary={summaryOf(items)}
      headings={HEADINGS}
      rows={items.map((item) => {
        const { policyId, reason: _reason, version, ...cells } = item;
        return { id: `${policyId}@${version}`, cells: { shadow: nameOf(item), ...cells } };
      })}
      format={(key, value) => {
        if (typeof value !== 'number') return value ?? '—';
        if (COUNTS.has(key)) return count(value);
        return SHARES.has(key) ? percent(value) : decimal(value, 4);
      }}
    >
      <DataTable
        caption="Shadows"
        columns={columns(most)}
        rows={items}
        rowKey={({ policyId, version }) => `${policyId}@${version}`}
        step={STEP}
      />
    </ChartFrame>
  );
}

function summaryOf(items: readonly PolicyShadow[]): string {
  const judged = items.filter(({ snips }) => snips !== null);
  const most = judged.reduce<PolicyShadow | undefined>(
    (best, item) => (best === undefined || item.rewarded > best.rewarded ? item : best),
    undefined,
  );
  if (most === undefined) return 'No reward has settled that the shadow could be judged by.';
  const interval = range({ lower: most.snipsLower, upper: most.snipsUpper }, (value) => decimal(value, 3));
  return `${nameOf(most)}, would have earned ${decimal(most.snips, 3)} a decision (95% interval ${interval}); ${decimal(most.servedReward, 3)} was earned.`;
}

function columns(most: number): Column<PolicyShadow>[] {
  const two = (value: string, note: string): ReactElement => (
    <div className={styles.pair}>
      {value}
      <span className={styles.note}>{note}</span>
    </div>
  );
  return [
    {
      key: 'shadow',
      title: 'Shadow',
      cell: ({ policyId, version }) => (
        <div className={styles.pair}>
          <Link to={`/policies/${policyId}`}>{policyId}</Link>
          <span className={styles.note}>snapshot {version}</span>
        </div>
      ),
    },
    {
      key: 'decisions',
      title: 'Decisions',
      align: 'right',
      cell: ({ decisions, failed }) => two(count(decisions), `${count(failed)} failed`),
    },
    {
      key: 'agreement',
      title: 'Agreement',
      align: 'right',
      cell: ({ agreement, meanServedProbability }) =>
        two(percent(agreement), `gives the served ${percent(meanServedProbability)}`),
    },
    {
      key: 'snips',
      title: 'It would have earned (SNIPS)',
      cell: (item) => <Value item={item} most={most} />,
    },
    {
      key: 'ips',
      title: 'IPS',
      align: 'right',
      cell: ({ ips, reason }) => <Figure text={decimal(ips, 3)} reason={reason ?? 'No reward has settled'} />,
    },
    {
      key: 'served',
      title: 'Was earned',
      align: 'right',
      cell: ({ rewarded, servedReward }) => (
        <div className={styles.pair}>
          <Figure text={decimal(servedReward, 3)} reason="No reward has settled" />
          <span className={styles.note}>n {count(rewarded)}</span>
        </div>
      ),
    },
    {
      key: 'ess',
      title: 'Effective sample size',
      align: 'right',
      cell: ({ effectiveSampleSize, largestWeight, meanWeight }) =>
        two(
          count(effectiveSampleSize),
          `weights: mean ${decimal(meanWeight, 2)}, largest ${decimal(largestWeight, 1)}`,
        ),
    },
  ];
}

function Value({ item, most }: { item: PolicyShadow; most: number }): ReactElement {
  const { reason, snips, snipsLower, snipsUpper } = item;
  if (snips === null) return <Missing reason={reason ?? 'No reward has settled'} />;
  return (
    <div className={styles.bar}>
      <IntervalTrack estimate={snips} lower={snipsLower} upper={snipsUpper} most={most} />
      <div className={styles.pair}>
        <strong>{decimal(snips, 3)}</strong>
        <span className={styles.note}>
          {range({ lower: snipsLower, upper: snipsUpper }, (value) => decimal(value, 3))}
        </span>
      </div>
    </div>
  );
}
