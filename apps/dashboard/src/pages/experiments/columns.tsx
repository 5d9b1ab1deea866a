import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { ExperimentRow, MetricDefinition } from '../../api/types.js';
import { IntervalBar, symmetricDomain } from '../../charts/interval-bar.js';
import { count, date, direction, lift, range } from '../../format/index.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { HealthMark, StatusPill, VerdictPill } from '../../ui/status.js';
import styles from './columns.module.css';

/** Columns of the list; all lifts share one axis, so that rows can be compared by eye. */
export function columnsFor(rows: readonly ExperimentRow[], metrics: readonly MetricDefinition[]): Column<ExperimentRow>[] {
  const betterWhen = new Map(metrics.map((metric) => [metric.key, metric.betterWhen]));
  const lifts = rows.flatMap((row) => (row.summary?.decisionLift ? [row.summary.decisionLift.estimate] : []));
  const domain = symmetricDomain(lifts.map((value) => value * 1.8), 0.02);
  return [
    { key: 'name', title: 'Experiment', cell: (row) => <Name row={row} /> },
    { key: 'status', title: 'Status', cell: (row) => <StatusPill status={row.status} /> },
    { key: 'lift', title: 'Lift of the decision metric, interval', cell: (row) => <DecisionLift row={row} domain={domain} betterWhen={betterWhen.get(row.decisionMetric) ?? 'higher'} /> },
    { key: 'verdict', title: 'Verdict', cell: (row) => <Verdict row={row} /> },
    { key: 'health', title: 'Health', cell: (row) => <HealthMark status={row.summary?.health ?? 'unknown'} /> },
    { key: 'units', title: 'Units', align: 'right', cell: (row) => <Units row={row} /> },
    { key: 'owner', title: 'Owner', cell: (row) => row.owner || '—' },
    {
      key: 'started',
      title: 'Started',
      align: 'right',
      cell: (row) => (row.startedAt === null ? <Missing reason="Not started" /> : <span className={styles.nowrap}>{date(row.startedAt)}</span>),
    },
  ];
}

function Name({ row }: { row: ExperimentRow }): ReactElement {
  return (
    <div className={styles.name}>
      <Link className="mq-link" to={`/experiments/${row.key}`}>
        {row.title}
      </Link>
      <span className={styles.key}>
        {row.surface} · {row.key}
      </span>
    </div>
  );
}

function whyNoLift(row: ExperimentRow): string {
  if (row.status === 'draft' || row.status === 'scheduled') return 'Not started';
  return 'Not enough data for an interval yet';
}

interface DecisionLiftProps {
  row: ExperimentRow;
  domain: number;
  betterWhen: 'higher' | 'lower';
}

function DecisionLift({ row, domain, betterWhen }: DecisionLiftProps): ReactElement {
  const effect = row.summary?.decisionLift ?? null;
  if (effect === null) return <Missing reason={whyNoLift(row)} />;
  const interval = { ...effect, level: 0.95, kind: 'always-valid' as const };
  const blocked = row.summary?.verdict === 'fix-first';
  const clear = direction({ status: 'ok', reason: null, estimate: effect.estimate, interval }, betterWhen);
  return (
    <div className={blocked ? styles.liftBlocked : styles.lift}>
      <IntervalBar {...effect} domain={domain} direction={clear} muted={blocked} width={104} />
      <span>
        <strong>{lift(effect.estimate)}</strong>
        <span className={styles.range}>{range(effect, lift)}</span>
      </span>
    </div>
  );
}

function Verdict({ row }: { row: ExperimentRow }): ReactElement {
  if (row.status === 'draft' || row.status === 'scheduled' || row.summary === null) return <Missing reason="Not started" />;
  return <VerdictPill kind={row.summary.verdict} />;
}

function Units({ row }: { row: ExperimentRow }): ReactElement {
  if (row.startedAt === null) return <Missing reason="Not started" />;
  return <>{count(row.summary?.units)}</>;
}
