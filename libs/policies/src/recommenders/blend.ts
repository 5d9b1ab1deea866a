import { defineParams, DomainError } from '#experiments';
import type { Json, ParamsSchema, Rng } from '#experiments';
import { z } from 'zod';
import { stateObject, stateText, stateTexts } from '../codec.js';
import type {
  Action,
  Checkpoints,
  FitProgress,
  Ranker,
  RecommenderPolicy,
  TrainingNeeds,
  TrainingSet,
} from '../contract.js';
import { compilePart, parsePart, partOf, partsOf } from './parts.js';
import type { Parts } from './parts.js';
import { JournalRng } from '../sampling/journal-rng.js';
import { Stages } from './stages.js';

interface Part {
  readonly key: string;
  readonly weight: number;
  readonly params: unknown;
}
interface Params {
  readonly parts: readonly Part[];
}
interface State {
  readonly items: readonly string[];
  /** States of the parts, in the order of the parameters. */
  readonly parts: readonly { readonly key: string; readonly state: unknown }[];
}

/** Titles that the scale of a part's scores is taken from: evenly spread, so that big catalogues cost no more. */
const SCALE_TITLES = 5_000;

function paramsOf(known: Parts): ParamsSchema<Params> {
  const part = z.strictObject({
    key: z.enum([...known.keys()]).describe('Policy of this part.'),
    weight: z.number().min(-100).max(100).default(1).describe('Weight of its standardised scores.'),
    params: z.record(z.string(), z.json()).default({}).describe('Parameters of that policy.'),
  });
  const outer = defineParams(
    z.object({
      parts: z
        .array(part)
        .min(1)
        .max(8)
        .default([
          { key: 'ease', weight: 1, params: {} },
          { key: 'markov-knn', weight: 2, params: {} },
        ])
        .describe('The policies that are blended, each with the weight of its standardised scores.'),
    }),
  );
  return {
    jsonSchema: outer.jsonSchema,
    parse: (input) => ({
      parts: outer.parse(input).parts.map(({ key, weight, params }, i) => ({
        key,
        weight,
        params: parsePart(`/parts/${i}/params`, partOf(known, key), params),
      })),
    }),
  };
}

/** What any of the parts reads. */
function needsOf(parts: readonly (TrainingNeeds | undefined)[]): TrainingNeeds {
  return {
    contexts: parts.some((part) => part?.contexts),
    tasks: parts.flatMap((part) => part?.tasks ?? []),
    signals: parts.some((part) => part?.signals),
  };
}

/** Every k-th of the titles, as actions. */
function scaleActions(items: readonly string[]): Action[] {
  const step = Math.max(1, Math.ceil(items.length / SCALE_TITLES));
  return items.filter((_, i) => i % step === 0).map((id) => ({ id, features: {} }));
}

/** Mean, and 1 / standard deviation; 0 where all are equal, so that such a part says nothing. */
function scaleOf(scores: Float64Array): { readonly mean: number; readonly inverse: number } {
  const n = Math.max(1, scores.length);
  const mean = scores.reduce((sum, value) => sum + value, 0) / n;
  const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  return { mean, inverse: variance > 1e-24 * mean * mean ? 1 / Math.sqrt(variance) : 0 };
}

/** One part after the other, all by the same stream of chance. */
function fitParts(
  known: Parts,
  data: TrainingSet,
  { parts }: Params,
  rng: Rng,
  progress: FitProgress,
  checkpoints: Checkpoints | undefined,
): State['parts'] {
  const stages = new Stages(checkpoints);
  return parts.map(({ key, params }, i) => {
    const report = (share: number): void => progress((i + share) / parts.length);
    const chance = new JournalRng(rng);
    const { state, drawn } = stages.run(`part ${i}`, (own) => {
      const fitted = partOf(known, key).fit(data, params, chance, report, { checkpoints: own });
      return { state: fitted, drawn: chance.journal };
    });
    // What a part drew that is not fitted again is drawn all the same: the next one begins where it would have.
    if (chance.journal.length === 0) chance.replay(drawn);
    return { key, state };
  });
}

function compile(known: Parts, state: State, params: Params): Ranker {
  const trained = state.parts.map(({ key }) => key).join(', ');
  if (trained !== params.parts.map(({ key }) => key).join(', ')) {
    throw new DomainError(
      'invalid_state',
      `the stored parts are ${trained}, not those of the parameters`,
      '/parts',
    );
  }
  const catalogue = scaleActions(state.items);
  const parts = state.parts.map((part, i) => {
    const { params: own, weight } = params.parts[i] as Part;
    return { ranker: compilePart(partOf(known, part.key), part.state, own), weight };
  });
  return {
    decides: 'slate',
    scores: (request) => {
      const total = new Float64Array(request.actions.length);
      // Scales come from the catalogue: what a score is worth must not depend on who else is asked for.
      const actions = [...request.actions, ...catalogue];
      for (const { ranker, weight } of parts) {
        const scores = ranker.scores({ ...request, actions });
        const { mean, inverse } = scaleOf(scores.subarray(total.length));
        total.forEach((sum, i) => (total[i] = sum + weight * inverse * ((scores[i] as number) - mean)));
      }
      return total;
    },
  };
}

function decode(known: Parts, json: Json): State {
  const stored = stateObject(json);
  const list = stored['parts'];
  if (!Array.isArray(list))
    throw new DomainError('invalid_state', 'the stored parts are not a list', '/parts');
  return {
    items: stateTexts(stored['items'], 'items'),
    parts: list.map((entry: Json) => {
      const { key: storedKey, state = null } = stateObject(entry);
      const key = stateText(storedKey, 'key');
      return { key, state: partOf(known, key).decode(state) };
    }),
  };
}

/**
 * A weighted sum of other recommenders. Each part's scores are standardised over the catalogue for every request (mean 0,
 * standard deviation 1), so that the weights compare opinions and not units.
 * @param policies what may be a part: rankers that need nothing of an action but its id.
 */
export function blendOf(policies: readonly RecommenderPolicy[]): RecommenderPolicy<Params, State> {
  const known = partsOf(policies);
  return {
    key: 'blend',
    title: 'Blend of recommenders',
    summary: 'Adds up the opinions of several recommenders, each with a weight of its own.',
    reference: 'Jahrer, Töscher, Legenstein (2010), Combining predictions for accurate recommender systems',
    learns: 'batch',
    params: paramsOf(known),
    stateVersion: 1,
    needs: ({ parts }) => needsOf(parts.map((part) => partOf(known, part.key).needs?.(part.params))),
    fit: (data, params, rng, progress, { checkpoints } = {}) => ({
      items: [...data.items],
      parts: fitParts(known, data, params, rng, progress, checkpoints),
    }),
    encode: ({ items, parts }) => ({
      items: [...items],
      parts: parts.map(({ key, state }) => ({ key, state: partOf(known, key).encode(state) })),
    }),
    decode: (json) => decode(known, json),
    compile: (state, params) => compile(known, state, params),
  };
}
