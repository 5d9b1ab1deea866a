import type { ReactElement } from 'react';
import type { MetricResult, Report } from '../../api/types.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import {
  ROLE,
  count,
  difference,
  differenceRange,
  direction,
  level,
  lift,
  pValue,
  probability,
  range,
  shortDate,
  whyUndefined,
} from '../../format/index.js';
import type { Column } from '../../ui/data-table.js';
import { Hint } from '../../ui/details.js';
import { Figure, Missing } from '../../ui/estimate.js';
import type { DifferenceKind } from './report-choice.js';
import { AbsoluteCell, Adjusted, Guard, Needed, Posterior } from './result-notes.js';
import styles from './result-columns.module.css';

const NO_MEAN = 'No unit of this arm has matured for this metric';

/** Columns of the results table; lifts share one axis. */
export function resultColumns(
  report: Report,
  muted: boolean,
  kind: DifferenceKind = 'relative',
): Column<MetricResult>[] {
  const ends = report.results.flatMap(({ effect: { relative } }) => [
    relative.estimate,
    relative.interval?.lower,
    relative.interval?.upper,
  ]);
  const domain = robustDomain(ends, 0.02);
  return [
    { key: 'metric', title: 'Metric', cell: (result) => <Metric result={result} /> },
    {
      key: 'mean',
      title: 'Mean',
      align: 'right',
      cell: (result) => <Means result={result} baseline={report.baseline} />,
    },
    {
      key: 'difference',
      title: 'Difference',
      align: 'right',
      cell: (result) => <Difference result={result} />,
    },
    kind === 'relative'
      ? {
          key: 'lift',
          title: 'Lift',
          cell: (result) => <LiftCell result={result} domain={domain} muted={muted} />,
        }
      : {
          key: 'lift',
          title: kind === 'scaled' ? 'Scaled impact' : 'Absolute difference',
          cell: (result) => (
            <AbsoluteCell
              result={result}
              muted={muted}
              units={kind === 'scaled' ? report.units.enrolled : null}
            />
          ),
        },
    { key: 'p', title: 'Evidence', align: 'right', cell: (result) => <Evidence result={result} /> },
    { key: 'units', title: 'Matured', align: 'right', cell: (result) => <Units result={result} /> },
  ];
}

function Metric({ result }: { result: MetricResult }): ReactElement {
  return (
    <div className={styles.metric}>
      <Hint text={`${result.description} Better when ${result.betterWhen}.`}>{result.title}</Hint>
      <span className={styles.note}>
        {ROLE[result.role]} · {shortDate(result.window.from)} to {shortDate(result.window.to)}
      </span>
    </div>
  );
}

function Means({ result, baseline }: { result: MetricResult; baseline: string }): ReactElement {
  const { effect, measuredIn, arm } = result;
  return (
    <dl className={styles.means}>
      <dt>{arm}</dt>
      <dd>
        <Figure text={level(effect.treatment.mean, measuredIn)} reason={NO_MEAN} />
      </dd>
      <dt>{baseline}</dt>
      <dd>
        <Figure text={level(effect.control.mean, measuredIn)} reason={NO_MEAN} />
      </dd>
    </dl>
  );
}

function Difference({ result }: { result: MetricResult }): ReactElement {
  const { effect, measuredIn } = result;
  const why = whyUndefined(effect);
  if (why !== null) return <Missing reason={why} />;
  return (
    <div className={styles.cell}>
      <span>{difference(effect.estimate, measuredIn)}</span>
      <span className={styles.note}>{differenceRange(effect.interval, measuredIn)}</span>
    </div>
  );
}

function LiftCell({
  result,
  domain,
  muted,
}: {
  result: MetricResult;
  domain: number;
  muted: boolean;
}): ReactElement {
  const { relative } = result.effect;
  const why = whyUndefined(relative);
  if (why !== null) return <Missing reason={why} />;
  return (
    <div className={styles.lift}>
      <IntervalBar
        estimate={relative.estimate}
        lower={relative.interval?.lower ?? null}
        upper={relative.interval?.upper ?? null}
        domain={domain}
        direction={direction(relative, result.betterWhen)}
        muted={muted}
        width={72}
      />
      <div className={styles.cell}>
        <span className={muted ? styles.note : styles.strong}>{lift(relative.estimate)}</span>
        <span className={styles.note}>{range(relative.interval, lift)}</span>
        <Unadjusted result={result} />
      </div>
    </div>
  );
}

/** What the lift would be without the pre-period covariate; nothing where there is none. */
function Unadjusted({ result }: { result: MetricResult }): ReactElement | null {
  const relative = result.unadjusted?.relative;
  if (!result.effect.adjusted || relative === undefined) return null;
  if (whyUndefined(relative) !== null) return null;
  return (
    <span className={styles.note}>
      without CUPED {lift(relative.estimate)}
      <br />
      {range(relative.interval, lift)}
    </span>
  );
}

const EVIDENCE = { 'p-value': 'p', 'probability-better': 'P(better)', 'e-value': 'e-value' } as const;

function Evidence({ result }: { result: MetricResult }): ReactElement {
  const { evidence } = result.effect;
  if (evidence === null)
    return <Missing reason={whyUndefined(result.effect) ?? 'This estimator gives intervals only'} />;
  const text = evidence.kind === 'probability-better' ? probability(evidence.value) : pValue(evidence.value);
  return (
    <div className={styles.cell}>
      <span>
        {EVIDENCE[evidence.kind]} {text}
      </span>
      <Posterior result={result} />
      <Adjusted result={result} />
      <Guard result={result} />
    </div>
  );
}

function Units({ result }: { result: MetricResult }): ReactElement {
  return (
    <div className={`${styles.cell ?? ''} ${result.immature ? (styles.immature ?? '') : ''}`}>
      <span>{count(result.matured)}</span>
      <span className={styles.note}>of {count(result.enrolled)}</span>
      {result.immature ? (
        <Hint text="A fifth or more of the enrolled units have not been in for long enough to count here. The result may change as they mature.">
          <span className={styles.note}>immature</span>
        </Hint>
      ) : null}
      <Needed result={result} />
    </div>
  );
}
