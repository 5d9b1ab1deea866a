import type { ReactElement } from 'react';
import type { MetricResult, Report } from '../../api/types.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { ForestRow } from '../../charts/forest-row.js';
import { robustDomain } from '../../charts/interval-bar.js';
import {
  count,
  date,
  dateTime,
  direction,
  intervalName,
  lift,
  liftSentence,
  percent,
} from '../../format/index.js';
import styles from './forest.module.css';

const ROLES = { decision: 0, guardrail: 1, secondary: 2 } as const;
/** More rows than this belong into the results table. */
const MOST = 60;

const HEADINGS = {
  metric: 'Metric',
  arm: 'Arm',
  estimate: 'Lift',
  lower: 'Lower',
  upper: 'Upper',
  level: 'Interval',
  units: 'Matured units',
};

function twin(result: MetricResult): TwinRow {
  const { relative } = result.effect;
  return {
    id: `${result.metric}/${result.arm}`,
    cells: {
      metric: result.title,
      arm: result.arm,
      estimate: relative.estimate,
      lower: relative.interval?.lower ?? null,
      upper: relative.interval?.upper ?? null,
      level: intervalName(relative.interval),
      units: result.matured,
    },
  };
}

function twinText(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return key === 'units' ? count(value) : lift(value);
}

const edges = ({ effect: { relative } }: MetricResult) => [
  relative.estimate,
  relative.interval?.lower,
  relative.interval?.upper,
];

/** Wide enough for most metrics, and always for the one that decides. */
function domainOf(results: readonly MetricResult[]): number {
  const deciding = results.filter(
    (result) => result.role === 'decision' && result.effect.relative.status === 'ok',
  );
  const widest = Math.max(0, ...deciding.flatMap(edges).map((edge) => Math.abs(edge ?? 0)));
  return Math.max(robustDomain(results.flatMap(edges), 0.02), Math.ceil(widest * 21) / 20);
}

function summary(results: readonly MetricResult[]): string {
  const decision = results.find((result) => result.role === 'decision');
  const better = results.filter(
    (result) => direction(result.effect.relative, result.betterWhen) === 'better',
  ).length;
  const worse = results.filter(
    (result) => direction(result.effect.relative, result.betterWhen) === 'worse',
  ).length;
  const lead =
    decision === undefined ? '' : `${decision.title}, ${decision.arm}: ${liftSentence(decision.effect)}. `;
  return `${lead}Of ${results.length} comparisons ${better} are clearly better, ${worse} clearly worse, ${results.length - better - worse} unclear.`;
}

/** Window, method and time, for whoever sees the picture without the page. */
function sourceOf({ experiment, results, estimator, alpha, baseline, asOf }: Report): string {
  const from = results[0]?.window.from ?? null;
  return `${experiment}, ${from === null ? 'no units yet' : `units from ${date(from)}`}, ${estimator} against ${baseline}, ${percent(1 - alpha, 0)} intervals, as of ${dateTime(asOf)}.`;
}

/** Lifts of all metrics on one axis: decision metric first, then guardrails, then the others. */
export function Forest({ report, muted }: { report: Report; muted: boolean }): ReactElement {
  const results = [...report.results].sort((a, b) => ROLES[a.role] - ROLES[b.role]).slice(0, MOST);
  const domain = domainOf(results);
  const severalArms = new Set(results.map((result) => result.arm)).size > 1;
  return (
    <ChartFrame
      title="Lift by metric"
      summary={summary(results)}
      headings={HEADINGS}
      rows={results.map(twin)}
      format={twinText}
      source={sourceOf(report)}
      legend={
        <>
          <Legend shape="M0 -5.500l5.500 9.500h-11z" color="var(--mq-gain)" label="Better" />
          <Legend shape="M0 5.500l5.500 -9.500h-11z" color="var(--mq-loss)" label="Worse" />
          <Legend shape="M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0" color="var(--mq-s0)" label="Unclear" />
        </>
      }
    >
      <div className={styles.forest}>
        {results.map((result) => (
          <ForestRow
            key={`${result.metric}/${result.arm}`}
            result={result}
            domain={domain}
            muted={muted}
            arm={severalArms ? result.arm : null}
          />
        ))}
        <div className={styles.axis} aria-hidden="true">
          <span>{lift(-domain)}</span>
          <span>no difference</span>
          <span>{lift(domain)}</span>
        </div>
      </div>
    </ChartFrame>
  );
}

function Legend({ shape, color, label }: { shape: string; color: string; label: string }): ReactElement {
  return (
    <span className={styles.legend}>
      <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
        <path d={shape} fill={color} />
      </svg>
      {label}
    </span>
  );
}
