import type { Json } from '#experiments';
import { compileExploration, slatePropensity } from '#policies';
import type { CompiledPolicy, DecisionRequest } from '#policies';
import type { ShadowRecord } from '../queues/jobs.js';
import { Breaker } from './breaker.js';
import { draw, failureOf } from './choice.js';
import type { Choice, SlateEntry } from './choice.js';
import { tookOf } from './processor-clock.js';
import type { Clocks } from './processor-clock.js';
import { policyCacheKey } from './serving-policy.js';
import type { ServingPolicy } from './serving-policy.js';
import { drawSeed } from './steady-seed.js';
import type { SeedParts } from './steady-seed.js';

/** A shadow serves nobody, so it gets a fraction of the time that a serving policy gets, and a longer rest after. */
const LIMITS = { budgetMs: 5, stallMs: 50, strikes: 3, windowMs: 10_000, openMs: 300_000 };

/** One per policy, whatever version: its serving breaker stands for it. */
const breakers = new WeakMap<Breaker, Breaker>();

function breakerOf(policy: ServingPolicy): Breaker {
  let breaker = breakers.get(policy.breaker);
  if (!breaker) breakers.set(policy.breaker, (breaker = new Breaker(LIMITS)));
  return breaker;
}

/** What was served, and what it was chosen from. */
export interface ServedDecision {
  readonly request: DecisionRequest;
  readonly kind: 'action' | 'slate';
  readonly choice: Choice;
  /** As of the served draw; policy and version are the shadow's own. */
  readonly seed: Omit<SeedParts, 'policyId' | 'version'>;
}

/**
 * What the shadow of the policy that has just served would have done: its choice, and the probability that it gives to
 * its own choice and to the served one. Nothing of it is served. Whatever it throws is recorded, and one that is slow is
 * left alone for some minutes: a policy is synchronous code, so the answer that took too long cannot be taken back, but
 * the next ones are not asked for.
 * @param policyOf the compiled policies by cache key.
 * @returns null where the serving policy has no shadow.
 */
export function shadowOf(
  served: ServedDecision,
  policyOf: (key: string) => ServingPolicy | undefined,
  clocks: Clocks,
): ShadowRecord | null {
  const wanted = served.choice.policy?.config.shadow;
  if (!wanted) return null;
  const policy = policyOf(policyCacheKey(wanted.policyId, wanted.version));
  if (!policy?.compiled) {
    return { policyId: wanted.policyId, version: wanted.version ?? 0, failed: 'no usable snapshot' };
  }
  const about = { policyId: wanted.policyId, version: policy.version };
  const breaker = breakerOf(policy);
  const begun = clocks.monotonic();
  const usedBefore = clocks.processor?.before(begun);
  if (breaker.isOpen(begun)) return { ...about, failed: 'too slow lately' };
  try {
    return { ...about, ...answer({ ...policy, compiled: policy.compiled }, served) };
  } catch (error) {
    return { ...about, failed: failureOf(error).detail };
  } finally {
    const ended = clocks.monotonic();
    breaker.record(tookOf(clocks, begun, ended, usedBefore), ended);
  }
}

type Compiled = ServingPolicy & { readonly compiled: CompiledPolicy };

function answer(policy: Compiled, served: ServedDecision): Omit<ShadowRecord, 'policyId' | 'version'> {
  const { request, kind, choice } = served;
  const seed = drawSeed({ ...served.seed, policyId: policy.config.id, version: policy.version });
  if (kind === 'action') {
    const own = draw(policy, kind, request, 1, seed);
    const index = request.actions.findIndex(({ id }) => id === choice.chosen);
    return {
      chosen: own.chosen,
      propensity: own.propensity,
      servedPropensity: own.probabilities?.[index] ?? 0,
      agrees: own.chosen === choice.chosen,
    };
  }
  const order = idsOf(choice.chosen);
  const own = draw(policy, kind, request, order.length, seed);
  const ownOrder = idsOf(own.chosen);
  const place = new Map(request.actions.map(({ id }, index) => [id, index]));
  const exploration = compileExploration(policy.config.exploration.key, policy.config.exploration.params);
  return {
    chosen: [...ownOrder],
    propensity: own.propensity,
    servedPropensity: slatePropensity(
      policy.compiled,
      request,
      order.map((id) => place.get(id) ?? -1),
      exploration,
      policy.config.floor,
    ),
    agrees: order.every((id, position) => id === ownOrder[position]),
  };
}

const idsOf = (chosen: Json): readonly string[] =>
  (chosen as unknown as readonly SlateEntry[]).map(({ id }) => id);
