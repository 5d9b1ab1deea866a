import { z } from 'zod';
import { createRng } from '#experiments';
import {
  clustersOf,
  compileExploration,
  effectiveSampleSize,
  pointEstimate,
  slateEstimatorRegistry,
} from '#policies';
import type { SlateRows } from '#policies';
import { Cases, parseDocument } from './cases.js';
import type { ReferenceReport, Tolerance } from './cases.js';
import { SlateWorld } from './slate-world.js';

const TOLERANCE: Tolerance = { relative: 1e-9, absolute: 1e-12 };
const REPLICATIONS = 300;

const numbers = z.array(z.number());
const table = z.array(numbers);
const summary = z.looseObject({ bias: z.number(), sd: z.number(), rmse: z.number() });
const layout = z.looseObject({
  n_items: z.number().int().positive(),
  n_slots: z.number().int().positive(),
  n_contexts: z.number().int().positive(),
  behaviour_logits: table,
  evaluation_logits: table,
  base: table,
  inter: table,
  slot: numbers,
  true_value_evaluation: z.number().optional(),
  true_value_behaviour: z.number().optional(),
  behaviour_mean: z.number().optional(),
  log: z.looseObject({ context: numbers, items: table, clicks: table }),
  estimates: z.record(z.string(), z.looseObject({ mean: z.number(), se: z.number().optional() })),
  diagnostics: z
    .looseObject({
      ess_slate: z.number(),
      ess_prefix: numbers,
      ess_slot: numbers,
      max_w: z.number(),
    })
    .optional(),
  monte_carlo_300_replications: z.record(z.string(), summary).optional(),
});
export type SlateDocument = z.output<typeof layout>;

/** Names of the file and keys of the product. */
const KEYS: Readonly<Record<string, string>> = {
  sips: 'slate-ips',
  snsips: 'slate-ips-sn',
  iips: 'iips',
  sniips: 'iips-sn',
  rips: 'rips',
  snrips: 'rips-sn',
  pi: 'pseudo-inverse',
  cascade_dr: 'cascade-dr',
};

/**
 * Estimators of slates on a reference log; the file describes the world that made it, so the truth is known too.
 * @throws Error with one sentence when the document holds no such log.
 */
export function verifySlate(document: unknown): ReferenceReport {
  const reference = parseDocument(layout, document, 'slate log');
  const world = new SlateWorld(reference, (logits) =>
    compileExploration('plackett-luce', { temperature: 1 })(Float64Array.from(logits)),
  );
  const cases = new Cases();
  const rows = world.rows(reference.log.context, reference.log.items, reference.log.clicks);
  const single = clustersOf(undefined, rows.n);
  for (const [key, { mean, se }] of Object.entries(reference.estimates)) {
    cases.run(`estimates/${key}`, (compare) => {
      const point = pointEstimate(termsNamed(key, rows), single);
      compare.near('mean', point.value, mean, TOLERANCE);
      if (se !== undefined) compare.near('se', point.standardError, se, TOLERANCE);
    });
  }
  checkTruth(cases, reference, world, rows);
  checkDiagnostics(cases, reference, rows);
  checkReplications(cases, reference, world);
  return cases.report();
}

function termsNamed(key: string, rows: SlateRows) {
  const name = KEYS[key];
  const terms = name === undefined ? null : slateEstimatorRegistry.get(name).estimate(rows);
  if (!terms) throw new Error(`the estimate "${key}" is not known here`);
  return terms;
}

function checkTruth(cases: Cases, reference: SlateDocument, world: SlateWorld, rows: SlateRows): void {
  const wanted = [
    ['true_value_evaluation', reference.true_value_evaluation, () => world.trueValue('target')],
    ['true_value_behaviour', reference.true_value_behaviour, () => world.trueValue('logged')],
    ['behaviour_mean', reference.behaviour_mean, () => rows.reward.reduce((a, b) => a + b, 0) / rows.n],
  ] as const;
  for (const [name, want, got] of wanted)
    if (want !== undefined) cases.run(name, (compare) => compare.near(name, got(), want, TOLERANCE));
}

function checkDiagnostics(cases: Cases, { diagnostics: want }: SlateDocument, rows: SlateRows): void {
  if (!want) return;
  const { slots, prefixWeight, slotWeight } = rows;
  const column = (values: Float64Array, k: number) =>
    Float64Array.from({ length: rows.n }, (_, i) => values[i * slots + k] as number);
  const each = (values: Float64Array) =>
    Array.from({ length: slots }, (_, k) => effectiveSampleSize(column(values, k)));
  cases.run('diagnostics', (compare) => {
    const whole = column(prefixWeight, slots - 1);
    compare.near('ess_slate', effectiveSampleSize(whole), want.ess_slate, TOLERANCE);
    compare.nearAll('ess_prefix', each(prefixWeight), want.ess_prefix, TOLERANCE);
    compare.nearAll('ess_slot', each(slotWeight as Float64Array), want.ess_slot, TOLERANCE);
    compare.near(
      'max_w',
      whole.reduce((most, w) => Math.max(most, w), 0),
      want.max_w,
      TOLERANCE,
    );
  });
}

/**
 * Fresh logs of the same world: bias and deviation must agree with the reference's within five standard errors of
 * such a simulation. The draws differ, so the numbers do too.
 */
function checkReplications(cases: Cases, reference: SlateDocument, world: SlateWorld): void {
  const wanted = reference.monte_carlo_300_replications;
  if (!wanted) return;
  const rng = createRng('slate-replications');
  const truth = world.trueValue('target');
  const found = new Map(Object.keys(wanted).map((key) => [key, [] as number[]]));
  for (let b = 0; b < REPLICATIONS; b++) {
    const log = world.play(reference.log.items.length, rng);
    const rows = world.rows(log.context, log.items, log.clicks);
    const single = clustersOf(undefined, rows.n);
    for (const [key, values] of found)
      if (KEYS[key] !== undefined) values.push(pointEstimate(termsNamed(key, rows), single).value - truth);
  }
  for (const [key, want] of Object.entries(wanted)) {
    cases.run(`monte_carlo/${key}`, (compare) => {
      const errors = found.get(key) ?? [];
      if (errors.length === 0) throw new Error(`the estimate "${key}" is not known here`);
      const bias = errors.reduce((sum, e) => sum + e, 0) / errors.length;
      const sd = Math.sqrt(errors.reduce((sum, e) => sum + (e - bias) ** 2, 0) / errors.length);
      const spread = 5 * sd * Math.sqrt(2 / REPLICATIONS);
      compare.near('bias', bias, want.bias, { relative: 0, absolute: spread });
      compare.near('log sd', Math.log(sd), Math.log(want.sd), {
        relative: 0,
        absolute: 5 / Math.sqrt(REPLICATIONS),
      });
      const rmse = Math.hypot(want.bias, want.sd);
      compare.near('rmse of the file', rmse, want.rmse, { relative: 0.01, absolute: 0 });
    });
  }
}
