import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { evaluateRecommender } from './evaluate-recommender.js';

const DATA = '../shared/data/movielens-latest-small';
const SPLITS = '../shared/vectors/recommenders';
const FIGURES = ['recall@20', 'ndcg@10', 'ndcg@100', 'coverage@20'] as const;

/**
 * Reference values, computed independently with numpy from the definitions of the models. The rest of the table stands
 * in docs/explanation/recommenders.md.
 */
(existsSync(DATA) && existsSync(SPLITS) ? describe : describe.skip)(
  'recommenders against their reference (optional ../shared/data and ../shared/vectors)',
  () => {
    it.each([
      ['markov-knn', {}, 'leave-one-out', 'mls-loo-split.json', [0.2049, 0.0753, 0.1366, 0.7027]],
      ['item-knn', {}, 'leave-one-out', 'mls-loo-split.json', [0.1213, 0.03, 0.0875, 0.2953]],
    ])(
      '%s %j under %s',
      (policy, params, protocol, file, expected) => {
        const result = evaluateRecommender({
          policy,
          params,
          protocol,
          data: DATA,
          split: join(SPLITS, file),
        });
        FIGURES.forEach((figure, i) => {
          const reference = expected[i] as number;
          expect(Math.abs(result[figure] / reference - 1)).toBeLessThan(0.01);
        });
      },
      120_000,
    );
  },
);
