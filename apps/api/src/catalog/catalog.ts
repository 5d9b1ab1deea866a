import { CONDITION_OPERATORS } from '#experiments';
import { OUTCOME_NAMES, estimatorRegistry } from '#metrics';
import { explorationRegistry, fitsOf, policyRegistry, wrapperRegistry } from '#policies';
import type { Policy } from '#policies';
import { REWARD_PRESETS } from '../rewards/reward-presets.js';

/** Scores, which an exploration and re-rankers work on, or probabilities. What learns in training runs gives scores. */
function givesOf(policy: Policy): 'probabilities' | 'scores' {
  if (policy.learns === 'batch') return 'scores';
  const params = policy.params.parse({});
  const compiled =
    policy.learns === 'never'
      ? policy.compile(null, params)
      : policy.compile(policy.initialState(params), params);
  return compiled.decides === 'slate' ? 'scores' : 'probabilities';
}

/** Everything registered in code but metrics, as plain data: forms, reference pages and clients are drawn from it. */
export const catalog = {
  policies: policyRegistry.list().map((policy) => ({
    key: policy.key,
    title: policy.title,
    summary: policy.summary,
    reference: policy.reference,
    learns: policy.learns,
    gives: givesOf(policy),
    paramsSchema: policy.params.jsonSchema,
  })),
  wrappers: wrapperRegistry.list().map((wrapper) => ({
    key: wrapper.key,
    title: wrapper.title,
    summary: wrapper.summary,
    reference: wrapper.reference,
    /** Policies it can go around: those that choose, those that rank (a re-ranker), or all. */
    fits: fitsOf(wrapper),
    paramsSchema: wrapper.params.jsonSchema,
  })),
  explorations: explorationRegistry.list().map(({ key, title, summary, params }) => ({
    key,
    title,
    summary,
    paramsSchema: params.jsonSchema,
  })),
  estimators: estimatorRegistry.list().map(({ key, title, summary, reference, validUnderPeeking }) => ({
    key,
    title,
    summary,
    reference,
    validUnderPeeking,
  })),
  conditionOperators: CONDITION_OPERATORS,
  outcomes: OUTCOME_NAMES,
  rewards: REWARD_PRESETS,
} as const;
