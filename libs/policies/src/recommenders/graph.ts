import { z } from 'zod';
import { retrievalParams } from '../retrieval/embedding.js';
import { ensembleModel } from './graph/ensemble.js';
import { factorModel } from './graph/factors.js';
import { netModel } from './graph/net-model.js';
import { factorParams, netParams, ridgeParams } from './graph/params.js';
import { walkModel } from './graph/walk.js';
import { attributeParams } from './titles/attributes.js';
import type { TitleModel } from './titles/model.js';
import { memberParams } from './titles/params.js';
import { titlePolicy } from './titles/policy.js';

const schema = z.object({
  mode: z
    .enum(['ensemble', 'net', 'factors', 'walk'])
    .default('ensemble')
    .describe(
      'ensemble: net, factors and a ridge per member together. net: a graph network with attention between relations. factors: matrix factorisation and a ridge from ' +
        'attributes to the factors. walk: a random walk with restart over titles, attributes and members.',
    ),
  ...netParams,
  ...factorParams,
  ...ridgeParams,
  partWeights: z
    .object({
      net: z.number().min(0).max(100).default(1),
      factors: z.number().min(0).max(100).default(1),
      ridge: z.number().min(0).max(100).default(1),
    })
    .default({ net: 1, factors: 1, ridge: 1 })
    .describe('ensemble: weights of the standardised scores; a part of weight 0 is not asked.'),
  follow: z
    .number()
    .min(0)
    .max(0.999)
    .default(0.9)
    .describe('walk: probability of a further step; else the walk starts again at a watched title.'),
  steps: z.int().min(1).max(100).default(8).describe('walk: number of steps.'),
  memberWeight: z
    .number()
    .min(0)
    .max(1000)
    .default(0.1)
    .describe(
      'walk: weight of an edge between a member and a title; edges to attributes weigh 1 / ln(2 + titles).',
    ),
  relationWeights: z
    .record(z.string().max(100), z.number().min(0).max(1000))
    .default({})
    .describe(
      'walk: what each relation (a feature of the titles) means: factor of the weight of its edges; else 1.',
    ),
  ...memberParams,
  ...retrievalParams,
  ...attributeParams,
});
type Params = z.output<typeof schema>;

type Model = TitleModel<Params, unknown>;

/**
 * Ranks by the graph of titles and what they are: genres, people, decades, tags, with edges weighted by how much they
 * say. A title that nobody has watched, or that training has not met, ranks at once by its attributes (see
 * titlePolicy).
 */
export const graph = titlePolicy<Params>(
  {
    key: 'graph',
    title: 'Graph of titles',
    summary:
      'Learns what genres, people, decades and tags mean to members, so that a new title ranks on its first day.',
    reference:
      'Pan et al. (2023), SemanticGNN, arXiv 2312.04071; Haveliwala (2002), Topic-sensitive PageRank; ' +
      'Gantner et al. (2010), Learning attribute-to-feature mappings for cold-start recommendations',
  },
  schema,
  {
    ensemble: ensembleModel as Model,
    net: netModel as Model,
    factors: factorModel as Model,
    walk: walkModel as Model,
  },
);
