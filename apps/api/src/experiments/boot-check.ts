import { findOverlaps, startRequirements } from '#experiments';
import type { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { ExperimentEntity } from '../persistence/entities/index.js';
import { experimentFromRow } from './experiment.mapper.js';

/**
 * Proves at boot that what runs can run: no two live experiments own the same part of a layer, each could still start,
 * and its metrics exist. (That surfaces and layers exist is a foreign key's work.)
 * @throws Error with one sentence naming the experiment.
 */
export async function checkExperiments(db: Database): Promise<void> {
  const rows = await db.dataSource.manager
    .createQueryBuilder(ExperimentEntity, 'e')
    .where(`e.status in ('scheduled', 'running', 'paused')`)
    .orderBy('e.key')
    .getMany();
  const catalogue = await loadMetricCatalogue(db);
  const live = rows.map(experimentFromRow);
  const [overlap] = findOverlaps(live);
  if (overlap) {
    const [a, b] = overlap.experiments;
    throw new Error(`The experiments "${a}" and "${b}" claim the same part of the layer "${overlap.layer}".`);
  }
  for (const experiment of live) {
    const [missing] = startRequirements(experiment);
    if (missing)
      throw new Error(`The live experiment "${experiment.key}" is not complete: ${missing.message}.`);
    const metrics = [
      experiment.decisionMetric ?? '',
      ...experiment.secondaryMetrics,
      ...experiment.guardrailMetrics,
    ];
    const unknown = metrics.find((key) => !catalogue.find(key));
    if (unknown !== undefined) {
      throw new Error(
        `The experiment "${experiment.key}" needs the metric "${unknown}", which does not exist.`,
      );
    }
  }
}
