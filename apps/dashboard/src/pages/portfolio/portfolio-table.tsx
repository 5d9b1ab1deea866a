import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Bounds, PortfolioRow, PortfolioTotal } from '../../api/types-portfolio.js';
import { VERDICT, count, date, humanise, lift, percent, plural, range } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Figure, Missing } from '../../ui/estimate.js';
import { rowId } from './portfolio-forest.js';
import { why } from './portfolio-view.js';
import styles from './portfolio.module.css';

const STEP = 50;

function LiftCell({
  bounds,
  note,
  reason,
}: {
  bounds: Bounds | null;
  note?: string;
  reason: string;
}): ReactElement {
  if (bounds === null || bounds.estimate === null) return <Missing reason={reason} />;
  return (
    <div className={styles.cell}>
      <span>{lift(bounds.estimate)}</span>
      <span className={styles.note}>{range(bounds, lift)}</span>
      {note === undefined ? null : <span className={styles.note}>{note}</span>}
    </div>
  );
}

function decision(row: PortfolioRow): string {
  if (row.shipped) return 'Shipped';
  if (row.stoppedAt === null) return humanise(row.status);
  return row.status === 'shipped' ? 'Another arm shipped' : 'Not shipped';
}

function columns(shrinking: string | null): Column<PortfolioRow>[] {
  return [
    {
      key: 'experiment',
      title: 'Experiment',
      cell: (row) => (
        <div className={styles.name}>
          <Link className="mq-link" to={`/experiments/${row.experiment}`}>
            {row.title}
          </Link>
          <span className={styles.note}>
            {row.arm} · {row.metricTitle}
          </span>
        </div>
      ),
    },
    {
      key: 'decision',
      title: 'Decision',
      cell: (row) => (
        <div className={styles.cell}>
          <span>{decision(row)}</span>
          <span className={styles.note}>
            {row.stopReason ?? (row.verdict === null ? 'no verdict' : VERDICT[row.verdict])}
          </span>
        </div>
      ),
    },
    {
      key: 'lift',
      title: 'Measured lift',
      align: 'right',
      cell: (row) => (
        <LiftCell
          bounds={row.lift}
          reason={why(row.reason)}
          {...(row.win ? { note: 'counts as a win' } : {})}
        />
      ),
    },
    {
      key: 'shrunken',
      title: 'Shrunken lift',
      align: 'right',
      cell: (row) => (
        <LiftCell
          bounds={row.shrunken}
          reason={why(row.reason ?? shrinking)}
          {...(row.shrunken ? { note: `${percent(row.shrunken.weight, 0)} of its own` } : {})}
        />
      ),
    },
    { key: 'units', title: 'Units', align: 'right', cell: (row) => count(row.units) },
    {
      key: 'ended',
      title: 'Ended',
      cell: (row) => (row.stoppedAt === null ? 'still runs' : date(row.stoppedAt)),
    },
  ];
}

export function PortfolioTable({
  rows,
  reason,
}: {
  rows: readonly PortfolioRow[];
  reason: string | null;
}): ReactElement {
  return (
    <DataTable
      caption="Experiments of the portfolio"
      columns={columns(reason)}
      rows={rows}
      rowKey={rowId}
      step={STEP}
    />
  );
}

interface SumRow {
  metric: string;
  title: string;
  of: string;
  count: number;
  naive: number;
  shrunken: number | null;
  /** Only of what was chosen by its result. */
  corrected: number | null;
}

function sumRows({ metric, title, comparisons, wins, shipped }: PortfolioTotal): SumRow[] {
  const rest = { metric, title };
  return [
    { ...rest, ...wins, of: `Wins of ${plural(comparisons, 'comparison')}` },
    { ...rest, ...shipped, of: 'Shipped', corrected: null },
  ];
}

const SUMS: Column<SumRow>[] = [
  { key: 'metric', title: 'Metric', cell: ({ title }) => title },
  { key: 'of', title: 'Sum of', cell: ({ of }) => of },
  { key: 'count', title: 'Count', align: 'right', cell: (row) => count(row.count) },
  { key: 'naive', title: 'Measured', align: 'right', cell: ({ naive }) => lift(naive) },
  {
    key: 'shrunken',
    title: 'Shrunken',
    align: 'right',
    cell: ({ shrunken }) => <Figure text={lift(shrunken)} reason={why('too_few_experiments')} />,
  },
  {
    key: 'corrected',
    title: 'Measured less selection bias',
    align: 'right',
    cell: ({ corrected }) => <Figure text={lift(corrected)} reason="Estimated for wins only" />,
  },
];

/** Sums by metric; positive is good for the product. */
export function PortfolioTotals({ totals }: { totals: readonly PortfolioTotal[] }): ReactElement {
  return (
    <DataTable
      caption="Sums of lifts"
      columns={SUMS}
      rows={totals.flatMap(sumRows)}
      rowKey={({ metric, of }) => `${metric}/${of}`}
    />
  );
}
