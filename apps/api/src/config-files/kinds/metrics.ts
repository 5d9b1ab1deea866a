import type { MetricDefinition } from '#metrics';
import { createMetricSchema, definitionOf } from '../../metrics/metric.schemas.js';
import type { CreateMetric } from '../../metrics/metric.schemas.js';
import { MetricsService } from '../../metrics/metrics.service.js';
import { anyKind, NO_EFFECT, specOf, wantedKeys } from './kind.js';
import type { Stored } from './kind.js';

interface MetricState {
  readonly version: number;
  readonly archived: boolean;
}

const asSpec = (definition: MetricDefinition): CreateMetric => specOf(createMetricSchema, definition);

/** Own metrics. Those of the program are found as well where a file names one, so that the refusal says why. */
export const metrics = anyKind<CreateMetric>({
  kind: 'metric',
  list: 'metrics',
  schema: createMetricSchema,
  keyOf: ({ key }) => key,
  async read({ db, tx }, keys) {
    for (const key of wantedKeys(keys) ?? [])
      await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.metric.' || $1))`, [key]);
    const found = await new MetricsService(db).list({ archived: keys !== null });
    return found
      .filter(({ key, origin }) => (keys === null ? origin === 'own' : keys.includes(key)))
      .map(({ version, archived, ...definition }): Stored<CreateMetric> => ({
        key: definition.key,
        spec: asSpec(definition),
        state: { version, archived },
      }));
  },
  async create({ db, acting }, spec) {
    await new MetricsService(db).create(definitionOf(spec), acting);
    return NO_EFFECT;
  },
  async change({ db, acting }, stored, spec) {
    const service = new MetricsService(db);
    const { version, archived } = stored.state as unknown as MetricState;
    await service.change(definitionOf(spec), version, acting);
    if (archived) await service.archive(spec.key, false, acting);
    const { experiments } = await service.get(spec.key);
    const started = experiments.filter((use) => use.version !== null);
    const keep =
      started.length === 0
        ? 'No experiment that has started uses it.'
        : `Experiments that have started keep their version: ${started.map(({ experiment }) => experiment).join(', ')}.`;
    return { prose: [`Version ${version + 1}. ${keep}`] };
  },
});
