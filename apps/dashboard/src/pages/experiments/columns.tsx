import type { ReactElement, ReactNode } from 'react';
import { Link } from 'react-router';
import type { ExperimentRow, MetricDefinition } from '../../api/types.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { count, date, direction, lift, range } from '../../format/index.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { HealthMark, StatusPill, VerdictPill } from '../../ui/status.js';
import styles from './columns.module.css';

/** Columns of the list; all lifts share one axis, so that rows can be compared by eye. */
export function columnsFor(
  rows: readonly ExperimentRow[],
  metrics: readonly MetricDefinition[],
): Column<ExperimentRow>[] {
  const betterWhen = new Map(metrics.map((metric) => [metric.key, metric.betterWhen]));
  const domain = sharedDomain(rows);
  return [
    { key: 'name', title: 'Experiment', cell: (row) => <Name row={row} /> },
    { key: 'status', title: 'Status', cell: (row) => <StatusPill status={row.status} /> },
    {
      key: 'surface',
      title: 'Surface, owner',
      cell: (row) => <Lines first={row.surface} second={row.owner || 'no owner'} />,
    },
    {
      key: 'lift',
      title: 'Lift of the decision metric',
      cell: (row) => (
        <DecisionLift row={row} domain={domain} betterWhen={betterWhen.get(row.decisionMetric) ?? 'higher'} />
      ),
    },
    { key: 'verdict', title: 'Verdict, health', cell: (row) => <Verdict row={row} /> },
    { key: 'units', title: 'Units, started', align: 'right', cell: (row) => <Units row={row} /> },
  ];
}

/** Wide enough for most intervals that may be read; the rest is cut off with an arrow. */
function sharedDomain(rows: readonly ExperimentRow[]): number {
  const readable = rows.filter((row) => row.summary?.verdict !== 'fix-first');
  return robustDomain(
    readable.flatMap((row) => [row.summary?.decisionLift?.lower, row.summary?.decisionLift?.upper]),
    0.02,
  );
}

function Lines({
  first,
  second,
  right = false,
}: {
  first: ReactNode;
  second: ReactNode;
  right?: boolean;
}): ReactElement {
  return (
    <div className={`${styles.lines} ${right ? (styles.right ?? '') : ''}`}>
      <span>{first}</span>
      <span className={styles.key}>{second}</span>
    </div>
  );
}

function Name({ row }: { row: ExperimentRow }): ReactElement {
  return (
    <div className={styles.name}>
      <Link className="mq-link" to={`/experiments/${row.key}`}>
        {row.title}
      </Link>
      <span className={styles.key}>{row.key}</span>
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
      <IntervalBar {...effect} domain={domain} direction={clear} muted={blocked} width={72} />
      <span>
        <strong>{lift(effect.estimate)}</strong>
        <span className={styles.range}>{range(effect, lift)}</span>
        {effect.arm !== undefined && row.arms.length > 2 ? (
          <span className={styles.range}>in {effect.arm}</span>
        ) : null}
      </span>
    </div>
  );
}

function Verdict({ row }: { row: ExperimentRow }): ReactElement {
  if (row.startedAt === null || row.summary === null) return <Missing reason="Not started" />;
  return (
    <div className={styles.lines}>
      <VerdictPill kind={row.summary.verdict} />
      <span className={styles.key}>
        <HealthMark status={row.summary.health} />
      </span>
    </div>
  );
}

function Units({ row }: { row: ExperimentRow }): ReactElement {
  if (row.startedAt === null) return <Missing reason="Not started" />;
  return <Lines right first={count(row.summary?.units)} second={date(row.startedAt)} />;
}
