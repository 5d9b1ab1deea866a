import type { Context } from '#experiments';
import type { DecisionRequest, Ranker, RecommenderPolicy } from '../contract.js';
import { forecast } from './anticipatory/forecast.js';
import { titleProbabilities } from './anticipatory/next-title.js';
import { paramsOf } from './anticipatory/params.js';
import type { Known, Params, State } from './anticipatory/params.js';
import { withinBudget } from './anticipatory/prefetch.js';
import { decode, encode } from './anticipatory/state.js';
import { fit, VISIT_TASK } from './anticipatory/training.js';

function compile(known: Known, state: State, params: Params): Ranker {
  const inner = (known.get(state.titles.key) as RecommenderPolicy).compile(
    state.titles.state,
    params.titles.params,
  );
  if (inner.decides !== 'slate') throw new Error(`${state.titles.key} does not rank`);
  const featuresOf = (id: string): Context | undefined => state.parts.get(id);
  let last: { readonly request: DecisionRequest; readonly scores: Float64Array } | null = null;
  const scores = (request: DecisionRequest): Float64Array => {
    // The limit and the order ask for the same request one after the other.
    if (last?.request === request) return last.scores;
    const { actions, context } = request;
    last = {
      request,
      scores: titleProbabilities(actions, context, inner.scores(request), state.shares, featuresOf),
    };
    return last.scores;
  };
  return {
    decides: 'slate',
    scores,
    mayBeEmpty: true,
    eligible: (request) => {
      const room = Object.hasOwn(request.context, params.budget) ? request.context[params.budget] : null;
      const all = (): Uint8Array => new Uint8Array(request.actions.length).fill(1);
      if (typeof room !== 'number' || Number.isNaN(room)) return all();
      return withinBudget(request.actions, scores(request), params.size, room);
    },
    nextSession: (request, within = [24, 168]) => forecast(state.hazard, params, request, within),
  };
}

/**
 * Foresees when a member comes back and to what, so that a client can load titles ahead and a message can be timed. The
 * time: a discrete-time hazard by hours (rate and rhythm of the member, drawn to everybody's; time since the last visit).
 * The title: the next part of a series, a title taken up again, or what a recommender finds among the others.
 * @param policies what may rank the titles that are new to a member.
 */
export function anticipatoryOf(policies: readonly RecommenderPolicy[]): RecommenderPolicy<Params, State> {
  const known: Known = new Map(policies.map((policy) => [policy.key, policy]));
  return {
    key: 'anticipatory',
    title: 'Next visit: when, and to what',
    summary:
      'Foresees when members come back and what they begin with, for loading ahead and for timing messages.',
    reference:
      'Allison (1982), Discrete-time methods for the analysis of event histories; Kapoor, Sun, Srivastava, Ye (2014), A ' +
      'hazard based approach to user return time prediction',
    learns: 'batch',
    params: paramsOf(known),
    stateVersion: 1,
    needs: ({ visitOutcome }) => ({
      contexts: true,
      // Every trial is a row with its time, whatever followed: that is how visits without a play are read.
      tasks:
        visitOutcome === null
          ? []
          : [{ name: VISIT_TASK, trial: visitOutcome, success: visitOutcome, withinHours: 0.001 }],
    }),
    fit: (data, params, rng, progress, { checkpoints } = {}) =>
      fit(known, data, params, rng, progress, checkpoints),
    encode: (state) => encode(known, state),
    decode: (json) => decode(known, json),
    compile: (state, params) => compile(known, state, params),
  };
}
