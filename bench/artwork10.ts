import fs from 'node:fs';
import { policyRegistry } from '#policies';
import { evaluateBandit } from '../apps/cli/src/commands/evaluate-bandit.js';
import type { BanditEvaluation } from '../apps/cli/src/commands/evaluate-bandit.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

const STREAM = '../shared/data/artwork10/artwork10.jsonl.gz';
const HORIZONS = ['1000', '10000', '100000'] as const;

interface Entry {
  readonly policy: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Seeds 1, 2... whose mean is reported. */
  readonly seeds: number;
  /** Mean expected reward over 100,000 rounds that the policy is held to. */
  readonly atLeast: number;
}

/** Policies held to more than uniform play, and variants with other parameters than the defaults. */
const ENTRIES: readonly Entry[] = [
  { policy: 'hierarchical-logistic', seeds: 5, atLeast: 0.295 },
  { policy: 'hierarchical-logistic', params: { maxProducts: 0 }, seeds: 1, atLeast: 0.285 },
  { policy: 'linear-thompson', seeds: 3, atLeast: 0.285 },
  { policy: 'linear-thompson', params: { sharing: 'shared' }, seeds: 1, atLeast: 0.28 },
  { policy: 'linear-thompson', params: { sharing: 'disjoint' }, seeds: 1, atLeast: 0.285 },
  { policy: 'neural-linear', seeds: 3, atLeast: 0.28 },
  { policy: 'tree-segmented', seeds: 3, atLeast: 0.18 },
];

const UNIFORM = 0.12;

/** Every policy that learns online or not at all appears; those that fill slates or need history do not. */
function entries(): readonly Entry[] {
  const named = new Set(ENTRIES.map((entry) => entry.policy));
  const rest = policyRegistry
    .list()
    .filter((policy) => policy.learns !== 'batch' && !named.has(policy.key))
    .map((policy) => ({ policy: policy.key, seeds: 1, atLeast: UNIFORM }));
  return [...ENTRIES, ...rest];
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

async function measure({ atLeast, params, policy, seeds }: Entry): Promise<Figure> {
  const runs: BanditEvaluation[] = [];
  for (let seed = 1; seed <= seeds; seed++)
    runs.push(await evaluateBandit({ policy, params: params ?? {}, stream: STREAM, seed }));
  const reward = HORIZONS.map((rounds) => mean(runs.map((run) => run.expectedReward[rounds] ?? NaN)));
  const settings = params === undefined ? '' : ` ${JSON.stringify(params)}`;
  process.stderr.write(`  ${policy}${settings}: ${reward.map((value) => value.toFixed(4)).join(' ')}\n`);
  return figureOf(
    {
      key: `artwork10-${policy}${settings}`,
      title: `artwork10, ${policy}${settings}`,
      unit: 'reward',
      value: reward[2] as number,
      ceiling: null,
      target: { of: 'value', atLeast },
    },
    {
      '@1,000': (reward[0] as number).toFixed(4),
      '@10,000': (reward[1] as number).toFixed(4),
      '@100,000': (reward[2] as number).toFixed(4),
      regret: mean(runs.map((run) => run.regret)),
      'least propensity': Math.min(...runs.map((run) => run.propensity.min)).toExponential(1),
      exact: runs.every((run) => run.propensity.exact) ? 'yes' : 'no',
      'decide us': mean(runs.map((run) => run.decideMicroseconds)),
      'update us': mean(runs.map((run) => run.updateMicroseconds)),
      seeds,
    },
  );
}

/** Every bandit on the artwork10 world, by the code that serves traffic; about a minute per policy and seed. */
export async function benchArtwork10(): Promise<Figure[]> {
  if (!fs.existsSync(STREAM)) {
    process.stderr.write(`  artwork10 is skipped: there is no ${STREAM}\n`);
    return [];
  }
  const figures: Figure[] = [];
  for (const entry of entries()) figures.push(await measure(entry));
  return figures;
}
