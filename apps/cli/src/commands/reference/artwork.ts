import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import {
  clustersOf,
  effectiveSampleSize,
  evidenceOf,
  pointEstimate,
  rewardModelRegistry,
  ridgeCoefficients,
} from '#policies';
import type { Evidence, LoggedRows, ModelValues } from '#policies';
import { Cases, parseDocument, stated } from './cases.js';
import type { Comparison, ReferenceReport, Tolerance } from './cases.js';
import { readEstimateKey, termsOf } from './estimate-keys.js';

const TOLERANCE: Tolerance = { relative: 1e-7, absolute: 1e-12 };

const estimate = z.looseObject({ mean: z.number(), se: z.number(), z_vs_truth: z.number().optional() });
const target = z.looseObject({
  truth: z.number(),
  ess: z.number(),
  mean_w: z.number(),
  max_w: z.number(),
  estimates: z.record(z.string(), estimate),
});
const log = z.looseObject({
  rows_train: z.number().int(),
  clicks_train: z.number().int(),
  action_counts: z.array(z.number()),
  on_policy_eval_mean: z.number(),
  targets: z.record(z.string(), target),
});
const layout = z.looseObject({
  definitions: z.record(z.string(), z.string()),
  logs: z.record(z.string(), log),
});
type Layout = z.output<typeof layout>;

export function isArtworkDocument(document: unknown): boolean {
  return z.looseObject({ logs: z.looseObject({}) }).safeParse(document).success;
}

/** Rounds of a recorded environment in columns. */
interface Stream {
  readonly rounds: number;
  readonly actions: number;
  readonly width: number;
  readonly t: Float64Array;
  readonly context: Float64Array;
  readonly expected: Float64Array;
  readonly u: Float64Array;
}

/** @throws Error when the directory holds no stream. */
export function readStream(data: string): Stream {
  const found = existsSync(data) && statSync(data).isDirectory() ? readdirSync(data) : [];
  const name = found.find((file) => /\.jsonl(\.gz)?$/.test(file));
  const file = name === undefined ? data : path.join(data, name);
  if (!/\.jsonl(\.gz)?$/.test(file) || !existsSync(file))
    throw new Error(`${data} holds no recorded environment (*.jsonl.gz)`);
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { t: number; x: number[]; p: number[]; u: number });
  return {
    rounds: rows.length,
    actions: rows[0]?.p.length ?? 0,
    width: rows[0]?.x.length ?? 0,
    t: Float64Array.from(rows, ({ t }) => t),
    context: Float64Array.from(rows.flatMap(({ x }) => x)),
    expected: Float64Array.from(rows.flatMap(({ p }) => p)),
    u: Float64Array.from(rows, ({ u }) => u),
  };
}

/** Probabilities of a logging policy, by its name and what the definitions say of it. */
function loggingPolicy(name: string, definition: string | undefined, actions: number): Float64Array {
  if (name === 'uniform') return new Float64Array(actions).fill(1 / actions);
  const fixed = /^eps_fixed(\d+)$/.exec(name);
  if (!fixed) throw new Error(`the log "${name}" is not known here`);
  const own = definition?.split(';').find((part) => part.includes(`${name}:`)) ?? definition;
  const others = stated(own, /others ([\d.]+)/, 0.03);
  const most = stated(own, /p\(\d+\)=([\d.]+)/, 1 - others * (actions - 1));
  return new Float64Array(actions).fill(others).fill(most, Number(fixed[1]), Number(fixed[1]) + 1);
}

