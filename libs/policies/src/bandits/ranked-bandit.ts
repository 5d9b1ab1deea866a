import { defineParams } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, DecisionRequest } from '../contract.js';
import { betaPosterior, betaPriorFields } from './beta-posterior.js';
import type { BetaPosterior } from './beta-posterior.js';
import { unitReward } from './counted-policy.js';
import { halfLifeDaysField, perSubjectField, slotEpsilonField } from './counting-params.js';
import { decodeCounts, emptyCounts, encodeCounts, tallyKey } from './decayed-counts.js';
import type { DecayedCounts } from './decayed-counts.js';
import { addPositioned, tallyAt } from './positioned-counts.js';
import { slateChooser } from './slate-chooser.js';
import { bestSlots } from './slate-thompson.js';

const schema = z.object({
  epsilon: slotEpsilonField.default(0.01),
  ...betaPriorFields,
  halfLifeDays: halfLifeDaysField.default(null),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

function posteriorAt(
  state: DecayedCounts,
  params: Params,
  { subject, actions }: DecisionRequest,
  slot: number,
): BetaPosterior {
  const tallies = actions.map(({ id }) =>
    tallyAt(state, tallyKey(subject, id, params.perSubject), slot, params.halfLifeDays),
  );
  const evidence = {
    weight: Float64Array.from(tallies, ({ weight }) => weight),
    sum: Float64Array.from(tallies, ({ sum }) => sum),
  };
  return betaPosterior(evidence, params);
}

/**
 * A bandit of its own for each place of the slate: the second learns what is chosen where the first item was not, so
 * the slate becomes diverse without a model of the members. Needs more data than models that share between places.
 */
export const rankedBandit: BanditPolicy<Params, DecayedCounts> = {
  key: 'ranked-bandit',
  title: 'Ranked bandits',
  summary:
    'Each place of the slate has a Thompson bandit of its own, credited with what was chosen there. Assumes nothing on how members look, learns slowly.',
  reference: 'Radlinski, Kleinberg, Joachims (2008), Learning diverse rankings with multi-armed bandits',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyCounts,
  update: (state, batch, params) => addPositioned(state, batch, params, unitReward),
  encode: encodeCounts,
  decode: decodeCounts,
  compile: (state, params) =>
    slateChooser((request) => bestSlots((slot) => posteriorAt(state, params, request, slot), params.epsilon)),
};
