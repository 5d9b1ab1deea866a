import { createRng } from '#experiments';
import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { Action, Ranker, TrainingSet } from '#policies';
import { bm25, trigrams } from './baselines.js';
import type { Searcher } from './baselines.js';
import { actionOf, readFilms } from './films.js';
import type { Film } from './films.js';
import { makeQueries, QUERY_KINDS } from './queries.js';
import type { Query } from './queries.js';

export interface EvaluateSearchOptions {
  /** Directory with films.jsonl. */
  readonly data: string;
  readonly params?: unknown;
  readonly seed?: number;
  /** Queries of each kind. */
  readonly queries?: number;
  /** Which half of the films is asked for; the prior weights were chosen on the other. */
  readonly half?: 'asked' | 'chosen-on';
  readonly progress?: (share: number) => void;
}

export interface SearchScore {
  readonly mrr: number;
  readonly 'success@1': number;
  readonly 'success@10': number;
}

export interface SearchEvaluation {
  readonly films: number;
  readonly queriesPerKind: number;
  readonly params: Json;
  /** Searcher -> kind of query -> figures; `all` is the mean over kinds. */
  readonly searchers: Readonly<Record<string, Readonly<Record<string, SearchScore>>>>;
  readonly fitSeconds: number;
  readonly stateMb: number;
  /** Milliseconds of processor time for retrieval and ranking in the whole catalogue. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const TOP = 10;

/** The catalogue alone: nobody has watched anything. */
export function catalogueOnly(catalogue: readonly Action[]): TrainingSet {
  const none = new Uint32Array(0);
  return {
    units: [],
    items: [],
    unit: none,
    item: none,
    value: new Float64Array(0),
    at: new Float64Array(0),
    itemFeatures: [],
    catalogue,
  };
}

/** Of every second film by its number, so that halves are the same whatever else is there. */
const isAsked = ({ id }: Film): boolean =>
  [...id].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 1009, 7) % 2 === 1;

function searchBy(ranker: Ranker, actions: readonly Action[]): (query: Query) => readonly string[] {
  return ({ text, mode }) => {
    const request = { unitId: 'nobody', context: { query: text, mode }, subject: null, actions, at: 0 };
    const places = ranker.retrieve?.(request, null) ?? actions.map((_, i) => i);
    const found = places.map((i) => actions[i] as Action);
    const scores = ranker.scores({ ...request, actions: found });
    return found
      .map(({ id }, i) => ({ id, score: scores[i] as number }))
      .sort((a, b) => b.score - a.score)
      .slice(0, TOP)
      .map(({ id }) => id);
  };
}

class Tally {
  private n = 0;
  private reciprocal = 0;
  private first = 0;
  private ten = 0;

  add(ids: readonly string[], answers: ReadonlySet<string>): void {
    const rank = ids.findIndex((id) => answers.has(id));
    this.n++;
    if (rank < 0) return;
    this.reciprocal += 1 / (rank + 1);
    this.first += rank === 0 ? 1 : 0;
    this.ten++;
  }

  result(): SearchScore {
    const n = Math.max(1, this.n);
    return { mrr: this.reciprocal / n, 'success@1': this.first / n, 'success@10': this.ten / n };
  }
}

const meanOf = (scores: readonly SearchScore[]): SearchScore => {
  const mean = (key: keyof SearchScore): number =>
    scores.reduce((sum, one) => sum + one[key], 0) / scores.length;
  return { mrr: mean('mrr'), 'success@1': mean('success@1'), 'success@10': mean('success@10') };
};

function scoresOf(
  search: (query: Query) => readonly string[],
  queries: readonly Query[],
): Record<string, SearchScore> {
  const tallies = new Map(QUERY_KINDS.map((kind) => [kind, new Tally()]));
  for (const query of queries) tallies.get(query.kind)?.add(search(query), query.answers);
  const byKind = QUERY_KINDS.map((kind) => [kind, (tallies.get(kind) as Tally).result()] as const);
  return { ...Object.fromEntries(byKind), all: meanOf(byKind.map(([, score]) => score)) };
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

/**
 * Indexes films, asks for half of them in every way, and says how often they stand first: the policy `search` beside plain
 * BM25 and beside trigrams of titles, on the same queries. MRR counts the first ten places.
 */
export function evaluateSearch(options: EvaluateSearchOptions): SearchEvaluation {
  const { queries: perKind = 500, seed = 1, progress = () => undefined } = options;
  const films = readFilms(options.data);
  const wanted = films.filter((film) => isAsked(film) === (options.half !== 'chosen-on'));
  const queries = makeQueries(films, wanted, perKind, `search ${seed}`);
  const policy = policyRegistry.get('search');
  if (policy.learns !== 'batch') throw new Error('the policy "search" learns in training runs');
  const params = policy.params.parse(options.params ?? {});
  const actions = Object.freeze(films.map(actionOf));
  const begun = performance.now();
  const state = policy.fit(catalogueOnly(actions), params, createRng(String(seed)), () => undefined);
  const fitSeconds = (performance.now() - begun) / 1000;
  const stateMb = JSON.stringify(policy.encode(state)).length / 1024 ** 2;
  const ranker = policy.compile(state, params);
  if (ranker.decides !== 'slate') throw new Error('the policy "search" ranks');
  const search = searchBy(ranker, actions);
  const times: number[] = [];
  const timed = (query: Query): readonly string[] => {
    const from = process.cpuUsage();
    const answer = search(query);
    const { user, system } = process.cpuUsage(from);
    times.push((user + system) / 1000);
    progress(times.length / queries.length);
    return answer;
  };
  const plain = (searcher: Searcher) => (query: Query) => searcher(query.text);
  const searchers = {
    search: scoresOf(timed, queries),
    bm25: scoresOf(plain(bm25(films)), queries),
    trigrams: scoresOf(plain(trigrams(films)), queries),
  };
  times.sort((a, b) => a - b);
  return {
    films: films.length,
    queriesPerKind: perKind,
    params: (options.params ?? {}) as Json,
    searchers,
    fitSeconds,
    stateMb,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  };
}
