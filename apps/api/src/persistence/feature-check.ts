import { Problem } from '../http/problem.js';
import type { Sql } from './database.js';
import { readsOf } from './feature-reads.js';
import { readSchema } from './feature-rules.js';

/**
 * A policy may not name what it never gets.
 * @param params as they are stored; defaults count as well.
 * @throws Problem 400 that points into the parameters.
 */
export async function checkNamedFeatures(sql: Sql, key: string, params: unknown): Promise<void> {
  const { features } = await readSchema(sql);
  const closed = new Map(
    features.filter((one) => one.sensitive || one.retired).map((one) => [one.name, one]),
  );
  if (closed.size === 0) return;
  for (const { pointer, name } of readsOf(key, params, null).named) {
    const feature = closed.get(name);
    if (!feature) continue;
    const why = feature.sensitive
      ? 'is registered as sensitive: policies never get it, only the audit of fairness does'
      : 'is retired: policies do not get it any more';
    throw Problem.invalid(
      `/params${pointer}`,
      feature.sensitive ? 'sensitive_feature' : 'retired_feature',
      `"${name}" ${why}; name another feature`,
    );
  }
}
