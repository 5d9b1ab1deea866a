import { policyRegistry } from '../libs/policies/src/index.js';
import type { BanditPolicy } from '../libs/policies/src/index.js';
import {
  HIT_AND_FIND,
  SIX_IMAGES,
  TEN_TITLES,
  playShowing,
} from '../libs/policies/src/incrementality/showing-worlds.js';
import type { Learned, ShowingWorld } from '../libs/policies/src/incrementality/showing-worlds.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

const WORLDS: readonly (readonly [name: string, world: ShowingWorld, batches: number, runs: number])[] = [
  ['hit and find, 10,000 decisions', HIT_AND_FIND, 20, 30],
  ['hit and find, 30,000 decisions', HIT_AND_FIND, 60, 12],
  ['ten titles, 30,000 decisions', TEN_TITLES, 60, 12],
  ['six images, 20,000 decisions', SIX_IMAGES, 40, 12],
];
const LEARNED: readonly Learned[] = ['plain', 'subtracted', 'transformed', 'incremental'];

/** What each way to learn the lift of showing causes over a whole run, as a share of what the best action would. */
export function benchIncrementality(): Promise<Figure[]> {
  const figures = WORLDS.flatMap(([name, world, batches, runs]) =>
    ['thompson-normal', 'epsilon-greedy'].flatMap((key) =>
      LEARNED.map((learned) => {
        const policy = policyRegistry.get(key) as BanditPolicy;
        const best = Math.max(...Object.values(world).map(({ shown, hidden }) => shown - hidden));
        const values = Array.from(
          { length: runs },
          (_, run) =>
            playShowing(policy, world, { learned, seed: `s${run}`, batches, from: 0 }).caused / best,
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / runs;
        const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1);
        const error = Math.sqrt(spread / runs);
        const title = `${name}, ${key}, ${learned}`;
        process.stderr.write(`  ${title}: ${mean.toFixed(3)} +- ${error.toFixed(3)}\n`);
        return figureOf(
          {
            key: title,
            title,
            unit: `of the best lift +- ${error.toFixed(3)}`,
            value: mean,
            ceiling: null,
            target: { of: 'value', atLeast: 0 },
          },
          { runs, least: Math.min(...values).toFixed(3) },
        );
      }),
    ),
  );
  return Promise.resolve(figures);
}
