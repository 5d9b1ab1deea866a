import type { Json } from '#experiments';
import type { Flag } from '../serving/flag-service.js';

/** Reasons of OFREP by our own; `metadata.reason` has the latter. */
const REASONS: Readonly<Record<string, string>> = {
  SPLIT: 'SPLIT',
  POLICY: 'SPLIT',
  NOT_PERSONALISED: 'SPLIT',
  SHIPPED: 'TARGETING_MATCH',
  FORCED: 'TARGETING_MATCH',
  PAUSED: 'DISABLED',
};

export interface OfrepFlag {
  readonly key: string;
  readonly value?: Json;
  readonly reason: string;
  readonly variant?: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/** A decision as OFREP tells it. Metadata is flat: clients drop what is nested. */
export function ofrepFlag({ key, value, treatment }: Flag, exposed: boolean): OfrepFlag {
  const { decisionId, reason, propensity, experiment, arm, policy } = treatment;
  return {
    key,
    ...(value === undefined ? {} : { value }),
    reason: REASONS[reason] ?? 'DEFAULT',
    ...(arm === null ? {} : { variant: arm }),
    metadata: {
      decisionId,
      reason,
      propensity,
      exposure: exposed ? 'recorded' : 'deferred',
      ...(experiment === null ? {} : { experiment }),
      ...(policy === null ? {} : { policy: policy.key, policyVersion: policy.version }),
    },
  };
}
