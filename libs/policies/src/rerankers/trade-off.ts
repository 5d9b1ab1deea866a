import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Ranking, Wrapper } from '../wrappers/contract.js';
import { greedyOrder, openByScore, unitScores, wearScores } from './order.js';
import { similarityFields, similarityOf } from './similarity.js';

/** Name of the objective that is not a feature: how different the titles of a list are. */
export const DIVERSITY = 'diversity';

const weight = z.number().min(-1000).max(1000);
const schema = z.object({
  relevance: weight.default(1).describe('Weight of the score of the policy inside, brought to [0, 1].'),
  diversity: weight.default(0).describe('Weight of the mean distance to the titles that stand above.'),
  objectives: z
    .record(z.string().min(1).max(100), weight)
    .default({})
    .describe(
      'Weights of further objectives: numeric features of the titles by name, such as completionRate and returnRate; ' +
        'each is brought to [0, 1], a title without one counts as the mean of the others.',
    ),
  atLeast: z
    .record(z.string().min(1).max(100), z.number().min(-1e9).max(1e9))
    .default({})
    .describe(
      'Least mean over the places, by "diversity" or the name of a feature: the smallest extra weight that reaches it ' +
        'is taken, list by list; where no weight does, the list that comes nearest.',
    ),
  ...similarityFields,
  places: similarityFields.places.default(20),
});
export type TradeOffParams = z.output<typeof schema>;

/** Largest extra weight that a bound may ask for, times the sum of the absolute weights. */
const DEAREST = 64;
const HALVINGS = 12;
const ROUNDS = 3;
const SLACK = 1e-9;

/** One objective over a pool: as it counts in a bound, and as it is weighed. */
interface Objective {
  readonly raw: Float64Array;
  readonly scaled: Float64Array;
}

/** A title without the feature counts as the mean of the pool. */
function objectiveOf(ranking: Ranking, pool: Uint32Array, name: string): Objective {
  const values = Array.from(pool, (index) => {
    const value = ranking.request.actions[index]?.features[name];
    return typeof value === 'number' ? value : null;
  });
  const known = values.filter((value) => value !== null);
  const mean = known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
  const raw = Float64Array.from(values, (value) => value ?? mean);
  const scaled = unitScores(
    raw,
    Uint32Array.from(raw, (_, i) => i),
  );
  return { raw, scaled };
}

/** The pool of one request with everything that lists are made and measured by. */
class Pool {
  readonly members: Uint32Array;
  private readonly score: Float64Array;
  private readonly distance: Float64Array;
  private readonly named: ReadonlyMap<string, Objective>;

  constructor(
    ranking: Ranking,
    private readonly params: TradeOffParams,
  ) {
    this.members = openByScore(ranking, params.pool);
    this.score = unitScores(ranking.scores, this.members);
    const names = new Set([...Object.keys(params.objectives), ...Object.keys(params.atLeast)]);
    names.delete(DIVERSITY);
    this.named = new Map([...names].map((name) => [name, objectiveOf(ranking, this.members, name)]));
    const n = this.members.length;
    this.distance = new Float64Array(n * n);
    const wanted = params.diversity !== 0 || DIVERSITY in params.atLeast;
    const alike = wanted ? similarityOf(ranking, this.members, params) : () => 0;
    for (let a = 0; wanted && a < n; a++)
      for (let b = 0; b < a; b++) this.distance[a * n + b] = this.distance[b * n + a] = 1 - alike(a, b);
  }

  /** Places in the pool, best first. @param extra weights on top of those of the parameters. */
  order(extra: ReadonlyMap<string, number>): Uint32Array {
    const { params, score, distance } = this;
    const n = this.members.length;
    const fixed = score.map((value) => params.relevance * value);
    for (const [name, { scaled }] of this.named) {
      const w = (params.objectives[name] ?? 0) + (extra.get(name) ?? 0);
      for (let i = 0; i < n; i++) fixed[i] = (fixed[i] as number) + w * (scaled[i] as number);
    }
    const diversity = params.diversity + (extra.get(DIVERSITY) ?? 0);
    const far = new Float64Array(n);
    let placed = 0;
    return greedyOrder(
      Uint32Array.from(score, (_, i) => i),
      params.places,
      (i) => (fixed[i] as number) + (placed === 0 ? 0 : (diversity * (far[i] as number)) / placed),
      (put) => {
        placed++;
        for (let i = 0; i < n; i++) far[i] = (far[i] as number) + (distance[put * n + i] as number);
      },
    );
  }

  /** Mean of an objective over the places of a list. */
  mean(name: string, order: Uint32Array): number {
    const top = order.subarray(0, Math.min(this.params.places, order.length));
    if (name === DIVERSITY) return this.meanDistance(top);
    const { raw } = this.named.get(name) as Objective;
    return top.reduce((sum, i) => sum + (raw[i] as number), 0) / Math.max(1, top.length);
  }

  private meanDistance(top: Uint32Array): number {
    const n = this.members.length;
    let sum = 0;
    for (let a = 0; a < top.length; a++)
      for (let b = 0; b < a; b++) sum += this.distance[(top[a] as number) * n + (top[b] as number)] as number;
    return top.length < 2 ? 1 : (2 * sum) / (top.length * (top.length - 1));
  }
}

/** The smallest extra weight, to within a few thousandths, whose list keeps the bound; else the largest that is tried. */
function priceOf(
  pool: Pool,
  name: string,
  bound: number,
  extra: Map<string, number>,
  dearest: number,
): number {
  const keeps = (price: number): boolean =>
    pool.mean(name, pool.order(new Map(extra).set(name, price))) >= bound - SLACK;
  let [below, above] = [extra.get(name) ?? 0, dearest];
  if (keeps(below)) return below;
  for (let i = 0; i < HALVINGS; i++) {
    // Halving in logarithms: prices of .01 and of 10 are both common.
    const middle = Math.sqrt(Math.max(below, dearest * 2e-5) * above);
    if (keeps(middle)) above = middle;
    else below = middle;
  }
  return above;
}

function rerank(ranking: Ranking, params: TradeOffParams): Float64Array {
  const pool = new Pool(ranking, params);
  if (pool.members.length === 0) return ranking.scores;
  const extra = new Map<string, number>();
  const bounds = Object.entries(params.atLeast);
  const weights = [params.relevance, params.diversity, ...Object.values(params.objectives)];
  const dearest =
    DEAREST *
    Math.max(
      1,
      weights.reduce((sum, w) => sum + Math.abs(w), 0),
    );
  // Raising one objective may lower another that was raised before.
  for (let round = 0; round < (bounds.length > 1 ? ROUNDS : 1); round++)
    for (const [name, bound] of bounds) extra.set(name, priceOf(pool, name, bound, extra, dearest));
  const order = pool.order(extra);
  return wearScores(
    ranking.scores,
    Uint32Array.from(order, (place) => pool.members[place] as number),
  );
}

/**
 * Several objectives in one order: place after place the title of the largest weighted sum of its score, its objectives and
 * its mean distance to those above; under bounds, the weights are raised as far as each list needs.
 */
export const tradeOff: Wrapper<TradeOffParams> = {
  key: 'trade-off',
  title: 'Several objectives',
  summary:
    'Orders by a weighted sum of relevance, further objectives and diversity, or under bounds on them.',
  reference:
    'Jambor and Wang (2010), Optimizing multiple objectives in collaborative filtering; Agarwal and others (2011), Click shaping',
  params: defineParams(schema),
  rerank,
};
