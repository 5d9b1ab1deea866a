import { z } from 'zod';
import {
  bootstrapIntervals,
  clustersOf,
  empiricalBernstein,
  evidenceOf,
  meanTerms,
  normalInterval,
  pointEstimate,
  probabilityRanksBeta,
  rewardModelRegistry,
} from '#policies';
import type { Clusters, Evidence, ModelChoice, Terms } from '#policies';
import { wilsonInterval } from '#metrics';
import { Cases, parseDocument, stated } from './cases.js';
import type { Comparison, ReferenceReport, Tolerance } from './cases.js';
import { readEstimateKey, termsOf } from './estimate-keys.js';
import type { NamedEstimate } from './estimate-keys.js';
import { checkAudit, checkDiagnostics } from './open-bandit-audit.js';
import { countsOf, frequenciesOf, openBanditLayout, readOpenBanditLog, spread } from './open-bandit-log.js';
import type { OpenBanditDocument, OpenBanditLog } from './open-bandit-log.js';
import { checkReplays } from './open-bandit-replay.js';

/** References are printed with twelve digits. */
const EXACT: Tolerance = { relative: 1e-9, absolute: 1e-15 };
/** What rests on an iterative logistic regression. */
const FITTED: Tolerance = { relative: 1e-6, absolute: 1e-12 };
const QUADRATURE: Tolerance = { relative: 0, absolute: 1e-8 };

const interval = z.tuple([z.number(), z.number()]);
const measured = z.looseObject({
  mean: z.number(),
  se: z.number().optional(),
  normal95: interval.optional(),
  bootstrap95: interval.optional(),
  empirical_bernstein95: interval.optional(),
  empirical_bernstein_range: z.number().optional(),
  su2020_mse_score_direct: z.number().optional(),
  su2020_mse_score_upper: z.number().optional(),
});
type Measured = z.output<typeof measured>;

const crossed = z.looseObject({
  diagnostics: z.record(z.string(), z.number()),
  estimates: z.record(z.string(), measured),
  target_on_policy_mean: z.number(),
  relative_error: z.record(z.string(), z.number()).default({}),
});

/** What all cases share. */
interface World {
  readonly reference: OpenBanditDocument;
  readonly logs: Readonly<Record<string, OpenBanditLog>>;
  readonly resamples: { readonly resamples: number; readonly seed: number };
  readonly cases: Cases;
}

/**
 * Off-policy estimates on the Open Bandit sample.
 * @param data directory of the data set.
 * @throws Error with one sentence when the document or the data do not fit.
 */
export function verifyOpenBandit(document: unknown, data: string): ReferenceReport {
  const reference = parseDocument(openBanditLayout, document, 'off-policy cases');
  const cases = new Cases();
  const logs = Object.fromEntries(
    Object.entries(reference.inputs.files).map(([name, { path }]) => [
      name,
      readOpenBanditLog(data, path, reference),
    ]),
  );
  for (const [name, { sha256 }] of Object.entries(reference.inputs.files))
    cases.run(`inputs/${name}`, (compare) => compare.equal('sha256', logs[name]?.sha256, sha256));
  const bootstrap = reference.definitions['bootstrap95'];
  const world: World = {
    reference,
    logs,
    cases,
    resamples: {
      resamples: stated(bootstrap, /over (\d+) resamples/, 1000),
      seed: stated(bootstrap, /initial state (\d+)/, 20240601),
    },
  };
  checkPolicies(world);
  for (const [name, result] of Object.entries(reference.results)) checkResult(world, name, result);
  return cases.report();
}

function checkPolicies({ cases, reference, logs }: World): void {
  const { policies, n_positions } = reference;
  cases.run('policies/bts_prior_marginals', (compare) => {
    const alpha = Float64Array.from(policies.bts_prior_alpha);
    const p = probabilityRanksBeta(alpha, Float64Array.from(policies.bts_prior_beta), n_positions);
    compare.nearAll('marginals', p, policies.bts_prior_marginals.flat(), QUADRATURE);
  });
  const counts = policies.bts_empirical_counts;
  if (counts)
    cases.run('policies/bts_empirical_counts', (compare) =>
      compare.equal('counts', countsOf(logNamed(logs, 'bts')), counts),
    );
}

