import { buildReport, metricRegistry } from '#metrics';
import type { MetricDefinition, ReportBody, ReportMetric } from '#metrics';
import type { Sampler } from '../sampler.js';
import { ExperimentWorld } from './experiment-world.js';
import type { WorldOptions } from './experiment-world.js';

const metric = (key: string): MetricDefinition => metricRegistry.get(key);

/** How an analyst set the report up. */
export interface Setup {
  readonly key: string;
  readonly metrics: readonly ReportMetric[];
}

const DECISION: readonly ReportMetric[] = [
  { definition: metric('watch-minutes'), role: 'decision' },
  ...['play-rate', 'sessions-per-week', 'retention-day-7', 'completion', 'click-through'].map(
    (key): ReportMetric => ({ definition: metric(key), role: 'secondary' }),
  ),
];

export const SETUPS: readonly Setup[] = [
  // The hardest for the error: nothing but the decision metric stands in the way of "ship".
  { key: 'alone', metrics: DECISION },
  {
    key: 'guarded',
    metrics: [
      ...DECISION,
      // At this size only changes larger than the definitions' own margins can be ruled out.
      { definition: metric('pauses-per-play'), role: 'guardrail', margin: 0.1 },
      { definition: metric('cancellations'), role: 'guardrail', margin: 1 },
    ],
  },
];

export const SIMULATED_METRICS: readonly MetricDefinition[] = (SETUPS[1] as Setup).metrics.map(
  ({ definition }) => definition,
);

/** What the report ever said about an experiment while it was looked at every day. */
export interface Ever {
  /** Arms that "ship" named. */
  readonly shipped: ReadonlySet<string>;
  readonly stopped: boolean;
  /** A decision metric, or any other metric, was called better or worse. */
  readonly decisionClaim: boolean;
  readonly otherClaim: boolean;
  readonly fixFirst: boolean;
}

const claims = ({ results }: ReportBody, role: 'decision' | 'secondary'): boolean =>
  results.some((result) => result.role === role && result.direction !== 'unclear');

/** Runs one experiment and looks at its report with default options at the end of every day. */
export function peekDaily(options: Omit<WorldOptions, 'metrics'>, sampler: Sampler): Map<string, Ever> {
  const world = new ExperimentWorld({ ...options, metrics: SIMULATED_METRICS }, sampler);
  const reports = new Map<string, ReportBody[]>(SETUPS.map(({ key }) => [key, []]));
  for (let day = 0; day < options.days; day++) {
    world.live(day);
    const [cells, facts] = [world.cells(day), world.facts(day)];
    for (const { key, metrics } of SETUPS) {
      const own = new Set(metrics.map(({ definition }) => definition.key));
      reports.get(key)?.push(
        buildReport({
          arms: world.reportArms(),
          metrics,
          cells: cells.filter((cell) => own.has(cell.metric)),
          facts,
        }),
      );
    }
  }
  return new Map([...reports].map(([key, looks]) => [key, everOf(looks)]));
}

function everOf(looks: readonly ReportBody[]): Ever {
  const verdicts = looks.map(({ verdict }) => verdict);
  const named = verdicts.filter(({ kind }) => kind === 'ship').map(({ arm }) => arm ?? '');
  return {
    shipped: new Set(named),
    stopped: verdicts.some(({ kind }) => kind === 'stop'),
    fixFirst: verdicts.some(({ kind }) => kind === 'fix-first'),
    decisionClaim: looks.some((look) => claims(look, 'decision')),
    otherClaim: looks.some((look) => claims(look, 'secondary')),
  };
}
