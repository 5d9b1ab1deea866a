import { CONDITION_OPERATORS } from '#experiments';
import { OUTCOME_NAMES, estimatorRegistry } from '#metrics';
import { explorationRegistry, policyRegistry, wrapperRegistry } from '#policies';
import { REWARD_PRESETS } from '../rewards/reward-presets.js';

/** Everything registered in code but metrics, as plain data: forms, reference pages and clients are drawn from it. */
export const catalog = {
  policies: policyRegistry.list().map(({ key, title, summary, reference, learns, params }) => ({
    key,
    title,
    summary,
    reference,
    learns,
    paramsSchema: params.jsonSchema,
  })),
  wrappers: wrapperRegistry.list().map(({ key, title, summary, reference, params }) => ({
    key,
    title,
    summary,
    reference,
    paramsSchema: params.jsonSchema,
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
