import type { ReactElement } from 'react';
import { isOfSlates } from '../../api/off-policy.js';
import type { OffPolicyDetail, OffPolicyEstimate } from '../../api/off-policy.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { dateTime, decimal, percent, range } from '../../format/index.js';
import { candidateName } from './candidate-name.js';
import styles from './lab-forest.module.css';

const HEADINGS = {
  estimator: 'Estimator',
  value: 'Mean reward',
  intervalLower: 'Interval from',
  intervalUpper: 'Interval to',
  bootstrapLower: 'Bootstrap from',
  bootstrapUpper: 'Bootstrap to',
  boundLower: 'Bound from',
  boundUpper: 'Bound to',
  reason: 'Note',
};

type Axis = (value: number) => string;

/** A scale over all intervals and the log's own reward, with room at the ends; values beyond it stand at its end. */
function axisOf({ result: { baseline, estimates } }: OffPolicyDetail): Axis {
  const ends = [baseline.interval, ...estimates.map(({ interval }) => interval)].flatMap((one) =>
    one === null ? [] : [one.lower, one.upper],
  );
  const values = [...ends, ...estimates.flatMap(({ value }) => (value === null ? [] : [value]))];
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return (value) => `${2 + 96 * Math.max(0, Math.min(1, (value - low) / span))}%`;
}

/** Every estimate with its interval; the dashed line is what the log itself earned. */
export function LabForest({ run }: { run: OffPolicyDetail }): ReactElement {
  const { baseline, estimates, level, log } = run.result;
  const x = axisOf(run);
  const slates = isOfSlates(run);
  const dr = estimates.find(({ key }) => key === (slates ? 'cascade-dr' : 'dr'));
  const own = `The log itself earned ${decimal(baseline.value, 4)} per ${slates ? 'slate' : 'decision'}`;
  return (
    <ChartFrame
      title={`Off-policy estimates of ${candidateName(run)}`}
      summary={
        dr === undefined || dr.value === null
          ? `${own}.`
          : `${own}; by ${slates ? 'cascade-DR' : 'DR'} the candidate would have earned ${decimal(dr.value, 4)}${dr.interval === null ? '' : `, ${percent(level, 0)} interval ${text(dr.interval)}`}.`
      }
      headings={HEADINGS}
      rows={estimates.map((estimate) => ({ id: estimate.key, cells: cellsOf(estimate) }))}
      format={(_key, value) => (typeof value === 'number' ? decimal(value, 5) : (value ?? '—'))}
      source={`Log of ${run.policyId} from ${dateTime(log.from)} to ${dateTime(log.to)}`}
    >
      {estimates.map((estimate) => (
        <Row key={estimate.key} estimate={estimate} baseline={baseline.value} x={x} />
      ))}
      <p className={styles.note}>Dashed: what the log itself earned, {decimal(baseline.value, 4)}.</p>
    </ChartFrame>
  );
}

const text = (interval: { lower: number; upper: number } | null): string =>
  range(interval, (value) => decimal(value, 4));

function cellsOf(estimate: OffPolicyEstimate): TwinRow['cells'] {
  const { bootstrap, bound, interval, reason = null, title, value } = estimate;
  const cells: TwinRow['cells'] = { estimator: title, value, reason };
  for (const [name, ends] of Object.entries({ interval, bootstrap, bound })) {
    cells[`${name}Lower`] = ends?.lower ?? null;
    cells[`${name}Upper`] = ends?.upper ?? null;
  }
  return cells;
}

function Row({
  estimate: { interval, reason, title, value },
  baseline,
  x,
}: {
  estimate: OffPolicyEstimate;
  baseline: number;
  x: Axis;
}): ReactElement {
  return (
    <div className={styles.row}>
      <span>{title}</span>
      <svg className={styles.track} aria-hidden="true">
        <line className={styles.base} x1={x(baseline)} x2={x(baseline)} y1="0" y2="100%" />
        {interval === null ? null : (
          <line className={styles.bar} x1={x(interval.lower)} x2={x(interval.upper)} y1="50%" y2="50%" />
        )}
        {value === null ? null : <circle className={styles.point} cx={x(value)} cy="50%" r="4" />}
      </svg>
      <span className={styles.figures}>
        <strong>{decimal(value, 4)}</strong>
        <span className={styles.note}>{interval === null ? (reason ?? 'no interval') : text(interval)}</span>
      </span>
    </div>
  );
}
