import type { Context } from '#experiments';
import type { Action, Ranker, TrainingSet } from '../../contract.js';
import { historyOf } from '../history.js';

/** Places among the newest different titles at which a member may take one up again. */
export const RECENT = 20;
/** Imagined visits that the shares begin with. */
const PRIOR = { sequel: 1, again: 1, fresh: 8 } as const;
const TEMPERATURES = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6] as const;
/** Visits by which the sharpness is found. */
const MOST_ASKED = 1_500;

/** Of how many visits what kind of title is the first. */
export interface NextTitleShares {
  /** Share of visits that go on with the next part, of those whose newest title has one. */
  readonly sequel: number;
  /** Share of the other visits that take up the n-th newest title again. */
  readonly again: Float64Array;
  /** Factor of standardised scores in the softmax over titles that are new to the member. */
  readonly sharpness: number;
}

/** The first title of a visit, with the titles before it, newest last. Row numbers of a training set. */
export interface FirstTitle {
  readonly unit: number;
  readonly before: readonly number[];
  readonly title: number;
}

/** First titles of all visits but each member's first, in order of members and time. */
export function firstTitles(data: TrainingSet, gapMs: number): FirstTitle[] {
  const rows: number[][] = data.units.map(() => []);
  data.unit.forEach((unit, row) => rows[unit]?.push(row));
  return rows.flatMap((own, unit) => {
    const firsts: FirstTitle[] = [];
    own.forEach((row, n) => {
      const previous = own[n - 1];
      if (previous === undefined || (data.at[row] as number) - (data.at[previous] as number) < gapMs) return;
      const before = own.slice(Math.max(0, n - 5 * RECENT), n).map((at) => data.item[at] as number);
      firsts.push({ unit, before, title: data.item[row] as number });
    });
    return firsts;
  });
}

/** The newest different ids, newest first. */
export function newest<T>(history: readonly T[], most = RECENT): T[] {
  return [...new Set([...history].reverse())].slice(0, most);
}

/** Whether `next` is the part after `last` of the same series, by features `series` and `episode`. */
export const follows = (last: Context | undefined, next: Context | undefined): boolean =>
  last !== undefined &&
  next !== undefined &&
  typeof last['series'] === 'string' &&
  last['series'] === next['series'] &&
  typeof last['episode'] === 'number' &&
  next['episode'] === last['episode'] + 1;

/** Counts what visits begin with. */
export function countShares(
  firsts: readonly FirstTitle[],
  features: readonly Context[],
): Omit<NextTitleShares, 'sharpness'> {
  const again = new Float64Array(RECENT).fill(PRIOR.again / RECENT);
  const parts = new Set(
    features.flatMap((one) => (one['series'] ? [`${String(one['series'])}/${String(one['episode'])}`] : [])),
  );
  const hasNext = (one: Context | undefined): boolean =>
    typeof one?.['episode'] === 'number' && parts.has(`${String(one['series'])}/${one['episode'] + 1}`);
  let [sequels, withSequel] = [PRIOR.sequel, 2 * PRIOR.sequel];
  let others = PRIOR.again + PRIOR.fresh;
  for (const { before, title } of firsts) {
    const recent = newest(before);
    const last = features[recent[0] as number];
    if (hasNext(last)) withSequel++;
    if (follows(last, features[title])) {
      sequels++;
      continue;
    }
    others++;
    const place = recent.indexOf(title);
    if (place >= 0) again[place] = (again[place] as number) + 1;
  }
  return { sequel: sequels / withSequel, again: again.map((count) => count / others) };
}

function standardised(scores: Float64Array, open: (i: number) => boolean): Float64Array {
  let [n, mean, squares] = [0, 0, 0];
  scores.forEach((score, i) => {
    if (!open(i)) return;
    n++;
    const off = score - mean;
    mean += off / n;
    squares += off * (score - mean);
  });
  const sd = Math.sqrt(squares / Math.max(1, n));
  return scores.map((score) => (sd > 1e-12 * Math.abs(mean) && sd > 0 ? (score - mean) / sd : 0));
}

/** Probabilities over the open titles, sum 1; all 0 where none is. */
function softmax(scores: Float64Array, sharpness: number, open: (i: number) => boolean): Float64Array {
  let top = -Infinity;
  scores.forEach((score, i) => {
    if (open(i)) top = Math.max(top, sharpness * score);
  });
  const weights = scores.map((score, i) => (open(i) ? Math.exp(sharpness * score - top) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total > 0 ? weights.map((weight) => weight / total) : weights;
}

/**
 * The sharpness under which the titles that were new to their members were most likely.
 * @param ranker that has not learned from these visits.
 */
export function sharpnessOf(
  ranker: Ranker,
  firsts: readonly FirstTitle[],
  actions: readonly Action[],
  at: number,
): number {
  const fresh = firsts.filter(({ before, title }) => !newest(before).includes(title));
  const step = Math.max(1, Math.ceil(fresh.length / MOST_ASKED));
  const likelihood = new Float64Array(TEMPERATURES.length);
  for (let n = 0; n < fresh.length; n += step) {
    const { before, title } = fresh[n] as FirstTitle;
    const history = before.map((item) => (actions[item] as Action).id);
    const recent = new Set(newest(before));
    const request = { unitId: '', context: { history }, actions, subject: null, at };
    const open = (i: number): boolean => !recent.has(i);
    const scores = standardised(ranker.scores(request), open);
    TEMPERATURES.forEach((sharpness, k) => {
      const p = softmax(scores, sharpness, open)[title] as number;
      likelihood[k] = (likelihood[k] as number) + Math.log(Math.max(1e-12, p));
    });
  }
  return TEMPERATURES[likelihood.indexOf(Math.max(...likelihood))] ?? 1;
}

/**
 * Probability of each action to be what the next visit begins with: the next part of a series, a title taken up again
 * (by how long ago it was; those of `context.unfinished` count as the newest), or, with what is left, a title that is
 * new to the member, by the scores of the recommender. Sums to at most 1.
 */
export function titleProbabilities(
  actions: readonly Action[],
  context: Context,
  scores: Float64Array,
  shares: NextTitleShares,
  featuresOf: (id: string) => Context | undefined,
): Float64Array {
  const history = historyOf(context);
  const unfinished = context['unfinished'];
  const recent = newest([...history, ...(Array.isArray(unfinished) ? (unfinished as string[]) : [])]);
  const places = new Map(recent.map((id, place) => [id, place]));
  const last = history.at(-1);
  const lastFeatures = last === undefined ? undefined : featuresOf(last);
  const sequel = actions.findIndex(({ id, features }) =>
    follows(lastFeatures, { ...featuresOf(id), ...features }),
  );
  const rest = sequel >= 0 ? 1 - shares.sequel : 1;
  const isFresh = (i: number): boolean => i !== sequel && !places.has((actions[i] as Action).id);
  const again = recent.reduce((sum, _, place) => sum + (shares.again[place] as number), 0);
  const fresh = softmax(standardised(scores, isFresh), shares.sharpness, isFresh);
  return Float64Array.from(actions, ({ id }, i) => {
    if (i === sequel) return shares.sequel;
    const place = places.get(id);
    return (
      rest * (place === undefined ? (1 - again) * (fresh[i] as number) : (shares.again[place] as number))
    );
  });
}
