import type { ReactElement } from 'react';
import type { Effect, MeasuredIn } from '../../api/types.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { count, difference, direction, lift, pValue, percent, range, whyCode } from '../../format/index.js';
import styles from './effect-forest.module.css';

export interface ForestEffect {
  key: string;
  title: string;
  effect: Effect;
  /** Share of the variance that this way takes away; absent: not asked. */
  varianceReduction?: number | null;
}

interface EffectForestProps {
  /** Names the chart and its files. */
  title: string;
  summary: string;
  rows: readonly ForestEffect[];
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  source: string;
}

const HEADINGS = {
  way: 'Result',
  lift: 'Lift',
  liftLower: 'Lift from',
  liftUpper: 'Lift to',
  difference: 'Difference',
  lower: 'From',
  upper: 'To',
  p: 'p-value',
  reduction: 'Variance reduction',
  n: 'Units',
  reason: 'Note',
};

/** Why a result is missing, in words. */
function why({ status, reason, relative }: Effect): string | null {
  const code = status === 'undefined' ? reason : relative.status === 'ok' ? null : relative.reason;
  return code === null ? null : `${whyCode(code)}.`;
}

function twin({ key, title, effect, varianceReduction }: ForestEffect): TwinRow {
  const { relative, interval, evidence } = effect;
  return {
    id: key,
    cells: {
      way: title,
      lift: relative.estimate,
      liftLower: relative.interval?.lower ?? null,
      liftUpper: relative.interval?.upper ?? null,
      difference: effect.estimate,
      lower: interval?.lower ?? null,
      upper: interval?.upper ?? null,
      p: evidence?.kind === 'p-value' ? evidence.value : null,
      reduction: varianceReduction ?? null,
      n: effect.control.n + effect.treatment.n,
      reason: why(effect),
    },
  };
}

/** Several results of the same arm and metric on one axis, each with its numbers beside it. */
export function EffectForest(props: EffectForestProps): ReactElement {
  const { title, summary, rows, measuredIn, betterWhen, source } = props;
  const ends = rows.flatMap(({ effect: { relative } }) => [
    relative.estimate,
    relative.interval?.lower,
    relative.interval?.upper,
  ]);
  const domain = robustDomain(ends, 0.02);
  const text = (key: string, value: string | number | null): string => {
    if (typeof value !== 'number') return value ?? '—';
    if (key.startsWith('lift')) return lift(value);
    if (key === 'n') return count(value);
    if (key === 'p') return pValue(value);
    return key === 'reduction' ? percent(value) : difference(value, measuredIn);
  };
  return (
    <ChartFrame
      title={title}
      summary={summary}
      headings={HEADINGS}
      rows={rows.map(twin)}
      format={text}
      source={source}
    >
      <div className={styles.rows}>
        {rows.map(({ key, title: name, effect, varianceReduction }) => (
          <div key={key} className={styles.row}>
            <span className={styles.name}>{name}</span>
            <IntervalBar
              estimate={effect.relative.estimate}
              lower={effect.relative.interval?.lower ?? null}
              upper={effect.relative.interval?.upper ?? null}
              domain={domain}
              direction={direction(effect.relative, betterWhen)}
              width={200}
            />
            <span>
              {lift(effect.relative.estimate)}{' '}
              <span className={styles.note}>{range(effect.relative.interval, lift)}</span>
            </span>
            <span className={styles.note}>
              {why(effect) ??
                [
                  effect.evidence?.kind === 'p-value' ? `p ${pValue(effect.evidence.value)}` : null,
                  varianceReduction === undefined || varianceReduction === null
                    ? null
                    : `variance ${varianceReduction < 0 ? '+' : '−'}${percent(Math.abs(varianceReduction))}`,
                ]
                  .filter((part) => part !== null)
                  .join(', ')}
            </span>
          </div>
        ))}
      </div>
    </ChartFrame>
  );
}
