import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, DecisionRequest } from '../contract.js';
import { betaPosterior, betaPriorFields } from './beta-posterior.js';
import { unitReward } from './counted-policy.js';
import type { Evidence } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField, slotEpsilonField } from './counting-params.js';
import { decodeCounts, emptyCounts, encodeCounts, tallyKey } from './decayed-counts.js';
import type { DecayedCounts } from './decayed-counts.js';
import { learnExamination } from './examination.js';
import { addPositioned, allPlaced, tallyAt } from './positioned-counts.js';
import { slateChooser } from './slate-chooser.js';
import { rankingSlots } from './slate-thompson.js';

const schema = z.object({
  examination: z
    .array(z.number().positive().max(1))
    .min(1)
    .max(64)
    .nullable()
    .default(null)
    .describe(
      'Share of members who look at each place, e.g. [1, 0.6, 0.3]; the last one holds for later places. null: learned.',
    ),
  epsilon: slotEpsilonField.default(0.01),
  ...betaPriorFields,
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

/** Examination of every position that was counted: given, or learned from the whole state. */
export function examinationOf(
  state: DecayedCounts,
  { examination, halfLifeDays }: Pick<Params, 'examination' | 'halfLifeDays'>,
): Float64Array {
  const table = allPlaced(state, halfLifeDays);
  if (examination === null) return Float64Array.from(learnExamination(table));
  const places = table.reduce((most, { position }) => Math.max(most, position + 1), 0);
  return Float64Array.from({ length: places }, (_, k) => examination[k] ?? (examination.at(-1) as number));
}

/** Views weighted by how often they were looked at: sum over positions of e_k n_k, and all choices. */
export function examinedEvidence(
  state: DecayedCounts,
  examination: Float64Array,
  params: Pick<Params, 'halfLifeDays' | 'perSubject'>,
  { subject, actions }: Pick<DecisionRequest, 'subject' | 'actions'>,
): Evidence {
  const weight = new Float64Array(actions.length);
  const sum = new Float64Array(actions.length);
  actions.forEach(({ id }, i) => {
    const key = tallyKey(subject, id, params.perSubject);
    examination.forEach((looked, position) => {
      const tally = tallyAt(state, key, position, params.halfLifeDays);
      weight[i] = (weight[i] as number) + looked * tally.weight;
      sum[i] = (sum[i] as number) + tally.sum;
    });
  });
  return { weight, sum };
}

/**
 * Thompson sampling of slates under the position-based model: what stands low is looked at less, so a view there
 * counts as a part of a trial. Counting it in full makes good items look bad for having stood low.
 */
export const positionBased: BanditPolicy<Params, DecayedCounts> = {
  key: 'position-based',
  title: 'Position-based Thompson sampling',
  summary:
    'Orders a slate by Thompson sampling and makes up for places that are looked at less, with shares that are given or learned.',
  reference:
    'Lagree, Vernade, Cappe (2016), Multiple-play bandits in the position-based model; Richardson et al. (2007)',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyCounts,
  update: (state, batch, params) => addPositioned(state, batch, params, unitReward),
  encode: encodeCounts,
  decode: decodeCounts,
  compile: (state, params) => {
    let examination: Float64Array | null = null;
    return slateChooser((request) => {
      examination ??= examinationOf(state, params);
      const posterior = betaPosterior(examinedEvidence(state, examination, params, request), params);
      return rankingSlots(posterior, params.epsilon);
    });
  },
};
