import { z } from 'zod';
import { replayLearning } from '#policies';
import type { LearningPlayer } from '#policies';
import type { Cases, Tolerance } from './cases.js';
import type { OpenBanditDocument, OpenBanditLog } from './open-bandit-log.js';

const EXACT: Tolerance = { relative: 1e-9, absolute: 1e-15 };

/** UCB1 in the file's reading: untried arms first, then mean + sqrt(2 ln m / N_a), ties to the lowest number. */
function ucb1(arms: number): LearningPlayer {
  const plays = new Float64Array(arms);
  const sums = new Float64Array(arms);
  let matched = 0;
  return {
    choose() {
      const untried = plays.indexOf(0);
      if (untried >= 0) return untried;
      let best = 0;
      let top = -Infinity;
      for (let a = 0; a < arms; a++) {
        const n = plays[a] as number;
        const index = (sums[a] as number) / n + Math.sqrt((2 * Math.log(matched)) / n);
        if (index > top) {
          top = index;
          best = a;
        }
      }
      return best;
    },
    learn(_row, action, reward) {
      plays[action] = (plays[action] as number) + 1;
      sums[action] = (sums[action] as number) + reward;
      matched++;
    },
  };
}

/** The item with the largest marginal at each position. */
function bestByPosition(marginals: readonly (readonly number[])[], positions: number): number[] {
  return Array.from({ length: positions }, (_, k) =>
    marginals.reduce((best, row, a) => ((row[k] as number) > (marginals[best]?.[k] as number) ? a : best), 0),
  );
}

const layout = z.looseObject({
  argmax_item_by_position: z.array(z.number()).optional(),
  matched: z.number(),
  reward: z.number(),
  value: z.number().nullable(),
  acceptance: z.number().optional(),
});

/** Replays of learning and of fixed policies on a random log. */
export function checkReplays(
  cases: Cases,
  name: string,
  { rows }: OpenBanditLog,
  policies: OpenBanditDocument['policies'],
  result: unknown,
): void {
  const best = bestByPosition(policies.bts_prior_marginals, rows.stratum.count);
  const players: Readonly<Record<string, () => LearningPlayer>> = {
    ucb1: () => ucb1(rows.actions),
    greedy_bts_prior: () => ({
      choose: (row) => best[rows.stratum.of[row] as number] as number,
      learn: () => undefined,
    }),
  };
  for (const [key, input] of Object.entries(result as Record<string, unknown>)) {
    cases.run(`${name}/${key}`, (compare) => {
      const want = layout.parse(input);
      const player = players[key];
      if (!player) throw new Error(`the policy "${key}" is not known here`);
      const got = replayLearning(rows, player());
      compare.equal('matched', got.matched, want.matched);
      compare.near('reward', got.reward, want.reward, EXACT);
      compare.near('value', got.value ?? NaN, want.value ?? NaN, EXACT);
      if (want.acceptance !== undefined) compare.near('acceptance', got.acceptance, want.acceptance, EXACT);
      if (want.argmax_item_by_position)
        compare.equal('argmax_item_by_position', best, want.argmax_item_by_position);
    });
  }
}