function playLog(stream: Stream, name: string, definition: string | undefined): LoggedRows {
  const { rounds, actions } = stream;
  const p = loggingPolicy(name, definition, actions);
  const rows = {
    actions,
    action: new Uint32Array(rounds),
    propensity: new Float64Array(rounds),
    reward: new Float64Array(rounds),
    context: { width: stream.width, values: stream.context },
  };
  for (let i = 0; i < rounds; i++) {
    const raw = (stream.u[i] as number) * 7919 + (stream.t[i] as number) * 0.6180339887498949;
    const v = raw - Math.floor(raw);
    const a = name === 'uniform' ? Math.floor(actions * v) : firstAbove(p, v);
    rows.action[i] = a;
    rows.propensity[i] = p[a] as number;
    rows.reward[i] = (stream.u[i] as number) < (stream.expected[i * actions + a] as number) ? 1 : 0;
  }
  return rows;
}

function firstAbove(p: Float64Array, v: number): number {
  let sum = 0;
  for (let a = 0; a < p.length; a++) {
    sum += p[a] as number;
    if (sum > v) return a;
  }
  return p.length - 1;
}

/** Rows from `from` on. */
function tail(rows: LoggedRows, from: number): LoggedRows {
  const width = rows.context?.width ?? 0;
  return {
    actions: rows.actions,
    action: rows.action.subarray(from),
    propensity: rows.propensity.subarray(from),
    reward: rows.reward.subarray(from),
    context: { width, values: (rows.context?.values ?? new Float64Array(0)).subarray(from * width) },
  };
}

/** Distribution of a candidate on one row, given the model's scores. */
function candidate(
  name: string,
  definition: string | undefined,
): (s: Float64Array, into: Float64Array) => void {
  const fixed = /^fixed(\d+)$/.exec(name);
  if (fixed) return (_s, into) => void into.fill(0).fill(1, Number(fixed[1]), Number(fixed[1]) + 1);
  const mixed = name === 'greedy' ? 0 : Number(/^eps(\d+)$/.exec(name)?.[1] ?? NaN) / 100;
  if (Number.isFinite(mixed)) {
    return (s, into) => {
      const best = s.reduce((at, value, a) => (value > (s[at] as number) ? a : at), 0);
      into.fill(mixed / s.length);
      into[best] = 1 - mixed + mixed / s.length;
    };
  }
  if (name !== 'softmax') throw new Error(`the target "${name}" is not known here`);
  const temperature = stated(definition, /exp\(s\/([\d.]+)\)/, 0.02);
  return (s, into) => {
    const top = s.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let a = 0; a < s.length; a++) sum += into[a] = Math.exp(((s[a] as number) - top) / temperature);
    for (let a = 0; a < s.length; a++) into[a] = (into[a] as number) / sum;
  };
}

/**
 * Logs made from a recorded environment, where the truth of every candidate is known.
 * @throws Error with one sentence when the document or the data do not fit.
 */
export function verifyArtwork(document: unknown, data: string): ReferenceReport {
  const reference = parseDocument(layout, document, 'cases of a recorded environment');
  const stream = readStream(data);
  const cases = new Cases();
  for (const [name, log] of Object.entries(reference.logs)) {
    const rows = playLog(stream, name, reference.definitions['log']);
    cases.run(`${name}/log`, (compare) => checkLog(compare, rows, log));
    const lambda = stated(reference.definitions['model'], /lambda=([\d.]+)/, 1);
    const training = Uint32Array.from({ length: log.rows_train }, (_, i) => i);
    const params = { lambda, interactions: true, centre: false };
    const { theta } = ridgeCoefficients(rows, training, undefined, params, 0);
    for (const key of Object.keys(log)) {
      const arm = /^theta_arm(\d+)$/.exec(key)?.[1];
      if (arm === undefined) continue;
      const want = z.array(z.number()).parse(log[key]);
      cases.run(`${name}/${key}`, (compare) =>
        compare.nearAll(key, theta[Number(arm)] ?? [], want, { relative: 1e-7, absolute: 1e-10 }),
      );
    }
    const predict = rewardModelRegistry.get('ridge').fit(rows, training, undefined, params);
    const scores = new Float64Array(stream.rounds * stream.actions);
    for (let i = log.rows_train; i < stream.rounds; i++)
      predict(i, scores.subarray(i * stream.actions, (i + 1) * stream.actions));
    for (const [key, want] of Object.entries(log.targets))
      checkTarget(cases, `${name}/${key}`, stream, rows, scores, log.rows_train, key, want, reference);
  }
  return cases.report();
}

