import { playTasks } from '../libs/policies/src/recommenders/deep/tasks-world.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

const SEEDS = 20;
const SIZES = [100, 250, 1000] as const;
const ASKED = 1500;
/** Of Student's t with 19 degrees of freedom. */
const T = 2.093;

/** Processor time of this process: the wall clock also counts what others do. */
const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Log-loss of searches that a network on one trunk with the plays saves against one that learns them alone, over worlds. */
export function benchMultiTask(): Promise<Figure[]> {
  const figures = SIZES.map((told) => {
    const runs = Array.from({ length: SEEDS }, (_, seed) =>
      playTasks(`tasks ${seed}`, { told, asked: ASKED }, seconds),
    );
    const loss = (which: 'alone' | 'together'): number =>
      meanOf(runs.map((run) => meanOf([...run[which].losses])));
    const gains = runs.map(({ alone, together }) => meanOf([...alone.losses]) - meanOf([...together.losses]));
    const gain = meanOf(gains);
    const half = T * Math.sqrt(meanOf(gains.map((value) => (value - gain) ** 2)) / (SEEDS - 1));
    const costs = (of: 'fitSeconds' | 'bytes'): number =>
      meanOf(runs.map(({ alone, plays, together }) => together[of] / (alone[of] + (plays?.[of] ?? 0))));
    const title = `multi-task: log-loss saved on ${told} searches`;
    process.stderr.write(`  ${title}: ${gain.toFixed(4)} +- ${half.toFixed(4)}\n`);
    return figureOf(
      {
        key: `multi-task-${told}`,
        title,
        unit: `+- ${half.toFixed(4)}, 95 %, ${SEEDS} worlds`,
        value: gain,
        ceiling: null,
        target: { of: 'value', atLeast: 0 },
      },
      {
        alone: loss('alone').toFixed(4),
        together: loss('together').toFixed(4),
        better: `${gains.filter((value) => value > 0).length} of ${SEEDS}`,
        'time against both alone': costs('fitSeconds').toFixed(2),
        'state against both alone': costs('bytes').toFixed(2),
      },
    );
  });
  return Promise.resolve(figures);
}