function checkResult(world: World, name: string, result: unknown): void {
  const [, onPolicy] = /^on_policy_(.+)$/.exec(name) ?? [];
  const [, replayed] = /^replay_on_(.+)$/.exec(name) ?? [];
  const [, audited] = /^propensity_audit_(.+)$/.exec(name) ?? [];
  const [, target, logged, source] =
    /^(.+)_from_([^_]+)(?:_(logged|empirical)_propensity)?$/.exec(name) ?? [];
  const { cases, logs, reference } = world;
  if (onPolicy !== undefined) checkOnPolicy(world, name, logNamed(logs, onPolicy), result);
  else if (replayed !== undefined)
    checkReplays(cases, name, logNamed(logs, replayed), reference.policies, result);
  else if (audited !== undefined)
    checkAudit(cases, name, logNamed(logs, audited), reference.policies, result);
  else if (target !== undefined && logged !== undefined)
    checkCrossed(world, name, target, withPropensities(logNamed(logs, logged), source), result);
  else cases.run(name, (compare) => compare.fail('this kind of result is not known here'));
}

function logNamed(logs: World['logs'], name: string): OpenBanditLog {
  const log = logs[name];
  if (!log) throw new Error(`the file names no log "${name}"`);
  return log;
}

/** `empirical` replaces the logged propensities by frequencies of the log itself. */
function withPropensities(log: OpenBanditLog, source: string | undefined): OpenBanditLog {
  if (source !== 'empirical') return log;
  const { rows } = log;
  const frequencies = frequenciesOf(log);
  const propensity = Float64Array.from(
    rows.action,
    (a, i) => frequencies[a]?.[rows.stratum.of[i] as number] as number,
  );
  return { ...log, rows: { ...rows, propensity } };
}

/** Distribution of a policy by item and position. */
function policyNamed({ reference, logs }: World, name: string): readonly (readonly number[])[] {
  const { n_actions, n_positions, policies } = reference;
  const [, empirical] = /^(.+)_empirical$/.exec(name) ?? [];
  if (empirical !== undefined) return frequenciesOf(logNamed(logs, empirical));
  if (name === 'bts_prior') return policies.bts_prior_marginals;
  if (name !== 'random') throw new Error(`the policy "${name}" is not known here`);
  return Array.from({ length: n_actions }, () => new Array<number>(n_positions).fill(1 / n_actions));
}

function checkOnPolicy(world: World, name: string, { rows }: OpenBanditLog, result: unknown): void {
  const layout = measured.extend({
    wilson95: interval.optional(),
    clicks: z.number().optional(),
    n: z.number().optional(),
    by_position: z
      .array(z.looseObject({ position: z.number(), n: z.number(), clicks: z.number(), mean: z.number() }))
      .default([]),
  });
  const single = clustersOf(undefined, rows.reward.length);
  const terms = meanTerms(rows.reward, { range: ({ high, low }) => high - low });
  const clicks = rows.reward.reduce((sum, r) => sum + r, 0);
  world.cases.run(name, (compare) => {
    const want = layout.parse(result);
    const [bootstrap] = bootstrapOf(world, [terms], single);
    compareMeasured(compare, terms, single, bootstrap ?? null, want, EXACT, 1);
    if (want.n !== undefined) compare.equal('n', rows.reward.length, want.n);
    if (want.clicks !== undefined) compare.equal('clicks', clicks, want.clicks);
    if (want.wilson95) {
      const wilson = wilsonInterval({ n: rows.reward.length, successes: clicks }, 0.05);
      if (wilson.status === 'ok')
        compare.nearAll('wilson95', [wilson.lower, wilson.upper], want.wilson95, EXACT);
      else compare.fail('wilson95 is undefined');
    }
    for (const part of want.by_position) {
      const own = rows.reward.filter((_, i) => rows.stratum.of[i] === part.position - 1);
      const sum = own.reduce((total, r) => total + r, 0);
      compare.equal(`position ${part.position}`, [own.length, sum], [part.n, part.clicks]);
      compare.near(`position ${part.position} mean`, sum / own.length, part.mean, EXACT);
    }
  });
}

function bootstrapOf(world: World, terms: readonly Terms[], clusters: Clusters) {
  return bootstrapIntervals(terms, clusters, { ...world.resamples, level: 0.95, groups: Infinity });
}

function compareMeasured(
  compare: Comparison,
  terms: Terms,
  clusters: Clusters,
  bootstrap: { lower: number; upper: number } | null,
  want: Measured,
  tolerance: Tolerance,
  largestWeight: number,
): void {
  const point = pointEstimate(terms, clusters);
  const pair = (name: string, got: { lower: number; upper: number } | null, wanted?: [number, number]) => {
    if (!wanted) return;
    if (got) compare.nearAll(name, [got.lower, got.upper], wanted, tolerance);
    else compare.fail(`${name} is undefined`);
  };
  compare.near('mean', point.value, want.mean, tolerance);
  if (want.se !== undefined) compare.near('se', point.standardError, want.se, tolerance);
  pair('normal95', normalInterval(point, 0.95), want.normal95);
  pair('bootstrap95', bootstrap, want.bootstrap95);
  for (const [key, own] of [
    ['su2020_mse_score_direct', 'scoreDirect'],
    ['su2020_mse_score_upper', 'scoreUpper'],
  ] as const) {
    const wanted = want[key];
    if (wanted !== undefined) compare.near(key, terms.details?.[own] ?? NaN, wanted, tolerance);
  }
  const range = terms.range?.({ largestWeight, low: 0, high: 1 }) ?? NaN;
  if (want.empirical_bernstein_range !== undefined)
    compare.near('empirical_bernstein_range', range, want.empirical_bernstein_range, tolerance);
  if (!want.empirical_bernstein95) return;
  const bound = empiricalBernstein(terms.columns[0] as Float64Array, clusters, range, 0.95);
  // Rewards are not negative, so the file cuts the bound at 0.
  pair('empirical_bernstein95', { ...bound, lower: Math.max(0, bound.lower) }, want.empirical_bernstein95);
}

