import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { stateNumber, stateObject, stateTexts } from '../codec.js';
import type { Tally } from './decayed-counts.js';
import { decodeBlock, encodeBlock } from './linear-block.js';
import type { Factor, LinearBlock, WeightsByBase } from './linear-block.js';

/**
 * What the weights of an action are expected to be before its own data. Where weights are shared it is renewed whenever
 * the data have grown by a tenth rather than with every batch, because it takes the solution of the largest system of
 * equations. Else it is the mean of all rewards as they are known, so that they can be corrected.
 */
export interface LinearPrior {
  /** Mean reward at that time (its logit where the model is one of logits). */
  readonly base: number;
  /** What was known about shared weights at that time, its weights as of then; null where nothing is shared. */
  readonly shared: LinearBlock | null;
  /** Decisions learned since. */
  readonly since: number;
}

/** One action that has been learned from, solved. */
export interface Solved {
  /** Prior mean of the constant and of all weights beyond it. */
  readonly base: number;
  readonly extra: Float64Array | null;
  readonly theta: Float64Array;
  readonly factor: Factor;
  /** How theta follows the base where nothing is shared; null elsewhere. */
  readonly byBase: WeightsByBase | null;
  /** Features [1, z], where weights are shared. */
  readonly y: Float64Array;
}

/**
 * What the last compiled snapshot of a state, or of the one before it, has solved; the next takes over what is still
 * true. Changes in place and is never stored. A field and no weak map, because small collections treat what a weak map
 * holds as alive: that cost more than solving.
 */
export interface Solutions {
  latest: ReadonlyMap<string, Solved> | null;
}

export interface LinearState {
  readonly contextFeatures: readonly string[];
  readonly actionFeatures: readonly string[];
  /** One block per (subject and) action, or the shared one under SHARED_KEY. */
  readonly blocks: ReadonlyMap<string, LinearBlock>;
  readonly prior: LinearPrior;
  /** All rewards. */
  readonly rewards: Tally;
  readonly solutions: Solutions;
}

/** Raised with the shape of LinearState, and when the same log would end in other bits. */
export const LINEAR_STATE_VERSION = 4;
/** Of the same shape, in other last bits. */
export const LINEAR_READABLE = [3];
export const SHARED_KEY = '';

export function initialLinearState(): LinearState {
  return {
    contextFeatures: [],
    actionFeatures: [],
    blocks: new Map(),
    prior: { base: 0, shared: null, since: 0 },
    rewards: { weight: 0, sum: 0, at: 0 },
    solutions: { latest: null },
  };
}

export function encodeLinearState(state: LinearState): Json {
  const { prior, rewards } = state;
  return {
    contextFeatures: [...state.contextFeatures],
    actionFeatures: [...state.actionFeatures],
    keys: [...state.blocks.keys()],
    blocks: [...state.blocks.values()].map(encodeBlock),
    prior: {
      base: prior.base,
      shared: prior.shared === null ? null : encodeBlock(prior.shared),
      since: prior.since,
    },
    rewards: [rewards.weight, rewards.sum, rewards.at],
  };
}

/** @throws DomainError `invalid_state`. */
export function decodeLinearState(json: Json): LinearState {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const blocks = stored['blocks'];
  const rewards = stored['rewards'];
  if (!Array.isArray(blocks) || blocks.length !== keys.length || !Array.isArray(rewards)) {
    throw new DomainError('invalid_state', `${keys.length} keys do not come with as many blocks`, '/blocks');
  }
  const [weight, sum, at] = rewards.map((value: Json) => stateNumber(value, 'rewards')) as [
    number,
    number,
    number,
  ];
  return {
    contextFeatures: stateTexts(stored['contextFeatures'], 'contextFeatures'),
    actionFeatures: stateTexts(stored['actionFeatures'], 'actionFeatures'),
    blocks: new Map(keys.map((key, i) => [key, decodeBlock(blocks[i] as Json)])),
    prior: decodePrior(stored['prior'] ?? null),
    rewards: { weight, sum, at },
    solutions: { latest: null },
  };
}

function decodePrior(json: Json): LinearPrior {
  const stored = stateObject(json);
  const shared = stored['shared'] ?? null;
  return {
    base: stateNumber(stored['base'], 'base'),
    shared: shared === null ? null : decodeBlock(shared),
    since: stateNumber(stored['since'], 'since'),
  };
}
