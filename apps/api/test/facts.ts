import { newUlid } from '../src/http/ulid.js';
import type { ClientEvent, DecisionRecord } from '../src/queues/jobs.js';

/** A decision of experiment "x" on a fixed value, which nobody has seen yet; times are Unix milliseconds. */
export const decisionRecord = (
  unitId: string,
  at: number,
  arm: string,
  part: Partial<DecisionRecord> = {},
): DecisionRecord => ({
  id: newUlid(at),
  at,
  unitId,
  unitType: 'member',
  surface: 'home',
  subject: null,
  experiment: 'x',
  arm,
  phase: 1,
  kind: 'value',
  chosen: 1,
  propensity: 1,
  armPropensity: 0.5,
  policyId: null,
  policyVersion: null,
  candidates: [],
  probabilities: null,
  context: {},
  seed: '',
  reason: 'SPLIT',
  fallback: null,
  holdout: null,
  exposed: false,
  latencyMicros: 1,
  rewardWindowSeconds: null,
  ...part,
});

let count = 0;

/** An outcome without a name, received when it happened. */
export const clientEvent = (unitId: string, at: number, part: Partial<ClientEvent>): ClientEvent => ({
  id: `e${count++}`,
  kind: 'outcome',
  unitId,
  at,
  receivedAt: at,
  decisionId: null,
  name: null,
  value: null,
  actionId: null,
  itemId: null,
  position: null,
  properties: null,
  ...part,
});
