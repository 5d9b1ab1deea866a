import type { Experiment } from '../../api/types.js';
import type { BandSeries } from '../../charts/band-chart.js';

/** One look per arm for all charts of an experiment; the control is always series 0. */
export function armSeries(experiment: Experiment): BandSeries[] {
  let next = 1;
  return experiment.arms.map((arm) => ({ key: arm.key, title: arm.title, look: arm.isControl ? 0 : next++ }));
}
