import { createRng, DomainError } from '#experiments';
import type { Json } from '#experiments';
import {
  COMPLETION_FEATURE,
  OBJECTIVES,
  policyRegistry,
  RETURN_FEATURE,
  titleRates,
  tradeOffGrid,
  TradeOffStudy,
} from '#policies';
import type { Action, TitleRates, TitleUse, TradeOffCurve } from '#policies';
import { readRatings, readTitleFeatures } from './evaluate-data.js';
import type { RatingEvent } from './evaluate-data.js';
import { layOut, readSplit } from './evaluate-protocols.js';
import type { Fold } from './evaluate-protocols.js';
import { actionsOf, protocolOf, train } from './evaluate-recommender.js';
import type { EvaluateRecommenderOptions } from './evaluate-recommender.js';

/** A rating from here on counts as a title that was watched to its end. */
const LIKED = 4;

export interface TradeOffEvaluation extends TradeOffCurve {
  readonly policy: string;
  readonly params: Json;
}

/** Rates by position of the title, from the ratings of the members that are let through. */
function ratesOf(
  events: readonly RatingEvent[],
  items: readonly number[],
  counts: (user: number) => boolean,
): TitleRates {
  const position = new Map(items.map((id, index) => [id, index]));
  const uses = events.flatMap(({ user, item, rating, time }): TitleUse[] => {
    const place = position.get(item);
    if (place === undefined || !counts(user)) return [];
    return [{ unit: user, item: place, at: time * 1000, completed: rating >= LIKED }];
  });
  return titleRates(uses, items.length, Infinity);
}

const steered = (actions: readonly Action[], rates: TitleRates): Action[] =>
  actions.map(({ id, features }, i) => ({
    id,
    features: {
      ...features,
      [COMPLETION_FEATURE]: rates.completion[i] as number,
      [RETURN_FEATURE]: rates.returning[i] as number,
    },
  }));

/**
 * What other weights would bring: the lists of every case under every setting of the grid. Titles are steered by the rates
 * of the members that the model learned from, and judged by those of the members that are asked; where everybody is in
 * both, the two are the same.
 * @throws DomainError as evaluateRecommender; `not_a_ranker` for a policy that gives no scores.
 */
export function evaluateTradeOff(options: EvaluateRecommenderOptions): TradeOffEvaluation {
  const policy = policyRegistry.get(options.policy);
  const params = policy.params.parse(options.params);
  const events = readRatings(options.data);
  const split = options.split === undefined ? {} : readSplit(options.split);
  const features = readTitleFeatures(options.data, options);
  const layout = layOut(protocolOf(options.protocol), events, split, features);
  const study = new TradeOffStudy({ relevance: 1 }, tradeOffGrid());
  layout.folds.forEach((fold, index) => {
    const rng = createRng(`evaluate ${options.seed ?? 1} ${index}`);
    const compiled = train(policy, fold.train, params, rng, () => undefined);
    if (compiled.decides !== 'slate')
      throw new DomainError('not_a_ranker', `"${policy.key}" gives no scores: there is nothing to re-rank`);
    const [past, later] = bothRates(events, layout.items, fold);
    const actions = steered(actionsOf(fold), past);
    fold.cases.forEach((question, asked) => {
      const seen = new Set(question.history);
      const open = layout.candidates.filter((item) => !seen.has(item));
      const history = question.history.map((item) => (actions[item] as Action).id);
      study.add(compiled, {
        request: {
          unitId: String(question.user),
          context: { history },
          actions: open.map((item) => actions[item] as Action),
          subject: null,
          at: 0,
        },
        used: new Set(open.flatMap((item, place) => (question.targets.has(item) ? [place] : []))),
        later: {
          completion: Float64Array.from(open, (item) => later.completion[item] as number),
          returning: Float64Array.from(open, (item) => later.returning[item] as number),
        },
      });
      options.progress?.((index + (asked + 1) / fold.cases.length) / layout.folds.length);
    });
  });
  return { policy: policy.key, params: params as Json, ...study.curve() };
}

function bothRates(
  events: readonly RatingEvent[],
  items: readonly number[],
  fold: Fold,
): [TitleRates, TitleRates] {
  const learned = new Set(fold.train.units);
  const strangers = fold.cases.some(({ user }) => !learned.has(String(user)));
  const past = ratesOf(events, items, (user) => !strangers || learned.has(String(user)));
  return [past, strangers ? ratesOf(events, items, (user) => !learned.has(String(user))) : past];
}

/** The curve as a table of fixed width: settings, objectives with half widths of their intervals, a star on the front. */
export function tradeOffTable({ units, places, points }: TradeOffCurve): string {
  const header = `${units} lists of ${places}; * no other setting is better in one objective and as good in the others\n`;
  const head = ['', ...OBJECTIVES, 'setting'].map((text, i) => (i === 0 ? '  ' : text.padEnd(16))).join('');
  const rows = points.map(({ objectives, efficient, setting }) => {
    const figures = OBJECTIVES.map((name) => {
      const { estimate, upper } = objectives[name];
      return `${estimate.toFixed(4)} ±${(upper - estimate).toFixed(4)}`.padEnd(16);
    });
    const { features: _features, ...shown } = setting;
    return `${efficient ? '* ' : '  '}${figures.join('')}${JSON.stringify(shown)}`;
  });
  return `${header}${[head, ...rows].join('\n')}\n`;
}
