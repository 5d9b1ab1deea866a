import { Fragment } from 'react';
import type { ReactElement } from 'react';
import type { Bounds, Portfolio, PortfolioRow } from '../../api/types-portfolio.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { count, dateTime, direction, lift, percent, plural, range } from '../../format/index.js';
import styles from './portfolio.module.css';

/** Longer lists belong into the table. */
const MOST = 40;
const WIDTH = 220;

const HEADINGS = {
  experiment: 'Experiment',
  arm: 'Arm',
  metric: 'Metric',
  status: 'Status',
  shipped: 'Shipped',
  ended: 'Ended',
  units: 'Units',
  lift: 'Measured lift',
  lower: 'Measured, lower',
  upper: 'Measured, upper',
  shrunken: 'Shrunken lift',
  shrunkenLower: 'Shrunken, lower',
  shrunkenUpper: 'Shrunken, upper',
  weight: 'Share kept',
};

export const rowId = (row: PortfolioRow): string => `${row.experiment}/${row.arm}`;

function twin(row: PortfolioRow): TwinRow {
  const { lift: measured, shrunken } = row;
  return {
    id: rowId(row),
    cells: {
      experiment: row.experiment,
      arm: row.arm,
      metric: row.metric,
      status: row.status,
      shipped: row.shipped ? 'yes' : 'no',
      ended: row.stoppedAt,
      units: row.units,
      lift: measured.estimate,
      lower: measured.lower,
      upper: measured.upper,
      shrunken: shrunken?.estimate ?? null,
      shrunkenLower: shrunken?.lower ?? null,
      shrunkenUpper: shrunken?.upper ?? null,
      weight: shrunken?.weight ?? null,
    },
  };
}

function text(key: string, value: string | number | null): string {
  if (key === 'ended') return value === null ? 'still runs' : dateTime(String(value));
  if (typeof value !== 'number') return value ?? '—';
  if (key === 'units') return count(value);
  return key === 'weight' ? percent(value, 0) : lift(value);
}

/** What happens to the comparisons, in one sentence. */
function summaryOf({ rows, prior, expectedExaggeration }: Portfolio): string {
  const wins = rows.filter((row) => row.win).length;
  const lead = `${plural(rows.length, 'comparison')}, ${plural(wins, 'win')}.`;
  if (prior === null) return `${lead} Lifts are not shrunken.`;
  const ratio =
    expectedExaggeration === null
      ? ''
      : ` A win of usual precision is expected to look ${expectedExaggeration.toFixed(2)} times as large as it is.`;
  return `${lead} True lifts are about ${lift(prior.mean)} on average and differ by ${percent(prior.standardDeviation, 2)} (standard deviation).${ratio}`;
}

/** Measured and shrunken lifts side by side on the same axis. */
export function PortfolioForest({ portfolio }: { portfolio: Portfolio }): ReactElement {
  const rows = portfolio.rows.slice(0, MOST);
  const ends = ({ estimate, lower, upper }: Bounds) => [estimate, lower, upper];
  const domain = robustDomain(
    rows.flatMap((row) => [...ends(row.lift), ...(row.shrunken ? ends(row.shrunken) : [])]),
    0.02,
  );
  return (
    <ChartFrame
      title="Measured and shrunken lifts"
      summary={summaryOf(portfolio)}
      headings={HEADINGS}
      rows={portfolio.rows.map(twin)}
      format={text}
      source={`${percent(portfolio.level, 0)} intervals: ${portfolio.estimator}, and empirical Bayes. As of ${dateTime(portfolio.asOf)}.`}
      legend={<span className={styles.note}>Up better, down worse, circle unclear</span>}
    >
      <div className={styles.forest}>
        <span className={styles.head}>Experiment</span>
        <span className={styles.head}>Measured</span>
        <span className={styles.head}>Shrunken</span>
        {rows.map((row) => (
          <Fragment key={rowId(row)}>
            <span className={styles.name}>
              {row.title}
              <span className={styles.note}>
                {row.arm} · {row.metricTitle}
              </span>
            </span>
            <Interval bounds={row.lift} row={row} domain={domain} />
            <Interval bounds={row.shrunken} row={row} domain={domain} />
          </Fragment>
        ))}
        <span />
        <Axis domain={domain} />
        <Axis domain={domain} />
      </div>
    </ChartFrame>
  );
}

interface IntervalProps {
  bounds: Bounds | null;
  row: PortfolioRow;
  domain: number;
}

function Interval({ bounds, row, domain }: IntervalProps): ReactElement {
  if (bounds === null || bounds.estimate === null) return <span className={styles.bar}>—</span>;
  const effect = {
    status: 'ok',
    reason: null,
    estimate: bounds.estimate,
    interval: { ...bounds, level: 0, kind: 'credible' },
  } as const;
  return (
    <span className={styles.bar}>
      <IntervalBar {...bounds} domain={domain} direction={direction(effect, row.betterWhen)} width={WIDTH} />
      <span className={styles.note}>
        {lift(bounds.estimate)} ({range(bounds, lift)})
      </span>
    </span>
  );
}

function Axis({ domain }: { domain: number }): ReactElement {
  return (
    <span className={styles.axis} aria-hidden="true">
      <span>{lift(-domain)}</span>
      <span>0</span>
      <span>{lift(domain)}</span>
    </span>
  );
}
