import { z } from 'zod';
import { countedPolicy, fadingMemory, plainReward } from './counted-policy.js';
import { indexFields, playIndex } from './index-play.js';
import { ucb1Index } from './indices.js';

export const confidenceField = z
  .number()
  .positive()
  .max(1e6)
  .default(0.5)
  .describe(
    'Width c of the bound mean + sqrt(c ln t / n), for rewards in [0, 1]. The proof needs 2, practice less. Grows with the square of the range of the reward.',
  );

const schema = z.object({ confidence: confidenceField, ...indexFields });

/** UCB1 (c = 2) and its tuned variant (c = 1/2), under a uniform part and planned over a batch. */
export const ucb1 = countedPolicy({
  key: 'ucb1',
  title: 'UCB1',
  summary: 'Plays the action whose mean reward could be the highest, given how little is known about it.',
  reference: 'Auer, Cesa-Bianchi, Fischer (2002), Finite-time analysis of the multiarmed bandit problem',
  schema,
  memory: fadingMemory,
  valueOf: plainReward,
  play: (evidence, params) =>
    playIndex(evidence, params, (mean, n, logTime) => ucb1Index(mean, n, logTime, params.confidence)),
});
