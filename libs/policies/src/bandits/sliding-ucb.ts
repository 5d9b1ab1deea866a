import { z } from 'zod';
import { countedPolicy, plainReward } from './counted-policy.js';
import { indexFields, playIndex } from './index-play.js';
import { ucb1Index } from './indices.js';
import { confidenceField } from './ucb1.js';
import { windowDaysField, windowMemory } from './windowed-counts.js';

const { epsilon, planAhead, perSubject } = indexFields;
const schema = z.object({
  windowDays: windowDaysField,
  confidence: confidenceField,
  epsilon,
  planAhead,
  perSubject,
});

/** UCB1 on the decisions of the last days: t in its bound is their number. */
export const slidingUcb = countedPolicy({
  key: 'sliding-ucb',
  title: 'UCB (sliding window)',
  summary: 'UCB1 that looks at the last days alone: actions that were not tried for a while are tried again.',
  reference: 'Garivier and Moulines (2011), On upper-confidence bound policies for switching bandit problems',
  schema,
  memory: windowMemory,
  valueOf: plainReward,
  play: (evidence, params) =>
    playIndex(evidence, params, (mean, n, logTime) => ucb1Index(mean, n, logTime, params.confidence)),
});
