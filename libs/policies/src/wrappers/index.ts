import { createRegistry } from '#experiments';
import type { Context, Registry } from '#experiments';
import { conservative } from './conservative.js';
import { contactRules } from './contact-rules.js';
import { constrained } from './constrained.js';
import type { DecisionRequest } from '../contract.js';
import type { Wrapper } from './contract.js';
import { explorationBudget } from './exploration-budget.js';
import { fatigue } from './fatigue.js';
import { holdback } from './holdback.js';
import { lexicographic } from './lexicographic.js';
import { minimumShares } from './minimum-shares.js';
import { objectives } from './objectives.js';
import { rerankers } from '../rerankers/index.js';
import { retired } from './retired.js';
import { warmUp } from './warm-up.js';
import { limitContextIn, limitFeaturesIn } from './limit-context.js';
import { allowedBy as allowedIn } from './wrap-policy.js';

export { contactOf } from './contact.js';
export type { Contact, ContactRules, ContactStatus } from './contact.js';
export { SILENT_ACTION } from './contact-rules.js';
export { fitsOf } from './contract.js';
export type { Fits, Ranking, Wrapper, WrapperMemory } from './contract.js';
export { SHOWN_ATTRIBUTE } from '../rerankers/de-duplicate.js';
export type { EditorialParams } from '../rerankers/pins.js';
export type { ExplorationDay, ExplorationLedger } from './exploration-budget.js';
export { wrappable } from './wrap-policy.js';

/** Adding a wrapper is one file and one entry here. */
export const wrapperRegistry: Registry<Wrapper> = createRegistry<Wrapper>('wrapper', [
  minimumShares as Wrapper,
  warmUp as Wrapper,
  holdback as Wrapper,
  retired as Wrapper,
  fatigue as Wrapper,
  contactRules as Wrapper,
  objectives as Wrapper,
  lexicographic as Wrapper,
  constrained as Wrapper,
  conservative as Wrapper,
  explorationBudget as Wrapper,
  ...rerankers,
]);

/**
 * What hard limits of a policy's wrappers let through, whatever the policy answers.
 * @param params of the policy, parsed or as stored.
 * @returns 1 for each action that may be shown; null where nothing limits.
 */
export const allowedBy = (params: unknown, request: DecisionRequest): Uint8Array | null =>
  allowedIn(params, request, wrapperRegistry);

/** What is left of a context for a policy that may not know the unit; see limit-context.ts. */
export const limitContext = (context: Context, params: unknown): Context =>
  limitContextIn(context, params, wrapperRegistry);

/** Features of actions that the limits of a policy look at; see limit-context.ts. */
export const limitFeatures = (params: unknown): readonly string[] => limitFeaturesIn(params, wrapperRegistry);
