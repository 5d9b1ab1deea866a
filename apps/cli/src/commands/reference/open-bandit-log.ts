import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { LoggedRows } from '#policies';
import { readCsv, toNumber } from '../../demo/read-csv.js';

const numbers = z.array(z.number());
const table = z.array(numbers);

export const openBanditLayout = z.looseObject({
  n_actions: z.number().int().positive(),
  n_positions: z.number().int().positive(),
  inputs: z.looseObject({
    files: z.record(z.string(), z.looseObject({ path: z.string(), sha256: z.string() })),
  }),
  definitions: z.record(z.string(), z.string()),
  policies: z.looseObject({
    bts_prior_alpha: numbers,
    bts_prior_beta: numbers,
    bts_prior_marginals: table,
    bts_empirical_counts: table.optional(),
  }),
  q_models: z.record(z.string(), z.record(z.string(), table)).default({}),
  results: z.record(z.string(), z.looseObject({})),
});
export type OpenBanditDocument = z.output<typeof openBanditLayout>;

/** One log of the sample: a row per impression and position. */
export interface OpenBanditLog {
  readonly rows: LoggedRows & { readonly stratum: { readonly count: number; readonly of: Uint32Array } };
  readonly sha256: string;
}

/** @throws Error with one sentence when the file is missing or does not fit. */
export function readOpenBanditLog(
  data: string,
  file: string,
  { n_actions, n_positions }: OpenBanditDocument,
): OpenBanditLog {
  const full = path.join(data, file);
  if (!existsSync(full))
    throw new Error(`${full} does not exist: --data must name the directory of the data set`);
  const columns = ['item_id', 'position', 'click', 'propensity_score'];
  const rows = readCsv(data, file, columns);
  const read = (column: string) => rows.map((row, i) => toNumber(row[column], `${full}: row ${i + 2}`));
  return {
    rows: {
      actions: n_actions,
      action: Uint32Array.from(read('item_id')),
      propensity: Float64Array.from(read('propensity_score')),
      reward: Float64Array.from(read('click')),
      stratum: { count: n_positions, of: Uint32Array.from(read('position'), (position) => position - 1) },
    },
    sha256: createHash('sha256').update(readFileSync(full)).digest('hex'),
  };
}

/** N(a, k): how often each item stood at each position, row by item. */
export function countsOf({ rows }: OpenBanditLog): number[][] {
  const { count, of } = rows.stratum;
  const counts = Array.from({ length: rows.actions }, () => new Array<number>(count).fill(0));
  rows.action.forEach((a, i) => {
    const row = counts[a] as number[];
    const k = of[i] as number;
    row[k] = (row[k] as number) + 1;
  });
  return counts;
}

/** Frequencies by position, row by item. */
export function frequenciesOf(log: OpenBanditLog): number[][] {
  const counts = countsOf(log);
  const totals = log.rows.stratum.count;
  const sums = Array.from({ length: totals }, (_, k) =>
    counts.reduce((sum, row) => sum + (row[k] as number), 0),
  );
  return counts.map((row) => row.map((value, k) => value / (sums[k] as number)));
}

/** A distribution by position, spelled out for every row. */
export function spread(log: OpenBanditLog, byItem: readonly (readonly number[])[]): Float64Array {
  const { actions, action, stratum } = log.rows;
  const target = new Float64Array(action.length * actions);
  for (let i = 0; i < action.length; i++) {
    const k = stratum.of[i] as number;
    for (let a = 0; a < actions; a++) target[i * actions + a] = byItem[a]?.[k] as number;
  }
  return target;
}
