import { DomainError } from '#experiments';
import type { Json, Rng } from '#experiments';
import { decodeFloats, encodeFloats, stateObject, stateText } from '../../codec.js';
import type { Checkpoints, TrainingSet } from '../../contract.js';
import { standardised } from '../graph/ensemble.js';
import { Stages } from '../stages.js';
import type { Catalogue, MemberModel, TitleModel, TitleScorer } from '../titles/model.js';
import { membersPerTitle, shares } from '../titles/popularity.js';
import { rehearse } from './cases.js';
import type { Question, Rehearsal, RehearsalRules } from './cases.js';
import { knownOfMember, knownOfTitle, parameterCount, terms } from './gates.js';
import { learnBlend, startingWeights } from './learn.js';
import type { BlendCase } from './learn.js';
import { PARTS } from './parts.js';
import type { PartName, PartParams } from './parts.js';

export interface HybridParams extends PartParams, RehearsalRules {
  readonly parts: readonly PartName[];
  readonly pull: number;
}

export interface HybridState {
  readonly parts: readonly { readonly name: PartName; readonly state: unknown }[];
  /** See gates.ts. */
  readonly weights: Float64Array;
}

/** Titles that the scale of a part's scores is taken from. */
const SCALE_TITLES = 500;
/** Candidates of a question: what was watched, and at most about this many others. */
const MOST_CANDIDATES = 2_500;

function fitParts(
  data: TrainingSet,
  catalogue: Catalogue,
  params: HybridParams,
  rng: Rng,
  progress: (share: number) => void,
  stages: Stages,
): HybridState['parts'] {
  return params.parts.map((name, k) => {
    const report = (share: number): void => progress((k + share) / params.parts.length);
    const state = stages.run(name, (own) =>
      PARTS[name].fit(data, catalogue, params, rng.fork(name), report, own),
    );
    return { name, state };
  });
}

/** Every k-th of the watched titles; the same scale for all parts, whatever they know of new titles. */
function scaleOf({ popularity }: Catalogue): number[] {
  const watched = [...popularity.keys()].filter((i) => (popularity[i] as number) > 0);
  const step = Math.max(1, Math.ceil(watched.length / SCALE_TITLES));
  return watched.filter((_, place) => place % step === 0);
}

/** The places of both lists, each once and ascending: parts that go through rows of numbers read them in order. */
function ascending(wanted: readonly number[], scale: readonly number[], titles: number): number[] {
  const isAsked = new Uint8Array(titles);
  for (const i of wanted) isAsked[i] = 1;
  for (const i of scale) isAsked[i] = 1;
  const places: number[] = [];
  for (let i = 0; i < titles; i++) if (isAsked[i] === 1) places.push(i);
  return places;
}

type Opinions = (member: ReadonlyMap<number, number>, wanted: readonly number[]) => readonly TitleScorer[];

/** All parts' standardised opinions, one scorer each. */
function opinionsOf(parts: HybridState['parts'], catalogue: Catalogue, params: HybridParams): Opinions {
  const models = parts.map(({ name, state }) => PARTS[name].compile(state, catalogue, params));
  const scale = scaleOf(catalogue);
  return (member, wanted) => {
    const asked = ascending(wanted, scale, catalogue.table.items.length);
    return models.map((model) => standardised(model(member, asked), catalogue, scale));
  };
}

/** A question about some of the candidates, for which the parts have given their opinions. */
function blendCase(
  question: Question,
  candidates: readonly number[],
  scorers: readonly TitleScorer[],
  catalogue: Catalogue,
): BlendCase | undefined {
  const wanted = new Set(question.targets);
  const targets = [...candidates.keys()].filter((place) => wanted.has(candidates[place] as number));
  if (targets.length === 0 || targets.length === candidates.length) return undefined;
  const opinions = new Float64Array(candidates.length * scorers.length);
  candidates.forEach((index, place) => {
    const title = catalogue.reader.known(index);
    scorers.forEach((score, k) => (opinions[place * scorers.length + k] = score(title, index)));
  });
  return {
    member: knownOfMember(question.history.length),
    titles: Float64Array.from(candidates, (index) => knownOfTitle(catalogue, index)),
    opinions,
    targets,
  };
}

