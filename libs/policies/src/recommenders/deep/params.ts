import { z } from 'zod';
import type { FeatureRules } from './feature-space.js';

/** Parameters of the networks over member, title and context. */
export const networkParams = {
  dimension: z.int().min(2).max(256).default(32).describe('Length of the vectors of members and titles.'),
  hidden: z.int().min(2).max(512).default(64).describe('Units of the hidden layers.'),
  epochs: z.int().min(1).max(200).default(12).describe('Most passes over the data.'),
  patience: z
    .int()
    .min(1)
    .max(50)
    .default(2)
    .describe(
      'Passes without progress on watched rows after which the training stops; the best pass is kept.',
    ),
  batch: z.int().min(1).max(4096).default(128).describe('Questions per step.'),
  learningRate: z.number().positive().max(1).default(0.002).describe('Length of a step (Adam).'),
  decay: z
    .number()
    .min(0)
    .max(100)
    .default(0.3)
    .describe('Weight decay: keeps a network from learning its rows by heart.'),
  dropped: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.1)
    .describe(
      'Share of title numbers and of contexts hidden in training: titles are then also known by their features.',
    ),
  leastTitles: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('A feature of titles counts when so many have it.'),
  leastContexts: z
    .int()
    .min(1)
    .max(100_000)
    .default(5)
    .describe('A feature of contexts counts when so many have it.'),
  maxFeatures: z
    .int()
    .min(1)
    .max(100_000)
    .default(20_000)
    .describe('At most this many features of either kind.'),
  memoryMb: z
    .int()
    .min(16)
    .max(16_384)
    .default(2048)
    .describe('Most memory of the network while it learns, in MB.'),
};

export const networkRules = (params: {
  readonly leastTitles: number;
  readonly leastContexts: number;
  readonly maxFeatures: number;
}): { title: FeatureRules; context: FeatureRules } => ({
  title: { least: params.leastTitles, most: params.maxFeatures },
  context: { least: params.leastContexts, most: params.maxFeatures },
});
