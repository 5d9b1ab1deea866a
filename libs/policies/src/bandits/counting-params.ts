import { z } from 'zod';

/** Parameter fields shared by the policies that count per action. */
export const halfLifeDaysField = z
  .number()
  .positive()
  .max(36_500)
  .nullable()
  .describe('Wall-clock days after which a decision counts half; null: nothing is forgotten.');

export const perSubjectField = z
  .boolean()
  .default(true)
  .describe(
    'Keep apart what an action earned on different subjects, e.g. the same artwork style on two titles.',
  );

/** Exploration of the policies that fill slates. */
export const slotEpsilonField = z
  .number()
  .min(0)
  .max(1)
  .describe(
    'Share of slots filled uniformly at random from the actions that are left; 0 is for simulations.',
  );
