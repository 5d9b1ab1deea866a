import type { Action, ShownList } from '../../contract.js';
import { conditionalLogit, logitLoss } from '../../linear-algebra/conditional-logit.js';
import type { Choice } from '../../linear-algebra/conditional-logit.js';
import { examinationAt, examinationOf, priorExamination } from './examination.js';
import { FEATURE_COUNT, PRIOR } from './head.js';
import { questionOf } from './query.js';
import type { SearchRanker } from './ranker.js';

/** A search without success, and one with success by the same member soon after, ask for the same. */
const CHAIN_MS = 10 * 60_000;
/** What the later search found counts this much for the earlier one. */
const CHAIN_WEIGHT = 0.5;
/** Share of the searches, the newest, on which the learned weights must beat the prior ones. */
const WATCHED = 0.1;
const LEAST_WATCHED = 20;

export interface LearnedHead {
  readonly weights: Float64Array;
  readonly examination: Float64Array;
  /** Searches with an answer that was wanted. */
  readonly searches: number;
  /** Loss per watched search of the learned and of the prior weights; null where too few could be watched. */
  readonly watched: { readonly learned: number; readonly prior: number } | null;
}

export const unlearned = (): LearnedHead => ({
  weights: PRIOR.slice(),
  examination: priorExamination(),
  searches: 0,
  watched: null,
});

/** What was wanted: places in the list, or a title that a later search found. */
interface Wanted {
  readonly list: ShownList;
  readonly chosen: readonly { readonly id: string; readonly weight: number }[];
}

/**
 * Searches whose wanted title is known. What earned counts by 1 / examination of its place: a title at the bottom that was
 * chosen all the same stands for those who would have chosen it had they seen it. A search that led to nothing and was put in
 * other words counts by what these found (query chains; Radlinski and Joachims 2005).
 */
function wantedOf(lists: readonly ShownList[], examination: Float64Array): Wanted[] {
  const open = new Map<string, ShownList[]>();
  const wanted: Wanted[] = [];
  for (const list of lists) {
    const chosen = list.items
      .map((id, i) => ({
        id,
        weight: (list.earned[i] as number) > 0 ? 1 / examinationAt(examination, i) : 0,
      }))
      .filter(({ weight }) => weight > 0);
    const waiting = (open.get(list.unitId) ?? []).filter(({ at }) => list.at - at <= CHAIN_MS);
    if (chosen.length === 0) {
      open.set(list.unitId, [...waiting, list]);
      continue;
    }
    open.delete(list.unitId);
    wanted.push({ list, chosen });
    const found = chosen[0] as { id: string };
    for (const earlier of waiting)
      wanted.push({ list: earlier, chosen: [{ id: found.id, weight: CHAIN_WEIGHT }] });
  }
  return wanted.sort((a, b) => a.list.at - b.list.at);
}

/** The question as a choice among what was shown and what was wanted; null where nothing could be told apart. */
function choiceOf(
  { list, chosen }: Wanted,
  ranker: SearchRanker,
  catalogue: { readonly all: readonly Action[]; readonly byId: ReadonlyMap<string, Action> },
): Choice | null {
  const request = { unitId: list.unitId, context: list.context, subject: null, at: list.at };
  const ids = [...new Set([...list.items, ...chosen.map(({ id }) => id)])].filter((id) =>
    catalogue.byId.has(id),
  );
  const places = new Map(ids.map((id, i) => [id, i]));
  const targets = chosen.flatMap(({ id, weight }) => {
    const place = places.get(id);
    return place === undefined ? [] : [{ place, weight }];
  });
  if (targets.length === 0 || ids.length < 2) return null;
  // Taste and clarity are relative to all that is found, as they are when it is served.
  const others = ranker
    .retrieve({ ...request, actions: catalogue.all }, null)
    .map((i) => catalogue.all[i] as Action)
    .filter(({ id }) => !places.has(id));
  const actions = [...ids.map((id) => catalogue.byId.get(id) as Action), ...others];
  const { rows } = ranker.features({ ...request, actions });
  const kept = new Float64Array(ids.length * FEATURE_COUNT);
  ids.forEach((_, i) => kept.set(rows[i] as Float64Array, i * FEATURE_COUNT));
  return { alternatives: ids.length, chosen: targets, fill: (into) => into.set(kept) };
}

/**
 * Learns the weights of the head from logged searches: a listwise softmax over what was shown, weighed against the bias of
 * position (Ai et al. 2018), held at the prior weights. Weights never fall below 0: no match may count against a title.
 * @param ranker has learned nothing that happened in these searches or after them.
 * @param most searches, the newest.
 * @param pull strength of the prior, in searches.
 */
export function learnHead(
  lists: readonly ShownList[],
  ranker: SearchRanker,
  catalogue: readonly Action[],
  { most, pull }: { readonly most: number; readonly pull: number },
  progress: (share: number) => void,
): LearnedHead {
  const asked = lists.filter(({ context }) => questionOf(context) !== null);
  const examination = examinationOf(asked);
  const known = { all: catalogue, byId: new Map(catalogue.map((action) => [action.id, action])) };
  const wanted = wantedOf(asked, examination).slice(-most);
  const choices: Choice[] = [];
  wanted.forEach((one, i) => {
    const choice = choiceOf(one, ranker, known);
    if (choice) choices.push(choice);
    if (i % 50 === 0) progress(i / wanted.length);
  });
  const head = { examination, searches: choices.length };
  const watch = Math.floor(WATCHED * choices.length);
  if (watch < LEAST_WATCHED) return { ...head, weights: learned(choices, pull), watched: null };
  const fitted = learned(choices.slice(0, -watch), pull);
  const newest = choices.slice(-watch);
  const watched = { learned: logitLoss(newest, fitted), prior: logitLoss(newest, PRIOR) };
  return {
    ...head,
    weights: watched.learned < watched.prior ? learned(choices, pull) : PRIOR.slice(),
    watched,
  };
}

const learned = (choices: readonly Choice[], pull: number): Float64Array =>
  choices.length === 0
    ? PRIOR.slice()
    : conditionalLogit(choices, PRIOR, pull).map((weight) => Math.max(0, weight));