/** Every question over all open titles, and once more over the hidden ones alone: those are few among all. */
function casesOf(
  rehearsal: Rehearsal,
  parts: HybridState['parts'],
  catalogue: Catalogue,
  params: HybridParams,
): BlendCase[] {
  const opinions = opinionsOf(parts, catalogue, params);
  const { popularity } = catalogue;
  const isThere = (i: number): boolean => (popularity[i] as number) > 0 || rehearsal.hidden[i] === 1;
  const all = [...popularity.keys()].filter(isThere);
  const step = Math.max(1, Math.ceil(all.length / MOST_CANDIDATES));
  return rehearsal.questions.flatMap((question) => {
    if (question.history.length === 0) return [];
    const [seen, wanted] = [new Set(question.history), new Set(question.targets)];
    const open = all.filter((i, place) => !seen.has(i) && (place % step === 0 || wanted.has(i)));
    const fresh = open.filter((i) => rehearsal.hidden[i] === 1);
    const scorers = opinions(new Map(question.history.map((i) => [i, 1])), open);
    const cases = [open, fresh].map((candidates) => blendCase(question, candidates, scorers, catalogue));
    return cases.filter((one) => one !== undefined);
  });
}

/** From the parts as they are without what is hidden from them. @param progress from 0 to 1. */
function learnWeights(
  data: TrainingSet,
  catalogue: Catalogue,
  params: HybridParams,
  rng: Rng,
  progress: (share: number) => void,
  checkpoints: Checkpoints,
): Float64Array {
  const rehearsal = rehearse(data, params, rng.fork('rehearsal'));
  const shown: Catalogue = { ...catalogue, popularity: shares(membersPerTitle(rehearsal.shown)) };
  const stages = new Stages(checkpoints);
  const report = (share: number): void => progress(0.7 * share);
  const tried = fitParts(rehearsal.shown, shown, params, rng.fork('tried'), report, stages);
  const cases = casesOf(rehearsal, tried, shown, params);
  progress(0.9);
  const parts = params.parts.length;
  return cases.length > 0 ? learnBlend(cases, parts, params.pull) : startingWeights(parts);
}

function fit(
  data: TrainingSet,
  catalogue: Catalogue,
  params: HybridParams,
  rng: Rng,
  progress: (share: number) => void,
  checkpoints?: Checkpoints,
): HybridState {
  const stages = new Stages(checkpoints);
  const toWeights = (share: number): void => progress(0.55 * share);
  const weights = stages.run(
    'weights',
    (own) => learnWeights(data, catalogue, params, rng, toWeights, own),
    true,
  );
  progress(0.55);
  const report = (share: number): void => progress(0.55 + 0.45 * share);
  const fitted = fitParts(data, catalogue, params, rng.fork('parts'), report, stages);
  return { parts: fitted, weights };
}

function compile(state: HybridState, catalogue: Catalogue, params: HybridParams): MemberModel {
  const opinions = opinionsOf(state.parts, catalogue, params);
  const values = new Float64Array(state.parts.length);
  const row = new Float64Array(parameterCount(state.parts.length));
  return (member, wanted) => {
    const scorers = opinions(member, wanted);
    const known = knownOfMember(member.size);
    return (title, index) => {
      for (let k = 0; k < scorers.length; k++) values[k] = (scorers[k] as TitleScorer)(title, index);
      terms(values, known, knownOfTitle(catalogue, index), row);
      let sum = 0;
      for (let a = 0; a < row.length; a++) sum += (row[a] as number) * (state.weights[a] as number);
      return sum;
    };
  };
}

function decode(json: Json | undefined, catalogue: Catalogue): HybridState {
  const stored = stateObject(json ?? null);
  const list = stored['parts'];
  if (!Array.isArray(list))
    throw new DomainError('invalid_state', 'the stored parts are not a list', '/model/parts');
  const parts = list.map((entry: Json) => {
    const { name: storedName, state } = stateObject(entry);
    const name = stateText(storedName, 'name') as PartName;
    if (!Object.hasOwn(PARTS, name))
      throw new DomainError('invalid_state', `there is no part "${name}"`, '/model/parts');
    return { name, state: PARTS[name].decode(state, catalogue) };
  });
  const weights = decodeFloats(stateText(stored['weights'], 'weights'));
  if (weights.length !== parameterCount(parts.length)) {
    throw new DomainError('invalid_state', 'the weights do not fit the parts', '/model/weights');
  }
  return { parts, weights };
}

/**
 * Collaborative and attribute models blended by weights that were learned on what was hidden from them, and that depend
 * on how much is known of the member and of the title (feature-weighted linear stacking, Sill et al. 2009). The parts
 * are trained twice: on what is shown in the rehearsal, then on everything.
 */
export const hybridModel: TitleModel<HybridParams, HybridState> = {
  fit,
  encode: ({ parts, weights }) => ({
    parts: parts.map(({ name, state }) => ({ name, state: PARTS[name].encode(state) })),
    weights: encodeFloats(weights),
  }),
  decode,
  compile,
};