function checkLog(compare: Comparison, rows: LoggedRows, want: z.output<typeof log>): void {
  const counts = new Array<number>(rows.actions).fill(0);
  for (const a of rows.action) counts[a] = (counts[a] as number) + 1;
  compare.equal('action_counts', counts, want.action_counts);
  const sum = (part: Float64Array) => part.reduce((total, r) => total + r, 0);
  compare.equal('clicks_train', sum(rows.reward.subarray(0, want.rows_train)), want.clicks_train);
  const rest = rows.reward.subarray(want.rows_train);
  compare.near('on_policy_eval_mean', sum(rest) / rest.length, want.on_policy_eval_mean, TOLERANCE);
}

function checkTarget(
  cases: Cases,
  id: string,
  stream: Stream,
  rows: LoggedRows,
  scores: Float64Array,
  from: number,
  name: string,
  want: z.output<typeof target>,
  reference: Layout,
): void {
  let prepared: { evidence: Evidence; truth: number } | null = null;
  const ready = () => (prepared ??= prepare(stream, rows, scores, from, name, reference));
  const single = { count: stream.rounds - from, of: null };
  cases.run(`${id}/weights`, (compare) => {
    const { evidence, truth } = ready();
    const { weight } = evidence;
    compare.near('truth', truth, want.truth, TOLERANCE);
    compare.near('ess', effectiveSampleSize(weight), want.ess, TOLERANCE);
    compare.near('mean_w', weight.reduce((sum, w) => sum + w, 0) / weight.length, want.mean_w, TOLERANCE);
    compare.near(
      'max_w',
      weight.reduce((most, w) => Math.max(most, w), 0),
      want.max_w,
      TOLERANCE,
    );
  });
  for (const [key, { mean, se, z_vs_truth }] of Object.entries(want.estimates)) {
    cases.run(`${id}/${key}`, (compare) => {
      const { evidence, truth } = ready();
      const point = pointEstimate(termsOf(readEstimateKey(key), evidence), single);
      compare.near('mean', point.value, mean, TOLERANCE);
      compare.near('se', point.standardError, se, TOLERANCE);
      if (z_vs_truth === undefined) return;
      const z0 = (point.value - truth) / point.standardError;
      // A difference of numbers that are right to 1e-7 each.
      compare.near('z_vs_truth', z0, z_vs_truth, { relative: 1e-7, absolute: (2e-7 * mean) / se });
    });
  }
}

function prepare(
  stream: Stream,
  rows: LoggedRows,
  scores: Float64Array,
  from: number,
  name: string,
  { definitions }: Layout,
): { evidence: Evidence; truth: number } {
  const { actions, rounds } = stream;
  const own = tail(rows, from);
  const n = rounds - from;
  const fill = candidate(name, definitions['targets']);
  const distribution = new Float64Array(n * actions);
  const values: ModelValues = { predicted: new Float64Array(n), expected: new Float64Array(n) };
  let truth = 0;
  for (let i = 0; i < n; i++) {
    const s = scores.subarray((from + i) * actions, (from + i + 1) * actions);
    const into = distribution.subarray(i * actions, (i + 1) * actions);
    fill(s, into);
    values.predicted[i] = s[own.action[i] as number] as number;
    for (let a = 0; a < actions; a++) {
      const p = into[a] as number;
      values.expected[i] = (values.expected[i] as number) + p * (s[a] as number);
      truth += p * (stream.expected[(from + i) * actions + a] as number);
    }
  }
  const choice = { model: rewardModelRegistry.get('ridge'), params: {}, folds: 1 };
  const evidence = evidenceOf(own, distribution, clustersOf(undefined, n), choice);
  return { evidence: { ...evidence, model: () => values }, truth: truth / n };
}
