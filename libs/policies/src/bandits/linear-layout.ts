import type { Context } from '#experiments';
import type { Action, RewardedDecision } from '../contract.js';
import type { FeatureIndex } from './features.js';
import { featureIndexOf, learnNames } from './features.js';
import { growBlock } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';
import { actionCapacity } from './linear-params.js';
import type { LinearParams } from './linear-params.js';
import { crossPosition } from './linear-scores.js';

import type { LinearState } from './linear-state.js';

const NO_FEATURES: Context = {};

/** Features of an action. Without any, its id is the feature where nothing else tells actions apart. */
export function featuresOf(action: Action, sharing: LinearParams['sharing']): Context {
  for (const _key in action.features) return action.features;
  return sharing === 'shared' ? { id: action.id } : NO_FEATURES;
}

/** A batch as vectors: contexts [1, x], valid until the next batch is read, and, where weights are shared, actions [1, z]. */
export interface Vectors {
  readonly x: readonly Float64Array[];
  readonly y: readonly Float64Array[];
}

/** Vectors of a batch, and the state with the features that are new in it: dictionaries and blocks grow. */
export function readBatch(
  state: LinearState,
  batch: readonly RewardedDecision[],
  params: LinearParams,
): { state: LinearState; vectors: Vectors } {
  const only = params.attributes.length > 0 ? new Set(params.attributes) : undefined;
  const contexts = batch.map((decision) => decision.context);
  const { featureLimit, maxContextFeatures } = params;
  const [contextFeatures, x] = readAll(
    state.contextFeatures,
    maxContextFeatures,
    featureLimit,
    (index, unknown) => contextVectors(index, contexts, unknown, only),
  );
  let actionFeatures = state.actionFeatures;
  let y: readonly Float64Array[] = [];
  if (params.sharing !== 'disjoint') {
    const features = batch.map((decision) => featuresOf(decision.action, params.sharing));
    [actionFeatures, y] = readAll(actionFeatures, actionCapacity(params), featureLimit, (index, unknown) =>
      actionVectors(index, features, unknown),
    );
  }
  if (contextFeatures === state.contextFeatures && actionFeatures === state.actionFeatures)
    return { state, vectors: { x, y } };
  return { state: laidOut({ ...state, contextFeatures, actionFeatures }, state, params), vectors: { x, y } };
}

type Notice = (name: string) => void;

/** Reads once, and a second time where names are new. @param read the vectors; names every feature it does not know. */
function readAll(
  known: readonly string[],
  capacity: number,
  limit: number,
  read: (index: FeatureIndex, unknown?: Notice) => Float64Array[],
): [names: readonly string[], vectors: readonly Float64Array[]] {
  const fresh: string[] = [];
  const notice = known.length < capacity ? (name: string): void => void fresh.push(name) : undefined;
  const vectors = read(featureIndexOf(known, limit), notice);
  if (fresh.length === 0) return [known, vectors];
  const names = learnNames(known, fresh, capacity);
  return [names, read(featureIndexOf(names, limit))];
}

/** Rows of the batch that is being read, which no state keeps: most batches are small, and memory costs more than reading. */
let rows: Float64Array[] = [];
const MOST_KEPT = 65_536;

/** `count` vectors of zeros; the next batch may get the same. */
function rowsOf(count: number, size: number): Float64Array[] {
  if (rows.length >= count && (rows[0] as Float64Array).length === size) {
    const kept = rows.slice(0, count);
    for (const row of kept) row.fill(0);
    return kept;
  }
  const { BYTES_PER_ELEMENT, buffer } = new Float64Array(size * count);
  const made = Array.from(
    { length: count },
    (_, n) => new Float64Array(buffer, n * size * BYTES_PER_ELEMENT, size),
  );
  if (count * size <= MOST_KEPT) rows = made;
  return made;
}

/** One vector per context, valid until the next batch is read. */
function contextVectors(
  index: FeatureIndex,
  contexts: readonly Context[],
  unknown?: Notice,
  only?: ReadonlySet<string>,
): Float64Array[] {
  const vectors = rowsOf(contexts.length, index.size);
  for (let n = 0; n < contexts.length; n++)
    index.fill(vectors[n] as Float64Array, contexts[n] as Context, unknown, only);
  return vectors;
}

/** One vector per action, kept with its block; the same object is read once. */
function actionVectors(index: FeatureIndex, actions: readonly Context[], unknown?: Notice): Float64Array[] {
  const read = new Map<Context, Float64Array>();
  return actions.map((features) => {
    let vector = read.get(features);
    if (vector === undefined) read.set(features, (vector = index.vector(features, unknown)));
    return vector;
  });
}

/** `next` with the blocks of `old` in its own, larger layout. */
export function laidOut(next: LinearState, old: LinearState, params: LinearParams): LinearState {
  const size = next.contextFeatures.length + 1;
  const oldSize = old.contextFeatures.length + 1;
  const actions = next.actionFeatures.length + 1;
  const cross = (index: number): number => {
    if (index === 0) return 0;
    return crossPosition(Math.floor((index - 1) / oldSize) + 1, (index - 1) % oldSize, size);
  };
  const product = (index: number): number => Math.floor(index / oldSize) * size + (index % oldSize);
  const grow = (block: LinearBlock): LinearBlock =>
    params.sharing === 'shared'
      ? growBlock(block, 1 + (actions - 1) * size, cross)
      : growBlock(withAction(block, actions), size, (i) => i);
  const { shared } = old.prior;
  const grown = params.sharing === 'hybrid' && shared ? growBlock(shared, actions * size, product) : null;
  return {
    ...next,
    blocks: new Map([...old.blocks].map(([key, block]) => [key, grow(block)])),
    prior: { ...old.prior, shared: params.sharing === 'shared' && shared ? grow(shared) : grown },
  };
}

function withAction(block: LinearBlock, actions: number): LinearBlock {
  if (block.action.length === 0 || block.action.length === actions) return block;
  const action = new Float64Array(actions);
  action.set(block.action);
  return { ...block, action };
}

/** Length of the vectors that a block learns from. */
export function blockSize(state: LinearState, params: LinearParams): number {
  const context = state.contextFeatures.length + 1;
  return params.sharing === 'shared' ? 1 + state.actionFeatures.length * context : context;
}
