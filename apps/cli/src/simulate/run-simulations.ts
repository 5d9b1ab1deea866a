import type { Experiment } from '#experiments';
import type { ReportBody } from '#metrics';
import { createWorld, defaultSize, millisecondsPerDay, simulate, type ReadyExperiment } from '#simulation';
import type { SimulatedExperiment } from './experiment-file.js';
import { InProcessProduct } from './in-process-product.js';
import { UnitMetrics } from './unit-metrics.js';

export interface SimulationPlan {
  readonly runs: number;
  readonly members: number;
  readonly days: number;
  readonly seed: string;
  readonly progress: (done: number) => void;
}

export interface MetricSummary {
  readonly metric: string;
  readonly arm: string;
  /** Mean over runs of the measured difference; the true one, up to its standard error. */
  readonly difference: number | null;
  readonly standardError: number | null;
  /** Share of final intervals that hold the true difference: 0 in the runs of equal arms. */
  readonly coverage: number | null;
  /** Share of runs whose interval excluded 0 on any day, where the arms are equal. */
  readonly falsePositiveRate: number | null;
}

export interface SimulationResult {
  readonly experiment: string;
  readonly runs: number;
  readonly members: number;
  readonly days: number;
  readonly unitsPerRun: number;
  /** Of equal arms (all get what control gets), share of runs in which any daily look said "ship". */
  readonly falseShipRate: number;
  /** Of the real arms, share of runs in which any daily look said "ship". */
  readonly power: number;
  /** Nominal level of the intervals. */
  readonly level: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly metrics: readonly MetricSummary[];
}

interface Run {
  readonly final: ReportBody;
  readonly shipped: boolean;
  /** `metric arm` of intervals that excluded 0 on any day. */
  readonly excluded: ReadonlySet<string>;
  readonly units: number;
}

const start = Date.UTC(2026, 2, 2);
const learningHours = 6;

/** The same experiment with every arm giving what control gives: whatever a report then finds is false. */
function withEqualArms(ready: ReadyExperiment): ReadyExperiment {
  const control = ready.experiment.arms.find((arm) => arm.isControl);
  const arms = ready.experiment.arms.map((arm) => ({
    ...arm,
    treatment: control?.treatment ?? arm.treatment,
  }));
  return { ...ready, experiment: { ...ready.experiment, arms } };
}

/** Plays `runs` worlds with the real arms and as many with equal ones, looking at the report every day. */
export async function runSimulations(
  given: SimulatedExperiment,
  plan: SimulationPlan,
): Promise<SimulationResult> {
  const real: Run[] = [];
  const equal: Run[] = [];
  for (let i = 0; i < plan.runs; i++) {
    const seed = `${plan.seed}/${i}`;
    real.push(await playOne(given, given.ready, plan, seed));
    plan.progress(2 * i + 1);
    equal.push(await playOne(given, withEqualArms(given.ready), plan, seed));
    plan.progress(2 * i + 2);
  }
  return summarise(given.ready.experiment, plan, real, equal);
}

async function playOne(
  given: SimulatedExperiment,
  ready: ReadyExperiment,
  plan: SimulationPlan,
  seed: string,
): Promise<Run> {
  const world = createWorld(seed, { members: plan.members, titles: defaultSize.titles });
  // A salt of its own for each run: otherwise the same members would always meet in the same arms.
  const experiment = { ...ready.experiment, salt: `${ready.experiment.key}/${seed}` };
  const product = new InProcessProduct(world, [experiment], given.policies, seed);
  const counted = new UnitMetrics({ ...ready, experiment });
  const excluded = new Set<string>();
  let shipped = false;
  let final = counted.report(start, start);
  const look = (at: number): void => {
    final = counted.report(at, start);
    shipped ||= final.verdict.kind === 'ship' && at >= start + ready.minimumDays * millisecondsPerDay;
    for (const { metric, arm, effect } of final.results) {
      const { lower, upper } = effect.interval ?? { lower: null, upper: null };
      if ((lower !== null && lower > 0) || (upper !== null && upper < 0)) excluded.add(`${metric} ${arm}`);
    }
  };
  await simulate(world, {
    from: start,
    to: start + plan.days * millisecondsPerDay,
    seed,
    serve: (request, at) => {
      const answer = product.serve(request, at);
      counted.served(answer);
      return answer;
    },
    emit: (event) => {
      product.take(event);
      counted.take(event, Date.parse(event.at));
    },
    onHour: (at) => {
      if ((at - start) % (learningHours * 3_600_000) === 0) product.learn(at);
      if ((at - start) % millisecondsPerDay === 0) look(at);
    },
  });
  return { final, shipped, excluded, units: counted.units };
}

const share = (runs: readonly Run[], holds: (run: Run) => boolean): number =>
  runs.filter(holds).length / runs.length;

function summarise(
  experiment: Experiment,
  plan: SimulationPlan,
  real: readonly Run[],
  equal: readonly Run[],
): SimulationResult {
  const verdicts: Record<string, number> = {};
  for (const { final } of real) verdicts[final.verdict.kind] = (verdicts[final.verdict.kind] ?? 0) + 1;
  const [first] = real;
  return {
    experiment: experiment.key,
    runs: plan.runs,
    members: plan.members,
    days: plan.days,
    unitsPerRun: real.reduce((sum, run) => sum + run.units, 0) / plan.runs,
    falseShipRate: share(equal, (run) => run.shipped),
    power: share(real, (run) => run.shipped),
    level: first?.final.options.level ?? 0.95,
    verdicts,
    metrics: (first?.final.results ?? []).map(({ metric, arm }) => summariseMetric(metric, arm, real, equal)),
  };
}

function summariseMetric(
  metric: string,
  arm: string,
  real: readonly Run[],
  equal: readonly Run[],
): MetricSummary {
  const effectOf = (run: Run) =>
    run.final.results.find((result) => result.metric === metric && result.arm === arm)?.effect;
  const estimates = real
    .map((run) => effectOf(run)?.estimate)
    .filter((one) => one !== null && one !== undefined);
  const n = estimates.length;
  const mean = estimates.reduce((sum, one) => sum + one, 0) / n;
  const variance = estimates.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const intervals = equal
    .map((run) => effectOf(run)?.interval)
    .filter((one) => one !== null && one !== undefined);
  const holding = intervals.filter(
    ({ lower, upper }) => (lower === null || lower <= 0) && (upper === null || upper >= 0),
  );
  return {
    metric,
    arm,
    difference: n > 0 ? mean : null,
    standardError: n > 1 ? Math.sqrt(variance / n) : null,
    coverage: intervals.length > 0 ? holding.length / intervals.length : null,
    falsePositiveRate:
      intervals.length > 0 ? share(equal, (run) => run.excluded.has(`${metric} ${arm}`)) : null,
  };
}
