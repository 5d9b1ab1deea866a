import { z } from 'zod';
import { factorParams, netParams, ridgeParams } from './graph/params.js';
import { hybridModel } from './hybrid/model.js';
import { PART_NAMES } from './hybrid/parts.js';
import { attributeParams } from './titles/attributes.js';
import type { TitleModel } from './titles/model.js';
import { memberParams } from './titles/params.js';
import { titlePolicy } from './titles/policy.js';

const schema = z.object({
  mode: z
    .enum(['taste', 'next'])
    .default('taste')
    .describe(
      'What the weights are learned for. taste: any title the member would like. next: the next one.',
    ),
  parts: z
    .array(z.enum(PART_NAMES))
    .min(1)
    .max(PART_NAMES.length)
    .default(PART_NAMES.filter((name) => name !== 'sequence'))
    .describe(
      'What is blended. ease: linear model of titles. markov: what comes next. factors: matrix factorisation with a ' +
        'ridge from attributes. ridge: a regression per member on attributes. net: the graph network. sequence: self-attention over the ' +
        'history, for the mode next; it makes the training ten times longer.',
    ),
  questions: z
    .int()
    .min(1)
    .max(5_000)
    .default(400)
    .describe('Members whose hidden titles the weights are learned on, at most.'),
  hiddenTitles: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.15)
    .describe(
      'Share of the titles that are hidden from everybody meanwhile: how the weights for new titles are learned.',
    ),
  pull: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe('How strongly the weights are held at equal ones, against one member.'),
  lambda: z.number().positive().max(1e6).default(100).describe('ease: strength of the ridge.'),
  ...netParams,
  ...factorParams,
  ...ridgeParams,
  ...memberParams,
  ...attributeParams,
});
type Params = z.output<typeof schema>;

/**
 * Collaborative filtering and attributes in one: see hybridModel for the blend, titlePolicy for what a request may hold.
 * New titles are scored by their attributes from the first day, well-known ones mostly by who watched them.
 */
export const hybrid = titlePolicy<Params>(
  {
    key: 'hybrid',
    title: 'Hybrid of taste and content',
    summary:
      'Blends what members watch with what titles are; the blend depends on how much is known of member and title.',
    reference:
      'Burke (2002), Hybrid recommender systems; Sill, Takács, Mackey, Lin (2009), Feature-weighted linear stacking; ' +
      'McFadden (1974), Conditional logit analysis of qualitative choice behavior',
  },
  schema,
  { taste: hybridModel as TitleModel<Params, unknown>, next: hybridModel as TitleModel<Params, unknown> },
);
