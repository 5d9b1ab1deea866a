import { coverageOfLift } from '../apps/cli/src/simulate/message-study.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

const RUNS = 300;
const STUDY = { seed: 'message-lift', members: 1000, days: 14, share: 0.25 };

/**
 * How often the 95 % interval of the lift of messages holds the truth of its own world, and how far off the estimate is on
 * average; and the same where withheld messages do not count for the caps.
 */
export async function benchMessageLift(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const forgetsWithheld of [false, true]) {
    const found = await coverageOfLift({ ...STUDY, runs: RUNS, forgetsWithheld });
    const name = forgetsWithheld ? 'withheld messages forgotten' : 'withheld messages counted';
    process.stderr.write(`  ${name}: ${(100 * found.covered).toFixed(1)} %\n`);
    figures.push(
      figureOf(
        {
          key: forgetsWithheld ? 'message-lift-forgotten' : 'message-lift',
          title: `coverage of the lift of messages, ${name}`,
          unit: '% of intervals',
          value: 100 * found.covered,
          ceiling: null,
          target: forgetsWithheld ? { of: 'value', atLeast: 0 } : { of: 'value', atLeast: 93, atMost: 97 },
        },
        {
          runs: found.runs,
          bias: `${found.bias.toFixed(4)} +- ${found.biasError.toFixed(4)}`,
          truth: found.truth.toFixed(4),
          contaminated: `${(100 * found.contaminated).toFixed(1)} %`,
        },
      ),
    );
  }
  return figures;
}
