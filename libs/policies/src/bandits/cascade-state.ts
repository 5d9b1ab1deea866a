import { DomainError, defineParams } from '#experiments';
import type { Json, ParamsSchema } from '#experiments';
import type { z } from 'zod';
import { stateNumber, stateObject, stateText } from '../codec.js';
import type { BanditPolicy, RewardedDecision } from '../contract.js';
import { evidenceOn, fadingMemory, unitReward } from './counted-policy.js';
import type { Evidence } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField, slotEpsilonField } from './counting-params.js';
import { checkRewarded, emptyCounts } from './decayed-counts.js';
import type { CountingOptions, DecayedCounts } from './decayed-counts.js';
import { slateChooser } from './slate-chooser.js';
import type { SlotFiller } from './slate-chooser.js';

/** Parameters of every cascade policy. */
export const cascadeFields = {
  epsilon: slotEpsilonField.default(0.05),
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
};

/** Counts of what was examined, and where the newest decision stands: a batch may end in the middle of a slate. */
export interface CascadeState {
  readonly counts: DecayedCounts;
  readonly newest: Click | null;
}

interface Click {
  readonly decisionId: string;
  /** First position with a reward; null while there is none. */
  readonly position: number | null;
}

/** First rewarded position by decision, over the batch and the decision it may go on with. */
function firstClicks(newest: Click | null, batch: readonly RewardedDecision[]): Map<string, number> {
  const first = new Map<string, number>();
  if (newest !== null) first.set(newest.decisionId, newest.position ?? Infinity);
  for (const { decisionId, position, reward } of batch) {
    const before = first.get(decisionId) ?? Infinity;
    first.set(decisionId, reward > 0 ? Math.min(before, position) : before);
  }
  return first;
}

/**
 * The rows that the cascade model takes as examined: members look from the top and stop at their first click, so what
 * stands below it says nothing. Rows of one decision come together, in the order of their positions.
 */
export function examinedRows(newest: Click | null, batch: readonly RewardedDecision[]): RewardedDecision[] {
  batch.forEach(checkRewarded);
  const first = firstClicks(newest, batch);
  return batch.filter(({ decisionId, position }) => position <= (first.get(decisionId) ?? Infinity));
}

function learn(
  state: CascadeState,
  batch: readonly RewardedDecision[],
  params: CountingOptions,
): CascadeState {
  const last = batch.at(-1);
  if (last === undefined) return state;
  const position = firstClicks(state.newest, batch).get(last.decisionId) ?? Infinity;
  return {
    counts: fadingMemory.add(state.counts, examinedRows(state.newest, batch), params, unitReward),
    newest: { decisionId: last.decisionId, position: Number.isFinite(position) ? position : null },
  };
}

function encode({ counts, newest }: CascadeState): Json {
  return { counts: fadingMemory.encode(counts), newest: newest === null ? null : { ...newest } };
}

function decode(json: Json): CascadeState {
  const stored = stateObject(json);
  const newest = stored['newest'];
  if (newest === undefined) throw new DomainError('invalid_state', 'the stored state has no newest decision');
  const counts = fadingMemory.decode(stored['counts'] ?? null);
  if (newest === null) return { counts, newest };
  const click = stateObject(newest);
  const position = click['position'] ?? null;
  return {
    counts,
    newest: {
      decisionId: stateText(click['decisionId'], 'decisionId'),
      position: position === null ? null : stateNumber(position, 'position'),
    },
  };
}

interface CascadeSpec<P> {
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  readonly schema: z.ZodObject & z.ZodType<P>;
  readonly filler: (evidence: Evidence, params: P) => SlotFiller;
}

/**
 * A policy for slates under the cascade model. It needs a reward with an attribution window, which gives every position
 * that was seen its reward together; without a window only clicks become rewards.
 */
export function cascadePolicy<P extends CountingOptions>(
  spec: CascadeSpec<P>,
): BanditPolicy<P, CascadeState> {
  const { schema, filler, ...texts } = spec;
  return {
    ...texts,
    learns: 'online',
    leastReward: 0,
    stopsAtFirst: true,
    params: defineParams(schema) as ParamsSchema<unknown> as ParamsSchema<P>,
    stateVersion: 1,
    initialState: () => ({ counts: emptyCounts, newest: null }),
    update: learn,
    encode,
    decode,
    compile: (state, params) =>
      slateChooser((request) => filler(evidenceOn(fadingMemory, state.counts, params, request), params)),
  };
}
