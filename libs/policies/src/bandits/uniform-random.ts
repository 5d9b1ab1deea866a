import { defineParams } from '#experiments';
import { z } from 'zod';
import type { StaticPolicy } from '../contract.js';

/** Every action equally likely: the exploration arm that keeps every other policy's log honest. */
export const uniformRandom: StaticPolicy<Record<string, never>> = {
  key: 'uniform-random',
  title: 'Uniform random',
  summary: 'Picks every action with the same probability; orders slates at random.',
  reference: 'Li, Chu, Langford, Wang (2011), Unbiased offline evaluation of contextual-bandit algorithms',
  learns: 'never',
  params: defineParams(z.object({})),
  stateVersion: 1,
  encode: () => null,
  decode: () => null,
  compile: () => ({
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: ({ actions }) => new Float64Array(actions.length).fill(1 / actions.length),
  }),
};
