import type { ReactElement } from 'react';
import type { MetricResult } from '../../api/types.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import {
  count,
  difference,
  differenceRange,
  direction,
  lift,
  pValue,
  percent,
  probability,
  range,
  whyUndefined,
} from '../../format/index.js';
import { Missing } from '../../ui/estimate.js';
import styles from './result-columns.module.css';

interface ResultProps {
  result: MetricResult;
}

/** Long names would push the column out of sight. */
const CORRECTION: Record<string, { short: string; title: string }> = {
  holm: { short: 'Holm', title: 'Holm' },
  hochberg: { short: 'Hochberg', title: 'Hochberg' },
  hommel: { short: 'Hommel', title: 'Hommel' },
  fdr_bh: { short: 'BH', title: 'Benjamini-Hochberg' },
  fdr_by: { short: 'BY', title: 'Benjamini-Yekutieli' },
};

/** What a Bayesian estimator says beside the chance to be better. */
export function Posterior({ result }: ResultProps): ReactElement | null {
  const { bayes } = result.effect;
  if (bayes === undefined) return null;
  return (
    <span className={styles.note}>
      expected loss {difference(bayes.expectedLoss, result.measuredIn)}
      {bayes.probabilityEquivalent === null ? null : (
        <>
          <br />
          P(no difference that matters) {probability(bayes.probabilityEquivalent)}
        </>
      )}
    </span>
  );
}

/** p-value and lift interval after the correction of the family. */
export function Adjusted({ result }: ResultProps): ReactElement | null {
  const { pValueAdjusted, multiplicity, familySize = 1, adjustedIntervals } = result;
  const method = CORRECTION[multiplicity ?? ''];
  if (pValueAdjusted === null || method === undefined) return null;
  const interval = adjustedIntervals?.relative;
  return (
    <span className={styles.note}>
      <abbr title={method.title}>{method.short}</abbr> of {count(familySize)}: {pValue(pValueAdjusted)}
      {familySize > 1 && interval ? (
        <>
          <br />
          lift {range(interval, lift)}
        </>
      ) : null}
    </span>
  );
}

/** Guardrails are judged by whether harm (or any change) beyond the margin is ruled out. */
export function Guard({ result }: ResultProps): ReactElement | null {
  const test = result.equivalence ?? result.nonInferiority;
  if (result.role !== 'guardrail' || !test) return null;
  const { margin, pValue: p, holds } = test;
  const change = result.equivalence ? 'worse or better' : 'worse';
  return (
    <span className={`${styles.note} ${styles.wrap}`}>
      {holds ? `not ${percent(margin, 0)} ${change}` : `${percent(margin, 0)} ${change} not ruled out`}, p{' '}
      {pValue(p)}
    </span>
  );
}

/** How many units are still missing while the result is open. */
export function Needed({ result }: ResultProps): ReactElement | null {
  const missing = result.unitsNeededPerArm;
  if (missing === undefined || missing === null || missing === 0 || result.role === 'guardrail') return null;
  return <span className={`${styles.note} ${styles.wrap}`}>about {count(missing)} more per arm needed</span>;
}

/** The difference itself, or times all enrolled units: what the arm would have brought had everybody had it. */
export function AbsoluteCell({
  result,
  muted,
  units,
}: ResultProps & { muted: boolean; units: number | null }): ReactElement {
  const { effect, measuredIn } = result;
  const why = whyUndefined(effect);
  if (why !== null) return <Missing reason={why} />;
  const { estimate, interval } = effect;
  const scale = units ?? 1;
  const times = (end: number | null | undefined): number | null =>
    end === null || end === undefined ? null : end * scale;
  const ends = { lower: times(interval?.lower), upper: times(interval?.upper) };
  const total = (value: number | null): string =>
    value === null ? '—' : `${value > 0 ? '+' : value < 0 ? '−' : ''}${count(Math.round(Math.abs(value)))}`;
  return (
    <div className={styles.lift}>
      <IntervalBar
        estimate={times(estimate)}
        lower={ends.lower}
        upper={ends.upper}
        // Units of measure differ from metric to metric: every bar has its own axis.
        domain={robustDomain([times(estimate), ends.lower, ends.upper], 1e-9)}
        direction={direction(effect, result.betterWhen)}
        muted={muted}
        width={96}
      />
      <div className={styles.cell}>
        <span className={muted ? styles.note : styles.strong}>
          {units === null ? difference(estimate, measuredIn) : total(times(estimate))}
        </span>
        <span className={styles.note}>
          {units === null
            ? differenceRange(interval, measuredIn)
            : `${total(ends.lower)} to ${total(ends.upper)}`}
        </span>
        {units === null ? null : <span className={styles.note}>over {count(units)} units</span>}
      </div>
    </div>
  );
}
