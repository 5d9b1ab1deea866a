import type { Command } from 'commander';
import type { ReportBody } from '#metrics';
import {
  demoSeed,
  millisecondsPerDay,
  recommenderExperiments,
  type EffectTruth,
  type ExperimentTruth,
} from '#simulation';
import { byShipping, truthsOf, type TrueLift } from '../simulate/recommender-truth.js';
import { RecommenderWorld } from '../simulate/recommender-world.js';
import { UnitMetrics } from '../simulate/unit-metrics.js';
import { whole } from './number-options.js';

interface Options {
  readonly seed: string;
  readonly members: number;
  readonly days: number;
  readonly history: number;
  readonly truthMembers: number;
  readonly json?: boolean;
}

interface Finding extends TrueLift {
  /** The report's lift and its interval. */
  readonly measured: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly verdict: string;
  readonly covered: boolean;
  readonly rightVerdict: boolean;
}

/** A Monday in a month without seasons to speak of. */
const start = Date.UTC(2026, 2, 16);

/** `marquee verify recommenders`: whether experiments among recommenders find the lifts that are true. */
export function registerVerifyRecommenders(verify: Command): void {
  verify
    .command('recommenders')
    .description(
      'experiments among recommenders in the simulated world, against what shipping each would bring',
    )
    .option('--seed <text>', 'seed of the world', demoSeed)
    .option('--members <n>', 'members of the experiment', whole, 5000)
    .option('--days <n>', 'days of the experiment', whole, 14)
    .option('--history <n>', 'days before it that the recommenders learn from', whole, 14)
    .option('--truth-members <n>', 'members who are given each arm in turn, to know the truth', whole, 20_000)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (options: Options) => {
      const findings = await verifyRecommenders(options);
      process.stdout.write(options.json ? `${JSON.stringify(findings)}\n` : findings.map(describe).join(''));
      if (findings.some(({ covered, rightVerdict }) => !covered || !rightVerdict)) process.exitCode = 1;
    });
}

async function verifyRecommenders(options: Options): Promise<Finding[]> {
  const { seed, members, days, history, truthMembers } = options;
  const grow = (count: number) =>
    RecommenderWorld.grow({ seed, size: { members: count, titles: 40 }, start, historyDays: history });
  const world = await grow(members);
  const counted = recommenderExperiments.map((ready) => new UnitMetrics(ready));
  await world.play(world.product(), days, 'experiment', {
    served: (answer) => counted.forEach((metrics) => metrics.served(answer)),
    happened: (event) => counted.forEach((metrics) => metrics.take(event, Date.parse(event.at))),
  });
  // The larger population is given the policies that the experiment had.
  const lifts = await byShipping(await grow(truthMembers), days, world);
  const truths = truthsOf(lifts);
  const asOf = start + days * millisecondsPerDay;
  return counted.map((metrics, i) =>
    findingOf(lifts[i] as TrueLift, truths[i] as ExperimentTruth, metrics.report(asOf, start)),
  );
}

function findingOf(lift: TrueLift, truth: ExperimentTruth, report: ReportBody): Finding {
  const result = report.results.find(({ metric, arm }) => metric === 'click-through' && arm === lift.arm);
  const relative = result?.effect.relative;
  const [measured, interval] = [relative?.estimate ?? null, relative?.interval];
  const [lower, upper] = [interval?.lower ?? null, interval?.upper ?? null];
  const [
    {
      lift: [least, most],
    },
  ] = truth.effects as readonly [EffectTruth];
  const verdict = report.verdict.kind;
  return {
    ...lift,
    ...{ measured, lower, upper, verdict },
    covered: (lower ?? Infinity) <= most && (upper ?? -Infinity) >= least,
    rightVerdict: truth.verdicts.some((kind) => kind === verdict),
  };
}

const percent = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);

function describe(finding: Finding): string {
  const { experiment, arm, lift, standardError, measured, lower, upper, verdict, covered, rightVerdict } =
    finding;
  return [
    `${experiment}, ${arm} against control`,
    `  true lift in click-through: ${percent(lift)} (standard error ${percent(standardError)})`,
    `  the report: ${percent(measured)}, interval ${percent(lower)} to ${percent(upper)}: ${covered ? 'covers the truth' : 'does not cover the truth'}`,
    `  verdict: ${verdict}, ${rightVerdict ? 'right' : 'wrong'}`,
    '',
  ].join('\n');
}
