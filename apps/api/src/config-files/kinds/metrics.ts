import type { MetricDefinition } from '#metrics';
import { createMetricSchema, definitionOf } from '../../metrics/metric.schemas.js';
import type { CreateMetric } from '../../metrics/metric.schemas.js';
import { MetricsService } from '../../metrics/metrics.service.js';
import { anyKind, NO_EFFECT, specOf, wantedKeys } from './kind.js';
import type { Stored } from './kind.js';

interface MetricState {
  readonly version: number;
}

/** What a file holds is offered: that it is archived is one more thing that differs. */
const asSpec = (definition: MetricDefinition, archived: boolean): CreateMetric => ({
  ...specOf(createMetricSchema, definition),
  ...(archived ? { archived } : {}),
});

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
        spec: asSpec(definition, archived),
        state: { version },
      }));
  },
  async create({ db, acting }, spec) {
    await new MetricsService(db).create(definitionOf(spec), acting);
    return NO_EFFECT;
  },
  async change({ db, acting }, stored, spec, fields) {
    const service = new MetricsService(db);
    const { version } = stored.state as unknown as MetricState;
    if (fields.includes('archived')) await service.archive(spec.key, false, acting);
    const back = fields.includes('archived') ? ['It is offered again.'] : [];
    if (fields.every((field) => field === 'archived')) return { prose: back };
    await service.change(definitionOf(spec), version, acting);
    const { experiments } = await service.get(spec.key);
    const started = experiments.filter((use) => use.version !== null);
    const keep =
      started.length === 0
        ? 'No experiment that has started uses it.'
        : `Experiments that have started keep their version: ${started.map(({ experiment }) => experiment).join(', ')}.`;
    return { prose: [...back, `Version ${version + 1}. ${keep}`] };
  },
});
