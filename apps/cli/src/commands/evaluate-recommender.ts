import { createRng, DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { compileExploration, policyRegistry, serveSlate } from '#policies';
import type { Action, CompiledPolicy, DecisionRequest, Policy, TrainingSet } from '#policies';
import { readRatings, readTitleFeatures } from './evaluate-data.js';
import { genresOf, ListScore, withRerankers } from './evaluate-lists.js';
import type { ListScores } from './evaluate-lists.js';
import { layOut, PROTOCOLS, readSplit } from './evaluate-protocols.js';
import type { Fold, Layout, ProtocolName, RankingCase } from './evaluate-protocols.js';

const NOVELTY_TOP = 20;
const DEEPEST = 100;

export interface EvaluateRecommenderOptions {
  readonly policy: string;
  /** Directory with ratings.csv (userId, movieId, rating, timestamp) and, if there is one, movies.csv. */
  readonly data: string;
  readonly protocol: string;
  /** JSON file with the split; without it the protocol's own rule makes the same one. */
  readonly split?: string;
  /** Directory with kg-triples.tsv (head `ml:<title>`, relation, tail): attributes of the titles. */
  readonly graph?: string;
  /** Whether the tags of tags.csv in the data directory are attributes of the titles. */
  readonly tags?: boolean;
  readonly params?: unknown;
  /** Re-rankers around the policy, from the inside out: {key, params} or a list of them. */
  readonly rerank?: unknown;
  readonly seed?: number;
  /** Called with the share done, in [0, 1]. */
  readonly progress?: (share: number) => void;
}

export interface RecommenderEvaluation extends ListScores {
  readonly policy: string;
  readonly params: Json;
  readonly users: number;
  readonly 'recall@20': number;
  readonly 'ndcg@10': number;
  readonly 'ndcg@100': number;
  readonly 'novelty@20': number;
  readonly fitSeconds: number;
  /** Of all cores; what else the machine does changes it little. */
  readonly fitProcessorSeconds: number;
  readonly peakMemoryMb: number;
}

/** Learns from a history as the policy does it. @throws DomainError `not_a_recommender`. */
export function train(
  policy: Policy,
  data: TrainingSet,
  params: unknown,
  rng: Rng,
  progress: (share: number) => void,
): CompiledPolicy {
  if (policy.learns === 'never') return policy.compile(null, params);
  if (policy.learns === 'batch') return policy.compile(policy.fit(data, params, rng, progress), params);
  if (policy.warmStart === undefined) {
    throw new DomainError(
      'not_a_recommender',
      `"${policy.key}" cannot learn from a history: use "evaluate bandit ${policy.key}"`,
    );
  }
  return policy.compile(policy.warmStart(data, params), params);
}

/**
 * Positions of the candidates outside the history, best first. A Ranker's by score, equal scores by the smaller
 * position; a Chooser's, and where re-rankers draw or leave out, as it would be served, by drawing without replacement.
 */
function rank(
  compiled: CompiledPolicy,
  layout: Layout,
  actions: readonly Action[],
  question: RankingCase,
  rng: Rng,
  reranks: boolean,
): number[] {
  const seen = new Set(question.history);
  const open = layout.candidates.filter((item) => !seen.has(item));
  const request: DecisionRequest = {
    unitId: String(question.user),
    context: {
      history: question.history.map((item) => (actions[item] as Action).id),
      // The member's mix, which calibration asks for.
      ...(reranks ? { genres: question.history.flatMap((item) => genresOf(actions[item]?.features)) } : {}),
    },
    actions: open.map((item) => actions[item] as Action),
    subject: null,
    at: 0,
  };
  if (compiled.decides === 'action' || compiled.around || compiled.eligible) {
    const { items } = serveSlate(compiled, request, DEEPEST, compileExploration('greedy', {}), 0, rng);
    return items.map((item) => open[item.index] as number);
  }
  const scores = compiled.scores(request);
  const order = Uint32Array.from(open, (_, index) => index);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return Array.from(order.subarray(0, DEEPEST), (index) => open[index] as number);
}

/** Hits in the first k over min(k, number of targets). */
export function recallAt(k: number, ranked: readonly number[], targets: ReadonlySet<number>): number {
  const hits = ranked.slice(0, k).filter((item) => targets.has(item)).length;
  return hits / Math.min(k, targets.size);
}

/** Discounted gain 1 / log2(rank + 1) of the hits in the first k, over the most that is possible. */
export function ndcgAt(k: number, ranked: readonly number[], targets: ReadonlySet<number>): number {
  let gain = 0;
  let ideal = 0;
  for (let place = 0; place < k; place++) {
    const discount = 1 / Math.log2(place + 2);
    const item = ranked[place];
    if (item !== undefined && targets.has(item)) gain += discount;
    if (place < targets.size) ideal += discount;
  }
  return gain / ideal;
}

/** Means over cases, and what the top 20 of all of them cover. */
class Score {
  private cases = 0;
  private recall20 = 0;
  private ndcg10 = 0;
  private ndcg100 = 0;
  private novelty = 0;
  private readonly lists = new ListScore();
  private readonly users = new Set<number>();

  add(
    question: RankingCase,
    ranked: readonly number[],
    surprise: Float64Array,
    actions: readonly Action[],
  ): void {
    const { targets, user } = question;
    this.cases++;
    this.users.add(user);
    this.recall20 += recallAt(20, ranked, targets);
    this.ndcg10 += ndcgAt(10, ranked, targets);
    this.ndcg100 += ndcgAt(100, ranked, targets);
    const top = ranked.slice(0, NOVELTY_TOP);
    for (const item of top) this.novelty += (surprise[item] as number) / top.length;
    this.lists.add(ranked, actions);
  }

  figures(candidates: readonly number[]) {
    const { cases } = this;
    return {
      users: this.users.size,
      'recall@20': this.recall20 / cases,
      'ndcg@10': this.ndcg10 / cases,
      'ndcg@100': this.ndcg100 / cases,
      ...this.lists.figures(candidates),
      'novelty@20': this.novelty / cases,
    };
  }
}

/** Bits of surprise of a title: -log2((members who have it + 0.5) / (members + 1)). */
function surpriseOf(data: TrainingSet): Float64Array {
  const members = new Float64Array(data.items.length);
  for (const item of data.item) members[item] = (members[item] as number) + 1;
  return members.map((count) => -Math.log2((count + 0.5) / (data.units.length + 1)));
}

/** The titles of a fold, by position. */
export function actionsOf(fold: Fold): readonly Action[] {
  return fold.train.items.map((id, i) => ({ id, features: fold.train.itemFeatures[i] ?? {} }));
}

/** @throws DomainError `unknown_protocol`. */
export function protocolOf(name: string): ProtocolName {
  const protocol = PROTOCOLS.find((known) => known === name);
  if (protocol === undefined) {
    throw new DomainError(
      'unknown_protocol',
      `the protocol "${name}" is not known; known are ${PROTOCOLS.join(', ')}`,
    );
  }
  return protocol;
}

/**
 * Trains a policy and ranks what was hidden from it, by the full list of titles (no sampled negatives).
 * @throws DomainError on an unknown policy or protocol, bad parameters or unreadable data.
 */
export function evaluateRecommender(options: EvaluateRecommenderOptions): RecommenderEvaluation {
  const policy = policyRegistry.get(options.policy);
  const params = policy.params.parse(withRerankers(options.params, options.rerank));
  const protocol = protocolOf(options.protocol);
  const split = options.split === undefined ? {} : readSplit(options.split);
  const features = readTitleFeatures(options.data, options);
  const layout = layOut(protocol, readRatings(options.data), split, features);
  const score = new Score();
  let fitMs = 0;
  let processorUs = 0;
  layout.folds.forEach((fold, index) => {
    const rng = createRng(`evaluate ${options.seed ?? 1} ${index}`);
    const start = performance.now();
    const before = process.cpuUsage();
    const compiled = train(policy, fold.train, params, rng, (share) => {
      options.progress?.((index + 0.5 * share) / layout.folds.length);
    });
    fitMs += performance.now() - start;
    const used = process.cpuUsage(before);
    processorUs += used.user + used.system;
    const actions = actionsOf(fold);
    const surprise = surpriseOf(fold.train);
    fold.cases.forEach((question, asked) => {
      const ranked = rank(compiled, layout, actions, question, rng, options.rerank !== undefined);
      score.add(question, ranked, surprise, actions);
      options.progress?.((index + 0.5 + (0.5 * (asked + 1)) / fold.cases.length) / layout.folds.length);
    });
  });
  return {
    policy: policy.key,
    params: params as Json,
    ...score.figures(layout.candidates),
    fitSeconds: fitMs / 1000,
    fitProcessorSeconds: processorUs / 1e6,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
  };
}
