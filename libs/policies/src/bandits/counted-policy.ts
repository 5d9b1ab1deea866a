import { defineParams } from '#experiments';
import type { Json, ParamsSchema } from '#experiments';
import type { z } from 'zod';
import type {
  BanditPolicy,
  Belief,
  CorrectedReward,
  DecisionRequest,
  RewardedDecision,
} from '../contract.js';
import type { BestArm } from './best-arm.js';
import {
  addDecisions,
  correctDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from './decayed-counts.js';
import type { CountingOptions, DecayedCounts, ValueOf } from './decayed-counts.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

/** What the actions of one request earned, in request order. */
export interface Evidence {
  /** Decisions per action; fractions where the past fades. */
  readonly weight: Float64Array;
  /** Sum of what they earned. */
  readonly sum: Float64Array;
}

/** How a policy plays on the evidence. */
export interface Play {
  /** One probability per action. */
  readonly distribution: Float64Array;
  /** One finite score per action, for the decision inspector. */
  readonly scores: Float64Array;
}

/** How evidence is kept: with a half-life, in a window... */
export interface Memory<S, P> {
  readonly empty: S;
  add(state: S, batch: readonly RewardedDecision[], params: P, valueOf: ValueOf): S;
  /** Where a reward that was counted can be replaced. */
  correct?(state: S, batch: readonly CorrectedReward[], params: P, valueOf: ValueOf): S;
  /** What `key` earned as of the newest decision of all. */
  tally(state: S, key: string, params: P): { readonly weight: number; readonly sum: number };
  encode(state: S): Json;
  decode(json: Json): S;
}

/** Every decision counts 2^(-age / half-life). */
export const fadingMemory: Memory<DecayedCounts, CountingOptions> = {
  empty: emptyCounts,
  add: addDecisions,
  correct: correctDecisions,
  tally: (state, key, params) => tallyOf(state, key, params.halfLifeDays),
  encode: encodeCounts,
  decode: decodeCounts,
};

/** Nothing is forgotten. */
export const lastingMemory: Memory<DecayedCounts, { readonly perSubject: boolean }> = {
  ...fadingMemory,
  add: (state, batch, { perSubject }, valueOf) =>
    addDecisions(state, batch, { perSubject, halfLifeDays: null }, valueOf),
  correct: (state, batch, { perSubject }, valueOf) =>
    correctDecisions(state, batch, { perSubject, halfLifeDays: null }, valueOf),
  tally: (state, key) => tallyOf(state, key, null),
};

interface CountedSpec<P, S> {
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  readonly schema: z.ZodObject & z.ZodType<P>;
  readonly memory: Memory<S, NoInfer<P>>;
  /** What of a decision is summed up. */
  readonly valueOf: ValueOf;
  /** Where `valueOf` cuts off what is negative. */
  readonly leastReward?: 0;
  readonly play: (evidence: Evidence, params: P) => Play;
  /** Where the policy can declare a winner. */
  readonly bestArm?: (evidence: Evidence, params: P) => BestArm;
  /** Where the policy has a posterior of each action's mean reward. */
  readonly beliefs?: (evidence: Evidence, params: P) => readonly Belief[];
}

/** The evidence on the actions of a request. */
export function evidenceOn<S, P extends { readonly perSubject: boolean }>(
  memory: Memory<S, P>,
  state: S,
  params: P,
  request: Pick<DecisionRequest, 'subject' | 'actions'>,
): Evidence {
  const weight = new Float64Array(request.actions.length);
  const sum = new Float64Array(request.actions.length);
  request.actions.forEach(({ id }, i) => {
    const tally = memory.tally(state, tallyKey(request.subject, id, params.perSubject), params);
    weight[i] = tally.weight;
    sum[i] = tally.sum;
  });
  return { weight, sum };
}

/**
 * A policy without context that looks at nothing but the number of decisions and the sum of rewards of each action.
 * Within a snapshot the answer for a candidate list is computed once.
 */
export function countedPolicy<P extends { readonly perSubject: boolean }, S>(
  spec: CountedSpec<P, S>,
): BanditPolicy<P, S> {
  const { schema, memory, valueOf, play, bestArm, beliefs, ...texts } = spec;
  const correct = memory.correct?.bind(memory);
  return {
    ...texts,
    learns: 'online',
    params: defineParams(schema) as ParamsSchema<unknown> as ParamsSchema<P>,
    stateVersion: 1,
    initialState: () => memory.empty,
    update: (state, batch, params) => memory.add(state, batch, params, valueOf),
    ...(correct && {
      correct: (state: S, batch: readonly CorrectedReward[], params: P) =>
        correct(state, batch, params, valueOf),
    }),
    encode: (state) => memory.encode(state),
    decode: (json) => memory.decode(json),
    compile: (state, params) => {
      const evidence = (request: DecisionRequest): Evidence => evidenceOn(memory, state, params, request);
      const remember = rememberBySubjectAndActions((request) => play(evidence(request), params));
      return {
        decides: 'action',
        propensity: { kind: 'exact' },
        distribution: (request) => remember(request).distribution,
        scores: (request) => remember(request).scores,
        ...(bestArm && { bestArm: (request: DecisionRequest) => bestArm(evidence(request), params) }),
        ...(beliefs && { beliefs: (request: DecisionRequest) => beliefs(evidence(request), params) }),
      };
    },
  };
}

/** Rewards outside [0, 1] count as the nearer end. */
export const unitReward: ValueOf = (reward) => Math.min(1, Math.max(0, reward));
/** The reward as it is. */
export const plainReward: ValueOf = (reward) => reward;

export const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** (1 - epsilon) p + epsilon / K. */
export function mixUniform(distribution: Float64Array, epsilon: number): Float64Array {
  return distribution.map((p) => (1 - epsilon) * p + epsilon / distribution.length);
}

/** Mean reward of each action; where nothing was seen, that of all together, or `otherwise`. */
export function meansOf({ weight, sum }: Evidence, otherwise: number): Float64Array {
  const all = total(weight);
  const pooled = all > 0 ? total(sum) / all : otherwise;
  return weight.map((n, i) => (n > 0 ? (sum[i] as number) / n : pooled));
}
