import { z } from 'zod';

/** Parameter fields shared by the policies that turn the context into numbers; see features.ts. */
export const attributesField = z
  .array(z.string().min(1).max(100))
  .max(100)
  .default([])
  .describe('Context attributes the model looks at; empty: all but `history`.');

/** @param most how many the model can hold. */
export const maxContextFeaturesField = (most: number) =>
  z.int().min(1).max(most).default(32).describe('Context features learned, first come first served.');

export const featureLimitField = z
  .number()
  .positive()
  .max(1e6)
  .describe('Numbers beyond this size are cut to it.');
