import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { evaluateRecommender } from './evaluate-recommender.js';
import type { EvaluateRecommenderOptions } from './evaluate-recommender.js';

const DATA = '../shared/data/movielens-latest-small';
const SPLITS = '../shared/vectors/recommenders';
const MOST_MS = 120_000;

type Figures = Record<string, number>;

/** As the command does. */
function evaluate(
  policy: string,
  protocol: string,
  split: string | null,
  more: Pick<EvaluateRecommenderOptions, 'params'> = {},
): Figures {
  const where = split === null ? {} : { split: join(SPLITS, split) };
  return {
    ...evaluateRecommender({ policy, protocol, data: DATA, seed: 1, ...where, ...more }),
  } as unknown as Figures;
}

/** By the command itself, in a process of its own, with its options as texts. */
async function evaluateByCommand(...args: readonly string[]): Promise<Figures> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['scripts/marquee.mjs', 'evaluate', 'recommender', ...args, '--data', DATA, '--json'],
    { maxBuffer: 1 << 24 },
  );
  return JSON.parse(stdout) as Figures;
}

/**
 * Reference values, computed independently with numpy from the definitions of the models. The rest of the table stands
 * in docs/explanation/recommenders.md.
 */
(existsSync(DATA) && existsSync(SPLITS) ? describe : describe.skip)(
  'recommenders against their reference (optional ../shared/data and ../shared/vectors)',
  () => {
    it.each([
      ['markov-knn', [0.2049, 0.0753, 0.1366, 0.7027]],
      ['item-knn', [0.1213, 0.03, 0.0875, 0.2953]],
    ])(
      '%s under leave-one-out',
      (policy, expected) => {
        const result = evaluate(policy, 'leave-one-out', 'mls-loo-split.json');
        ['recall@20', 'ndcg@10', 'ndcg@100', 'coverage@20'].forEach((figure, i) => {
          const reference = expected[i] as number;
          expect(Math.abs((result[figure] as number) / reference - 1)).toBeLessThan(0.01);
        });
      },
      MOST_MS,
    );

    it.each([
      ['strong', 'mls-sg-split.json', [0.174, 0.1406, 0.2088, 0.0343, 1.8879, 0.9858, 0.8079]],
      ['leave-one-out', 'mls-loo-split.json', [0.0705, 0.0211, 0.0487, 0.0521, 1.5899, 0.989, 0.8061]],
    ])(
      'popularity under %s, with every figure of its lists',
      (protocol, file, expected) => {
        const result = evaluate('most-popular', protocol, file);
        const names = ['recall@20', 'ndcg@10', 'ndcg@100', 'coverage@20', 'novelty@20', 'gini@20', 'ild@20'];
        names.forEach((figure, i) => expect(result[figure]).toBeCloseTo(expected[i] as number, 3.9));
        // The rule that made the split file is built in.
        if (protocol === 'strong')
          expect(evaluate('most-popular', protocol, null)['ndcg@100']).toBe(result['ndcg@100']);
      },
      MOST_MS,
    );

    it(
      'content neighbours on titles that nobody has watched',
      () => {
        const params = { mode: 'neighbours' };
        const result = evaluate('content', 'cold', 'mls-cold-split.json', { params });
        const expected = { 'recall@20': 0.2275, 'ndcg@10': 0.1629, 'ndcg@100': 0.3171 };
        for (const [figure, reference] of Object.entries(expected))
          expect(Math.abs((result[figure] as number) / reference - 1)).toBeLessThan(0.01);
      },
      MOST_MS,
    );

    it(
      're-ranking raises coverage by half for at most 2 % of NDCG',
      async () => {
        // A small model in place of the one of the documentation, whose fit takes ten times as long.
        const params = { dimension: 16, iterations: 4 };
        const rerank = [
          { key: 'diversity-mmr', params: { relevance: 0.7, similarity: 'factors' } },
          { key: 'serendipity', params: { share: 0.2, first: 11, last: 20, head: 20 } },
        ];
        const plain = evaluate('implicit-als', 'strong', 'mls-sg-split.json', { params });
        const reranked = await evaluateByCommand(
          ...['implicit-als', '--protocol', 'strong', '--split', join(SPLITS, 'mls-sg-split.json')],
          ...['--params', JSON.stringify(params), '--rerank', JSON.stringify(rerank)],
        );
        const ratio = (figure: string): number => (reranked[figure] as number) / (plain[figure] as number);
        expect(ratio('coverage@20')).toBeGreaterThanOrEqual(1.5);
        expect(ratio('ndcg@10')).toBeGreaterThanOrEqual(0.98);
        expect(ratio('ndcg@100')).toBeGreaterThanOrEqual(0.98);
        expect(ratio('gini@20')).toBeLessThan(1);
      },
      MOST_MS,
    );
  },
);