/** The reward models of the file, by name; `xfit` ones are cross-fitted. */
function modelNamed(name: string, definitions: Readonly<Record<string, string>>): ModelChoice {
  const tabular = name.startsWith('tab');
  const model = rewardModelRegistry.get(tabular ? 'tabular' : 'logistic');
  const params = tabular
    ? { prior: stated(definitions['q_tab'], /\+ ([\d.]+) p0/, 100) }
    : { penalty: 1 / stated(definitions['q_logit'], /C=([\d.]+)/, 1), interactions: false };
  const folds = name.endsWith('xfit') ? stated(definitions['q_tabxfit'], /(\d+)-fold/, 5) : 1;
  return { model, params, folds };
}

function checkCrossed(world: World, name: string, target: string, log: OpenBanditLog, result: unknown): void {
  const { cases, reference } = world;
  const parsed = crossed.safeParse(result);
  if (!parsed.success) {
    cases.run(name, (compare) => compare.fail(parsed.error.issues[0]?.message ?? 'unknown layout'));
    return;
  }
  const want = parsed.data;
  const byItem = policyNamed(world, target);
  const distribution = spread(log, byItem);
  const single = clustersOf(undefined, log.rows.action.length);
  const evidences = new Map<string, Evidence>();
  const evidenceFor = (model: string): Evidence => {
    let evidence = evidences.get(model);
    if (!evidence) {
      evidence = evidenceOf(log.rows, distribution, single, modelNamed(model, reference.definitions));
      evidences.set(model, evidence);
    }
    return evidence;
  };
  const { weight } = evidenceFor('tab');
  cases.run(`${name}/diagnostics`, (compare) =>
    checkDiagnostics(compare, evidenceFor('tab'), want.diagnostics),
  );
  const known = Object.keys(want.estimates).flatMap((key) => {
    try {
      const named = readEstimateKey(key);
      return [{ key, named, terms: termsOf(named, evidenceFor(named.model ?? 'tab')) }];
    } catch (error) {
      cases.run(`${name}/${key}`, (compare) => compare.fail((error as Error).message));
      return [];
    }
  });
  const bootstraps = bootstrapOf(
    world,
    known.map(({ terms }) => terms),
    single,
  );
  const largest = weight.reduce((most, w) => Math.max(most, w), 0);
  known.forEach(({ key, named, terms }, e) => {
    cases.run(`${name}/${key}`, (compare) => {
      const wanted = want.estimates[key] as Measured;
      const tolerance = toleranceOf(named);
      compareMeasured(compare, terms, single, bootstraps[e] ?? null, wanted, tolerance, largest);
      const error = want.relative_error[key];
      if (error === undefined) return;
      const own = Math.abs(pointEstimate(terms, single).value / want.target_on_policy_mean - 1);
      compare.near('relative_error', own, error, { relative: 0, absolute: tolerance.relative });
    });
  });
  checkModels(world, name, log);
}

/** Predictions of the reward models, fitted on the whole log. */
function checkModels({ cases, reference }: World, name: string, log: OpenBanditLog): void {
  for (const [key, table] of Object.entries(reference.q_models[name] ?? {})) {
    const model = key.replace(/^q_/, '');
    cases.run(`${name}/${key}`, (compare) => {
      const { model: fitted, params } = modelNamed(model, reference.definitions);
      const all = Uint32Array.from(log.rows.action, (_, i) => i);
      const predict = fitted.fit(log.rows, all, undefined, params);
      const q = new Float64Array(log.rows.actions);
      for (let k = 0; k < log.rows.stratum.count; k++) {
        predict(log.rows.stratum.of.indexOf(k), q);
        const wanted = table.map((row) => row[k] as number);
        compare.nearAll(`position ${k + 1}`, q, wanted, model.startsWith('tab') ? EXACT : FITTED);
      }
    });
  }
}

const toleranceOf = ({ model }: NamedEstimate): Tolerance =>
  model?.startsWith('logit') === true ? FITTED : EXACT;
