import { Alert, NativeSelect } from '@mantine/core';
import type { ReactElement } from 'react';
import { usePolicyAudits } from '../../../api/policy-health.js';
import type { AuditState, PolicyAudit } from '../../../api/policy-health.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { count, dateTime, plural, significant } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Stat, Stats, When } from '../../../ui/details.js';
import { Figure } from '../../../ui/estimate.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { HealthMark, Pill } from '../../../ui/status.js';
import { useUrlState } from '../../../ui/url-state.js';

type Check = PolicyAudit['checks'][number];

const MARKS = { ok: 'pass', alarm: 'warn', failed: 'fail', unknown: 'unknown' } as const satisfies Record<
  AuditState,
  string
>;

const STATUS = {
  ok: { icon: 'check', tone: 'good', label: 'Passed' },
  'too-few': { icon: 'info', tone: 'plain', label: 'Too few decisions' },
  alarm: { icon: 'warning', tone: 'bad', label: 'Look at it' },
  failed: { icon: 'cross', tone: 'bad', label: 'Failed' },
} as const satisfies Record<PolicyAudit['status'], object>;

const WHY_UNKNOWN = 'Nothing to look at, or too few decisions for the test';

const HEADINGS = {
  rule: 'Rule',
  state: 'State',
  value: 'Value',
  threshold: 'Threshold',
  affected: 'Decisions affected',
};

/** The newest audit of the logged propensities check by check, or an earlier one. */
export function AuditPanel({ id }: { id: string }): ReactElement {
  const [at, setAt] = useUrlState('audit');
  const query = usePolicyAudits(id);
  const audits = query.data?.items ?? [];
  const shown = audits.find((audit) => audit.at === at) ?? audits[0];
  return (
    <Panel
      title="Propensity audit"
      note="Whether the logged probabilities are those that were drawn from. Every estimate from this log hangs on them."
      actions={
        audits.length < 2 ? undefined : (
          <NativeSelect
            size="xs"
            aria-label="Audit"
            data={audits.map((audit) => ({ value: audit.at, label: dateTime(audit.at) }))}
            value={shown?.at ?? ''}
            onChange={({ currentTarget }) =>
              setAt(currentTarget.value === audits[0]?.at ? null : currentTarget.value)
            }
          />
        )
      }
    >
      <QueryBoundary
        query={query}
        what="audits"
        lines={8}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="shield" title="Not audited yet">
            A policy is audited once an hour after its first decisions.
          </StateMessage>
        }
      >
        {() => (shown === undefined ? null : <Audit id={id} audit={shown} />)}
      </QueryBoundary>
    </Panel>
  );
}

function Audit({ id, audit }: { id: string; audit: PolicyAudit }): ReactElement {
  const look = STATUS[audit.status];
  const bad = audit.checks.filter(({ state }) => state === 'failed' || state === 'alarm').length;
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat label="Result" value={<Pill {...look} />} note={<When at={audit.at} />} />
        <Stat
          label="Decisions"
          value={count(audit.decisions)}
          note={`from ${dateTime(audit.from)}, the newest 100,000 at most`}
        />
        <Stat
          label="Serving then"
          value={audit.servingVersion === null ? '—' : `Snapshot ${audit.servingVersion}`}
          note={
            audit.rolledBackTo === null
              ? 'nothing was rolled back'
              : `rolled back to ${audit.rolledBackTo}, learning frozen`
          }
        />
      </Stats>
      {audit.reasons.length === 0 ? null : (
        <Alert color="orange" variant="light" title={look.label}>
          {audit.reasons.join(' ')}
        </Alert>
      )}
      <ChartFrame
        title={`Propensity audit of ${id}`}
        summary={
          bad === 0
            ? 'No check fails or raises an alarm.'
            : `${plural(bad, 'check')} of ${audit.checks.length} ${bad === 1 ? 'needs' : 'need'} a look.`
        }
        headings={HEADINGS}
        rows={audit.checks.map(({ key, ...cells }) => ({ id: key, cells }))}
        format={(key, value) => {
          if (typeof value !== 'number') return value ?? '—';
          return key === 'affected' ? count(value) : significant(value);
        }}
        source={`Audit of ${dateTime(audit.at)}`}
      >
        <DataTable caption="Checks" columns={CHECKS} rows={audit.checks} rowKey={({ key }) => key} />
      </ChartFrame>
    </div>
  );
}

const CHECKS: Column<Check>[] = [
  { key: 'rule', title: HEADINGS.rule, cell: ({ rule }) => rule },
  { key: 'state', title: HEADINGS.state, cell: ({ state }) => <HealthMark status={MARKS[state]} /> },
  {
    key: 'value',
    title: HEADINGS.value,
    align: 'right',
    cell: ({ value }) => <Figure text={significant(value)} reason={WHY_UNKNOWN} />,
  },
  {
    key: 'threshold',
    title: HEADINGS.threshold,
    align: 'right',
    cell: ({ threshold }) => significant(threshold),
  },
  {
    key: 'affected',
    title: HEADINGS.affected,
    align: 'right',
    cell: ({ affected }) => <Figure text={count(affected)} reason={WHY_UNKNOWN} />,
  },
];
